//! Scripts: what the recorder is given while a leg hears a prompt, talks and is closed.

use rexian::base::ids::InteractionId;
use rexian::base::ids::RecordingId;
use rexian::media::chunk::Chunk;
use rexian::media::chunk::RecorderCommand;
use rexian::media::chunk::SILENCE;
use rexian::media::command::MediaCommand;
use rexian::media::command::Repeat;

use super::rig::A;
use super::rig::B;
use super::rig::Rig;
use super::rig::SHORT;

fn record(rig: &mut Rig) {
    let (recording, interaction) = (RecordingId::from_bytes([1; 16]), InteractionId::default());
    rig.command(MediaCommand::Record {
        leg: A,
        recording,
        interaction,
        opened_at_us: 1_000_000,
    });
}

fn chunks(rig: &mut Rig) -> Vec<Chunk> {
    let take = |command| match command {
        RecorderCommand::Chunk(chunk) => Some(chunk),
        RecorderCommand::Open { .. } | RecorderCommand::Close { .. } => None,
    };
    std::mem::take(&mut rig.world.recorded)
        .into_iter()
        .filter_map(take)
        .collect()
}

#[test]
fn left_is_the_customer_and_right_is_all_that_the_customer_hears() {
    let mut rig = Rig::with_two_legs();
    record(&mut rig);
    rig.play(A, &[SHORT], Repeat::Once);
    rig.pass(1_000);
    rig.command(MediaCommand::Bridge { a: A, b: B });
    for frame in 0..60_u16 {
        rig.talk(A, 4, frame, 1, 8);
        rig.ms -= 20;
        rig.talk(B, 5, frame, 1, 9);
    }
    rig.command(MediaCommand::Close { leg: A });
    assert!(matches!(
        rig.world.recorded.first(),
        Some(RecorderCommand::Open {
            opened_at_us: 1_000_000,
            ..
        })
    ));
    assert!(matches!(
        rig.world.recorded.last(),
        Some(RecorderCommand::Close { gap_ms: 0, .. })
    ));
    let chunks = chunks(&mut rig);
    assert_eq!(
        chunks
            .iter()
            .map(|it| (it.number, it.samples))
            .collect::<Vec<_>>(),
        [(0, 8_000), (1, 8_000), (2, 1_600)]
    );
    let lane = |side: usize| -> Vec<u8> {
        chunks
            .iter()
            .flat_map(|it| {
                it.audio
                    .iter()
                    .copied()
                    .take(2 * usize::from(it.samples))
                    .skip(side)
                    .step_by(2)
            })
            .collect()
    };
    let (left, right) = (lane(0), lane(1));
    assert!(left[..7_900].iter().all(|it| *it == SILENCE));
    assert!(left[8_100..17_500].iter().all(|it| *it == 8));
    let prompt: Vec<usize> = (0..right.len()).filter(|at| right[*at] == 1).collect();
    assert_eq!(prompt.len(), 1_600);
    assert!(right[8_100..17_500].iter().all(|it| *it == 9));
    let begins = |lane: &[u8], value| lane.iter().position(|it| *it == value).unwrap();
    assert!(begins(&left, 8).abs_diff(begins(&right, 9)) <= 160);
}

#[test]
fn a_recorder_that_stands_still_is_a_gap_and_not_a_pause() {
    let mut rig = Rig::with_two_legs();
    record(&mut rig);
    rig.world.buffers_refused = true;
    rig.pass(2_500);
    rig.world.buffers_refused = false;
    rig.pass(1_500);
    let chunks = chunks(&mut rig);
    assert_eq!(
        chunks.iter().map(|it| (it.number, it.gap_ms)).collect::<Vec<_>>(),
        [(2, 2_000)]
    );
    assert_eq!(chunks[0].wall_start_us, 3_000_000);
}

#[test]
fn a_second_recording_of_a_leg_ends_the_first() {
    let mut rig = Rig::with_two_legs();
    record(&mut rig);
    rig.pass(500);
    record(&mut rig);
    let kinds: Vec<&str> = rig
        .world
        .recorded
        .iter()
        .map(|it| match it {
            RecorderCommand::Open { .. } => "open",
            RecorderCommand::Chunk(_) => "chunk",
            RecorderCommand::Close { .. } => "close",
        })
        .collect();
    assert_eq!(kinds, ["open", "chunk", "close", "open"]);
}
