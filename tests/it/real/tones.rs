//! Who hears whom, when, and how exactly: known sounds from both sides, measured at the other side and in the recording.

use std::time::Duration;

use crate::real::alaw;
use crate::real::alaw::Tone;
use crate::real::media::Packet;
use crate::real::media::samples;
use crate::real::peer::Phone;
use crate::real::peer::Pickup;
use crate::real::server::Server;
use crate::real::server::root;
use crate::real::sipp::agent;
use crate::real::wait;

const CITIZEN_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 440.0;

fn citizen(server: &Server) -> Phone {
    Phone::new("13812345678", server.address(10), server.sip)
}

fn sound(packets: &[Packet]) -> Vec<&[u8]> {
    packets
        .iter()
        .filter(|it| it.payload_type == 8)
        .map(|it| it.payload.as_slice())
        .collect()
}

/// How many packets of `heard` are, in order and without a gap, packets of `sent`; and where the run begins in `sent`.
fn pass_through(sent: &[Packet], heard: &[Packet]) -> (usize, usize) {
    let (sent, heard) = (sound(sent), sound(heard));
    let mut best = (0, 0);
    let mut at = 0;
    while at < heard.len() {
        let Some(begin) = sent.iter().position(|it| *it == heard[at]) else {
            at += 1;
            continue;
        };
        let run = sent[begin..]
            .iter()
            .zip(&heard[at..])
            .take_while(|(left, right)| left == right)
            .count();
        best = best.max((run, begin));
        at += run;
    }
    best
}

/// The prompt as it must be heard: A-law, in packets of 20 ms.
fn prompt(name: &str) -> Vec<u8> {
    alaw::read_wav(&root().join("prompts").join(name))
        .into_iter()
        .map(alaw::encode)
        .collect()
}

/// Where `part` stands in `whole`, in bytes.
fn find(whole: &[u8], part: &[u8]) -> Option<usize> {
    whole.windows(part.len()).position(|it| it == part)
}

#[test]
fn talk_passes_sample_by_sample_and_stands_in_both_channels_of_the_recording() {
    let server = Server::start();
    let agent = agent(&server, 1);
    let citizen = citizen(&server);
    citizen.media.play(Tone::new(CITIZEN_HZ, 1));
    agent.media.play(Tone::new(AGENT_HZ, 2));
    citizen.call("12000");
    citizen.wait_up();
    let answered = agent.wait_up();
    agent.media.wait_tone(CITIZEN_HZ, Duration::from_secs(3));
    citizen.media.wait_tone(AGENT_HZ, Duration::from_secs(3));
    wait::pause(Duration::from_secs(4));
    citizen.hang_up();
    agent.wait_over(Duration::from_secs(2));
    let (heard_by_agent, heard_by_citizen) = (agent.media.heard(), citizen.media.heard());
    // Who heard whom, byte by byte.
    let (whole, _) = pass_through(&citizen.media.sent(), &heard_by_agent);
    assert!(
        200 <= whole,
        "the agent heard {whole} packets of the citizen without a gap"
    );
    let (whole, _) = pass_through(&agent.media.sent(), &heard_by_citizen);
    assert!(
        200 <= whole,
        "the citizen heard {whole} packets of the agent without a gap"
    );
    assert!(
        alaw::level(&samples(&heard_by_agent), AGENT_HZ) < -40.0,
        "the agent hears himself"
    );
    assert!(
        alaw::level(&samples(&heard_by_citizen), CITIZEN_HZ) < -40.0,
        "the citizen hears himself"
    );
    // When: from the agent's side being up to the first sound of the citizen.
    let first = heard_by_agent
        .iter()
        .find(|it| -20.0 < alaw::level(&samples(std::slice::from_ref(it)), CITIZEN_HZ));
    let late = first.expect("the citizen's tone").at.duration_since(answered);
    assert!(
        late < Duration::from_millis(250),
        "the agent heard the citizen {late:?} after he was connected"
    );
    check_delay(&citizen, &heard_by_agent);
    check_recording(&server, &citizen, &agent);
}

/// From the citizen's mouth to the agent's ear: half of the packets within 10 ms, all but a few within 40 ms.
fn check_delay(citizen: &Phone, heard: &[Packet]) {
    let sent = citizen.media.sent();
    let mut delays: Vec<Duration> = heard
        .iter()
        .filter_map(|it| {
            Some(
                it.at
                    .duration_since(sent.iter().find(|was| was.payload == it.payload)?.at),
            )
        })
        .collect();
    delays.sort();
    let (half, most) = (delays[delays.len() / 2], delays[delays.len() * 98 / 100]);
    assert!(half < Duration::from_millis(10), "median delay {half:?}");
    assert!(
        most < Duration::from_millis(60),
        "delay of 98 of 100 packets {most:?}"
    );
}

fn check_recording(server: &Server, citizen: &Phone, agent: &Phone) {
    let call = server.only_call();
    let wav = server.recording(&call["call"]);
    let (left, right) = alaw::read_stereo(&wav);
    let lasted_ms = left.len() / 8;
    let (begin, end, gaps) = alaw::span(&left, CITIZEN_HZ).expect("the citizen on the left");
    assert!(
        begin <= 400 && lasted_ms - end <= 400,
        "the citizen from {begin} to {end} of {lasted_ms} ms"
    );
    assert!(gaps <= 3, "{gaps} frames are missing on the left");
    let (begin, end, gaps) = alaw::span(&right, AGENT_HZ).expect("the agent on the right");
    assert!(
        4_000 <= end - begin && gaps <= 3,
        "the agent from {begin} to {end}, {gaps} gaps"
    );
    assert!(
        alaw::level(&left, AGENT_HZ) < -40.0,
        "the agent on the left channel"
    );
    assert!(
        alaw::level(&right, CITIZEN_HZ) < -40.0,
        "the citizen on the right channel"
    );
    // Sample by sample: a second of each side stands in its channel.
    for (phone, channel, side) in [(citizen, &left, "left"), (agent, &right, "right")] {
        let sent: Vec<i16> = samples(&phone.media.sent());
        let from = sent.len() - 2 * 8_000;
        let second = &sent[from..from + 8_000];
        assert!(
            channel.windows(8_000).any(|it| it == second),
            "a second of the {side} channel differs"
        );
    }
    // The command line writes the same sound.
    let file = server.folder.path().join("export.wav");
    let id = call["call"]["recording"].as_str().unwrap();
    server.run(&["recordings", "export", id, &file.display().to_string()]);
    let exported = alaw::read_stereo(&std::fs::read(&file).unwrap());
    assert!(
        exported == (left, right),
        "the exported file differs from the web's"
    );
}

#[test]
fn greeting_music_and_agent_are_one_unbroken_stream() {
    let server = Server::start();
    let agent = agent(&server, 1);
    agent.pick_up(Pickup::After(Duration::from_millis(2_500)));
    agent.media.play(Tone::new(AGENT_HZ, 3));
    let citizen = citizen(&server);
    citizen.media.play(Tone::new(CITIZEN_HZ, 4));
    citizen.call("12345");
    citizen.wait_up();
    // Keyed early: a key during the greeting answers the question behind it.
    wait::pause(Duration::from_millis(1_000));
    citizen.media.press('0');
    citizen.media.wait_tone(AGENT_HZ, Duration::from_secs(25));
    wait::pause(Duration::from_millis(1_500));
    citizen.hang_up();
    let heard = citizen.media.heard();
    check_continuity(&heard);
    let whole: Vec<u8> = sound(&heard).concat();
    let greeting = find(&whole, &prompt("zh-CN/greeting.wav")).expect("the greeting, sample by sample");
    let notice = find(&whole, &prompt("zh-CN/notice-recorded.wav")).expect("the notice, sample by sample");
    assert!(
        greeting < 8_000,
        "the greeting began {greeting} samples after the first packet"
    );
    assert_eq!(
        notice,
        greeting + prompt("zh-CN/greeting.wav").len(),
        "the notice follows at once"
    );
    let music = prompt("music/music-hold.wav");
    let music = find(&whole, &music[..8_000]).expect("a second of music, sample by sample");
    assert!(notice < music, "music after the notice");
    let call = server.only_call();
    assert_eq!(call["choices"][0]["choice"], "0", "{call:#}");
    let (_, right) = alaw::read_stereo(&server.recording(&call["call"]));
    let right: Vec<u8> = right.into_iter().map(alaw::encode).collect();
    assert!(
        find(&right, &prompt("zh-CN/greeting.wav")).is_some(),
        "the recording has the greeting as it was heard"
    );
    // Whoever keys is not recorded keying: digits are no sound.
    assert!(find(&right, &prompt("zh-CN/notice-recorded.wav")).is_some());
}

/// One source; sequence numbers without a hole; timestamps that go on, at the pace of the clock.
fn check_continuity(heard: &[Packet]) {
    let first = &heard[0];
    for pair in heard.windows(2) {
        assert_eq!(pair[0].ssrc, pair[1].ssrc, "one source");
        assert_eq!(
            pair[1].sequence,
            pair[0].sequence.wrapping_add(1),
            "no hole in the sequence numbers"
        );
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((1..=1_600).contains(&step), "timestamps step by {step}");
        let passed = pair[1].at.duration_since(first.at).as_secs_f64() * 8_000.0;
        let told = f64::from(pair[1].timestamp.wrapping_sub(first.timestamp));
        assert!(
            (passed - told).abs() < 1_600.0,
            "after {passed} samples the timestamp says {told}"
        );
    }
}

#[test]
fn keys_of_either_side_choose_and_pass() {
    let server = Server::start();
    let agent = agent(&server, 1);
    let citizen = citizen(&server);
    citizen.call("12345");
    citizen.wait_up();
    wait::pause(Duration::from_millis(500));
    // 3 is the progress of an order: a sentence, then a person.
    citizen.media.press('3');
    agent.wait_up();
    wait::pause(Duration::from_millis(500));
    let quiet = agent
        .media
        .heard()
        .iter()
        .filter(|it| it.payload_type == 101)
        .count();
    assert_eq!(quiet, 0, "the agent's phone hears the menu's keys");
    for key in ['4', '7', '#'] {
        citizen.media.press(key);
        agent.media.press(key);
        wait::pause(Duration::from_millis(300));
    }
    let keys = |phone: &Phone| {
        let mut keys: Vec<(u32, u8)> = phone
            .media
            .heard()
            .iter()
            .filter(|it| it.payload_type == 101)
            .map(|it| (it.timestamp, it.payload[0]))
            .collect();
        keys.dedup();
        keys.into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    wait::until("three keys at the agent", Duration::from_secs(2), || {
        (keys(&agent) == [4, 7, 11]).then_some(())
    });
    wait::until("three keys at the citizen", Duration::from_secs(2), || {
        (keys(&citizen) == [4, 7, 11]).then_some(())
    });
    citizen.hang_up();
    let call = server.only_call();
    assert_eq!(call["choices"][0]["choice"], "3", "{call:#}");
    assert_eq!(
        call["choices"].as_array().unwrap().len(),
        1,
        "keys of a talk are never written: {call:#}"
    );
}

#[test]
fn held_citizen_hears_music_and_the_talk_comes_back() {
    let server = Server::start();
    let agent = agent(&server, 1);
    agent.media.play(Tone::new(AGENT_HZ, 5));
    let citizen = citizen(&server);
    citizen.media.play(Tone::new(CITIZEN_HZ, 6));
    citizen.call("12000");
    citizen.media.wait_tone(AGENT_HZ, Duration::from_secs(8));
    agent.reoffer("sendonly");
    let answer = agent.answer_to("INVITE");
    assert!(answer.body().contains("a=recvonly"), "{}", answer.text);
    citizen
        .media
        .wait_heard("music", Duration::from_secs(5), |heard| {
            let last = samples(&heard[heard.len().saturating_sub(25)..]);
            4_000 <= last.len() && alaw::level(&last, AGENT_HZ) < -35.0
        });
    agent.reoffer("sendrecv");
    citizen.media.wait_tone(AGENT_HZ, Duration::from_secs(5));
    agent.media.wait_tone(CITIZEN_HZ, Duration::from_secs(5));
    agent.hang_up();
    citizen.wait_over(Duration::from_secs(5));
    check_continuity(&citizen.media.heard());
    let call = server.only_call();
    assert!(call["call"]["hold_ms"].as_u64().unwrap() > 300, "{call:#}");
}
