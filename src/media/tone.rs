//! Tones as linear samples: ringing, busy and test tones that no sound file is needed for.
//!
//! **Invariants.** Samples are at 8 kHz and within the level asked for.
//! **Source.** GB/T 3380 (450 Hz; ringing 1 s on, 4 s off; busy 0.35 s on, 0.35 s off).

use crate::media::chunk::RATE;

/// A tone with a rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Pitch, Hz, under 4000.
    pub frequency: u16,
    /// Highest sample, 0 to 32767.
    pub level: i16,
    /// Length of the sound, milliseconds.
    pub on_ms: u32,
    /// Length of the silence after it, milliseconds.
    pub off_ms: u32,
}

/// Ringing, as the caller hears it.
pub const RINGING: Tone = Tone {
    frequency: 450,
    level: 4_000,
    on_ms: 1_000,
    off_ms: 4_000,
};
/// Busy.
pub const BUSY: Tone = Tone {
    frequency: 450,
    level: 4_000,
    on_ms: 350,
    off_ms: 350,
};

impl Tone {
    /// One period of the rhythm.
    pub fn samples(&self) -> Vec<i16> {
        let per_ms = RATE / 1_000;
        let (on, off) = (self.on_ms * per_ms, self.off_ms * per_ms);
        (0..on)
            .map(|at| self.sample(at))
            .chain((0..off).map(|_| 0))
            .collect()
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the product is at most the level, which is an i16"
    )]
    fn sample(&self, at: u32) -> i16 {
        let turns = f64::from(at) * f64::from(self.frequency) / f64::from(RATE);
        (f64::from(self.level) * (turns * std::f64::consts::TAU).sin()).round() as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_0_35_s_of_450_hz_and_0_35_s_of_nothing() {
        let samples = BUSY.samples();
        assert_eq!(samples.len(), 5_600);
        let rising = samples
            .windows(2)
            .filter(|pair| pair[0] < 0 && 0 <= pair[1])
            .count();
        assert!((155..=158).contains(&rising), "{rising}");
        assert!(samples[2_800..].iter().all(|sample| *sample == 0));
        assert!(samples.iter().all(|sample| sample.abs() <= 4_000));
    }
}
