use super::*;
use crate::base::random::Random;
use crate::media::chunk::CHUNK_BYTES;
use crate::media::chunk::new_audio;

fn at_us(us: u64) -> MonoTime {
    MonoTime::from_micros(us)
}

fn tap() -> Tap {
    Tap::new(RecordingId::default(), 1_000_000, at_us(0), new_audio())
}

/// A stream whose sample number `n` carries a byte that tells its millisecond, so that a place can be read back.
fn byte_of(sample: u64) -> u8 {
    u8::try_from(sample / 8 % 251).unwrap()
}

fn payload(first_sample: u64) -> Vec<u8> {
    (first_sample..first_sample + 160).map(byte_of).collect()
}

/// Runs packets (arrival µs, side, ssrc, timestamp, payload) in order and gives both channels for `seconds`.
fn record(mut packets: Vec<(u64, Side, u32, u32, Vec<u8>)>, seconds: u64) -> (Vec<u8>, Vec<u8>) {
    packets.sort_by_key(|packet| packet.0);
    let (mut tap, mut all) = (tap(), Vec::new());
    for (arrival, side, ssrc, timestamp, payload) in packets {
        let now = at_us(arrival);
        while tap.is_due(now) {
            all.extend_from_slice(&tap.take(Some(new_audio())).unwrap().audio[..]);
        }
        tap.copy(
            now,
            side,
            &Audio {
                ssrc,
                timestamp,
                codec: Codec::Pcma,
                payload: &payload,
            },
        );
    }
    while all.len() < usize::try_from(seconds).unwrap() * CHUNK_BYTES {
        all.extend_from_slice(&tap.take(Some(new_audio())).unwrap().audio[..]);
    }
    (
        all.iter().copied().step_by(2).collect(),
        all.iter().copied().skip(1).step_by(2).collect(),
    )
}

/// How far (in samples) each present byte lies from where it belongs, given the true delay; the worst.
fn worst_shift(channel: &[u8], from: usize, delay_ms: i64) -> i64 {
    let mut worst = 0;
    for (position, byte) in channel
        .iter()
        .enumerate()
        .skip(from)
        .filter(|(_, byte)| **byte != SILENCE)
    {
        let expected_ms = (i64::try_from(position).unwrap() / 8 - delay_ms).rem_euclid(251);
        let mut shift = i64::from(*byte) - expected_ms;
        if 125 < shift {
            shift -= 251;
        }
        if shift < -125 {
            shift += 251;
        }
        worst = worst.max(shift.abs());
    }
    worst
}

#[test]
fn both_channels_lie_within_20_ms_under_jitter_loss_and_reordering() {
    let mut random = Random::from_number(7);
    let mut packets = Vec::new();
    for n in 0..500_u64 {
        let jitter = u64::from(random.next_u32() % 60_000);
        if !random.next_u32().is_multiple_of(20) {
            let timestamp = 77_000 + u32::try_from(n * 160).unwrap();
            packets.push((
                n * 20_000 + 5_000 + jitter,
                Side::Left,
                1,
                timestamp,
                payload(n * 160),
            ));
        }
        packets.push((
            n * 20_000,
            Side::Right,
            2,
            u32::try_from(n * 160).unwrap(),
            payload(n * 160),
        ));
    }
    let (left, right) = record(packets, 10);
    // After the first quarter of a second the least delay has been seen.
    assert!(
        worst_shift(&left, 2_000, 5) <= 20,
        "{}",
        worst_shift(&left, 2_000, 5)
    );
    assert!(worst_shift(&right, 0, 0) <= 1);
    let present = left.iter().filter(|byte| **byte != SILENCE).count();
    assert!(70_000 < present, "{present}");
}

#[test]
fn a_new_source_and_a_jump_of_the_timestamp_are_anchored_at_their_arrival() {
    let mut packets = Vec::new();
    for n in 0..300_u64 {
        let base: u32 = match n {
            0..100 => 4_294_960_000,
            100..200 => 5,
            _ => 900_000,
        };
        let ssrc = if n < 100 { 1 } else { 2 };
        let timestamp = base.wrapping_add(u32::try_from(n * 160).unwrap());
        packets.push((n * 20_000, Side::Left, ssrc, timestamp, payload(n * 160)));
    }
    let (left, _) = record(packets, 6);
    assert!(worst_shift(&left, 0, 0) <= 1);
    // The byte of silence is one of the 251 values of the stream too.
    let silent: Vec<usize> = (0..48_000).filter(|at| left[*at] == SILENCE).collect();
    assert!(silent.len() < 1_000, "{}", silent.len());
}

#[test]
fn a_sender_with_a_slow_clock_stays_within_20_ms() {
    // 1000 ppm: 60 s drift by 60 ms.
    let packets = (0..3_000_u64)
        .map(|n| {
            (
                n * 20_020,
                Side::Left,
                1,
                u32::try_from(n * 160).unwrap(),
                payload(n * 20_020 / 125),
            )
        })
        .collect();
    let (left, _) = record(packets, 59);
    assert!(worst_shift(&left, 0, 0) <= 20, "{}", worst_shift(&left, 0, 0));
}

#[test]
fn a_packet_later_than_the_slack_is_counted_and_dropped() {
    let mut tap = tap();
    let audio = |timestamp| Audio {
        ssrc: 1,
        timestamp,
        codec: Codec::Pcma,
        payload: &[1; 160],
    };
    tap.copy(at_us(0), Side::Left, &audio(0));
    tap.copy(at_us(1_250_000), Side::Left, &audio(10_000));
    assert!(!tap.is_due(at_us(1_199_000)));
    assert!(tap.is_due(at_us(1_200_000)));
    let chunk = tap.take(Some(new_audio())).unwrap();
    assert_eq!(
        (chunk.number, chunk.samples, chunk.wall_start_us),
        (0, 8_000, 1_000_000)
    );
    tap.copy(at_us(1_300_000), Side::Left, &audio(7_000));
    assert_eq!(tap.late, 1);
}

#[test]
fn a_second_without_a_free_buffer_is_a_counted_gap() {
    let mut tap = tap();
    assert_eq!(tap.take(None), None);
    assert_eq!(tap.take(None), None);
    let chunk = tap.take(Some(new_audio())).unwrap();
    assert_eq!(
        (chunk.number, chunk.gap_ms, chunk.wall_start_us),
        (2, 2_000, 3_000_000)
    );
    assert_eq!(tap.take(Some(new_audio())).unwrap().gap_ms, 0);
}

#[test]
fn the_end_hands_out_exactly_what_has_passed() {
    let tells = |finished: &Finished| {
        let chunks = finished.chunks.iter().flatten();
        chunks.map(|it| (it.number, it.samples)).collect::<Vec<_>>()
    };
    let long = tap();
    assert!(long.ends_in_two(at_us(1_150_000)));
    let finished = long.finish(at_us(1_150_000), Some(new_audio()));
    assert_eq!(tells(&finished), [(0, 8_000), (1, 1_200)]);
    assert_eq!((finished.gap_ms, finished.spare.is_some()), (0, false));
    let short = tap();
    assert!(!short.ends_in_two(at_us(500_000)));
    let finished = short.finish(at_us(500_000), None);
    assert_eq!(
        (tells(&finished), finished.spare.is_some()),
        (vec![(0, 4_000)], false)
    );
    let finished = tap().finish(at_us(0), None);
    assert_eq!((tells(&finished), finished.spare.is_some()), (vec![], true));
}

#[test]
fn what_comes_while_a_second_waits_is_in_the_next_to_the_last_sample() {
    let mut tap = tap();
    let audio = |timestamp, payload| Audio {
        ssrc: 1,
        timestamp,
        codec: Codec::Pcma,
        payload,
    };
    tap.copy(at_us(0), Side::Left, &audio(0, &[1; 160]));
    // Just before the first second is due, by the longest packet that can come.
    tap.copy(
        at_us(1_199_000),
        Side::Left,
        &audio(9_592, &[7; PACKET_BYTES_MAX]),
    );
    assert!(
        tap.take(Some(new_audio()))
            .unwrap()
            .audio
            .iter()
            .all(|it| *it != 7)
    );
    let next = tap.finish(at_us(2_000_000), None);
    let heard = next.chunks.iter().flatten().flat_map(|it| it.audio.iter());
    assert_eq!(heard.filter(|it| **it == 7).count(), PACKET_BYTES_MAX);
}

#[test]
fn mu_law_is_stored_as_a_law() {
    let mut tap = tap();
    let byte = g711::encode(Codec::Pcmu, 12_345);
    let audio = Audio {
        ssrc: 1,
        timestamp: 0,
        codec: Codec::Pcmu,
        payload: &[byte; 160],
    };
    tap.copy(at_us(0), Side::Right, &audio);
    let chunk = tap.take(Some(new_audio())).unwrap();
    assert_eq!(
        (chunk.audio[0], chunk.audio[1]),
        (SILENCE, g711::to_alaw(Codec::Pcmu, byte))
    );
    assert_eq!((chunk.audio[319], chunk.audio[321]), (chunk.audio[1], SILENCE));
}
