//! A cursor over prompts that are already encoded: 160 bytes every 20 ms.
//!
//! ```text
//! playing ─last prompt's end─▶ ended (once)   |   from the first prompt again (forever)
//! ```
//! **Invariants.** Nothing is encoded or allocated while playing; the last frame is filled up with silence.
//! **Not here.** Loading prompts (`io::media::prompts`), when to send a frame (`endpoint`).

use std::sync::Arc;
use std::time::Duration;

use crate::base::codec::Codec;
use crate::media::command::Playback;
use crate::media::command::PlaybackId;
use crate::media::command::PromptIndex;
use crate::media::command::Repeat;
use crate::media::g711;

/// Samples of a frame: 20 ms.
pub const FRAME_SAMPLES: usize = 160;

/// One prompt in both laws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// One byte a sample.
    pub alaw: Arc<[u8]>,
    /// One byte a sample, as long as `alaw`.
    pub ulaw: Arc<[u8]>,
}

impl Prompt {
    /// Encodes linear samples at 8 kHz.
    pub fn encode(samples: &[i16]) -> Self {
        let law = |codec| {
            samples
                .iter()
                .map(|sample| g711::encode(codec, *sample))
                .collect()
        };
        Self {
            alaw: law(Codec::Pcma),
            ulaw: law(Codec::Pcmu),
        }
    }

    fn law(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.alaw,
            Codec::Pcmu => &self.ulaw,
        }
    }

    /// Its length.
    pub fn duration(&self) -> Duration {
        samples(u64::try_from(self.alaw.len()).unwrap_or(u64::MAX))
    }
}

/// All prompts, by [`PromptIndex`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompts(pub Vec<Prompt>);

impl Prompts {
    /// A prompt, when there is one of that number.
    pub fn get(&self, index: PromptIndex) -> Option<&Prompt> {
        self.0.get(usize::from(index.0))
    }
}

/// What a frame was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Audio.
    Frame,
    /// Nothing was left to play.
    End,
}

/// One playback in progress.
#[derive(Clone, Debug)]
pub struct Player {
    playback: Playback,
    prompt: usize,
    offset: usize,
    played: u64,
}

impl Player {
    /// Starts at the beginning.
    pub fn new(playback: Playback) -> Self {
        Self {
            playback,
            prompt: 0,
            offset: 0,
            played: 0,
        }
    }

    /// Which playback.
    pub fn id(&self) -> PlaybackId {
        self.playback.id
    }

    /// Whether its end is to be reported.
    pub fn is_once(&self) -> bool {
        self.playback.repeat == Repeat::Once
    }

    /// How much was played.
    pub fn played(&self) -> Duration {
        samples(self.played)
    }

    /// Writes the next frame. A prompt that the library lacks counts as empty.
    pub fn next_frame(&mut self, prompts: &Prompts, codec: Codec, frame: &mut [u8; FRAME_SAMPLES]) -> Played {
        let mut written = 0;
        // A playback of nothing but empty prompts must not turn for ever.
        let mut restarts = 0;
        while written < FRAME_SAMPLES {
            let Some(index) = self.playback.prompts.get(self.prompt) else {
                if self.is_once() || 1 < restarts {
                    break;
                }
                restarts += 1;
                (self.prompt, self.offset) = (0, 0);
                continue;
            };
            let audio = prompts.get(*index).map_or(&[][..], |prompt| prompt.law(codec));
            let rest = audio.get(self.offset..).unwrap_or(&[]);
            if rest.is_empty() {
                self.prompt += 1;
                self.offset = 0;
                continue;
            }
            let count = rest.len().min(FRAME_SAMPLES - written);
            for (place, byte) in frame.iter_mut().skip(written).zip(rest.iter().take(count)) {
                *place = *byte;
            }
            restarts = 0;
            written += count;
            self.offset += count;
        }
        if written == 0 && self.is_once() {
            return Played::End;
        }
        if let Some(rest) = frame.get_mut(written..) {
            rest.fill(g711::silence(codec));
        }
        self.played += u64::try_from(written).unwrap_or(0);
        Played::Frame
    }
}

fn samples(count: u64) -> Duration {
    Duration::from_micros(count.saturating_mul(125))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts() -> Prompts {
        let of = |value: u8, length: usize| Prompt {
            alaw: vec![value; length].into(),
            ulaw: vec![!value; length].into(),
        };
        Prompts(vec![of(1, 200), of(2, 100), of(3, 0)])
    }

    fn player(indices: &[u16], repeat: Repeat) -> Player {
        Player::new(Playback {
            id: PlaybackId(1),
            prompts: indices.iter().map(|it| PromptIndex(*it)).collect(),
            repeat,
        })
    }

    #[test]
    fn prompts_follow_each_other_without_a_gap_and_the_end_is_silence() {
        let (mut player, mut frame) = (player(&[0, 1], Repeat::Once), [0; 160]);
        assert_eq!(
            player.next_frame(&prompts(), Codec::Pcma, &mut frame),
            Played::Frame
        );
        assert_eq!(frame, [1; 160]);
        assert_eq!(
            player.next_frame(&prompts(), Codec::Pcma, &mut frame),
            Played::Frame
        );
        assert_eq!((frame[39], frame[40], frame[139], frame[140]), (1, 2, 2, 0xD5));
        assert_eq!(
            player.next_frame(&prompts(), Codec::Pcma, &mut frame),
            Played::End
        );
        assert_eq!(player.played(), Duration::from_micros(37_500));
    }

    #[test]
    fn music_goes_round_and_speaks_the_legs_law() {
        let (mut player, mut frame) = (player(&[1], Repeat::Forever), [0; 160]);
        for _ in 0..10 {
            assert_eq!(
                player.next_frame(&prompts(), Codec::Pcmu, &mut frame),
                Played::Frame
            );
            assert_eq!(frame, [!2; 160]);
        }
    }

    #[test]
    fn empty_and_missing_prompts_end_at_once_or_are_silence() {
        let mut frame = [0; 160];
        assert_eq!(
            player(&[2, 99], Repeat::Once).next_frame(&prompts(), Codec::Pcma, &mut frame),
            Played::End
        );
        assert_eq!(
            player(&[], Repeat::Once).next_frame(&prompts(), Codec::Pcma, &mut frame),
            Played::End
        );
        for indices in [&[2, 99][..], &[]] {
            let mut music = player(indices, Repeat::Forever);
            assert_eq!(
                music.next_frame(&prompts(), Codec::Pcma, &mut frame),
                Played::Frame
            );
            assert_eq!(frame, [0xD5; 160]);
        }
    }
}
