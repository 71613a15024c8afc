//! Our own ear: G.711, tones, and how much of a tone is in a sound. Written apart from the product's codecs.

use std::f64::consts::PI;

/// Samples a second.
pub(crate) const RATE: f64 = 8_000.0;
/// Samples in 20 ms.
pub(crate) const FRAME: usize = 160;

/// One sample as A-law (G.711, the reference algorithm of G.191: 13 bits, even bits inverted).
pub(crate) fn encode(sample: i16) -> u8 {
    let mut magnitude = if sample < 0 {
        i32::from(!sample) >> 4
    } else {
        i32::from(sample) >> 4
    };
    if 15 < magnitude {
        let mut exponent = 1;
        while 16 + 15 < magnitude {
            magnitude >>= 1;
            exponent += 1;
        }
        magnitude = magnitude - 16 + (exponent << 4);
    }
    if 0 <= sample {
        magnitude |= 0x80;
    }
    u8::try_from(magnitude).unwrap() ^ 0x55
}

/// The sample that an A-law byte stands for, 16 bits.
pub(crate) fn decode(byte: u8) -> i16 {
    let it = byte ^ 0x55;
    let (exponent, mantissa) = ((it >> 4) & 7, i16::from(it & 15));
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if it & 0x80 == 0 { -magnitude } else { magnitude }
}

/// A tone with a little seeded noise, so that no two packets are alike.
#[derive(Clone, Debug)]
pub(crate) struct Tone {
    frequency: f64,
    at: u32,
    noise: u32,
}

impl Tone {
    /// `frequency` in Hz; the level is about −9 dBm0.
    pub(crate) fn new(frequency: f64, seed: u32) -> Self {
        Self {
            frequency,
            at: 0,
            noise: seed.wrapping_mul(2_654_435_761) | 1,
        }
    }

    /// The next 20 ms.
    pub(crate) fn frame(&mut self) -> Vec<u8> {
        (0..FRAME).map(|_| self.sample()).collect()
    }

    fn sample(&mut self) -> u8 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        let noise = f64::from(self.noise % 256) - 128.0;
        let tone = 8_000.0 * (2.0 * PI * self.frequency * f64::from(self.at) / RATE).sin();
        self.at += 1;
        encode((tone + noise) as i16)
    }
}

/// The level of one frequency in a sound, in dB under the loudest sine (Goertzel).
pub(crate) fn level(samples: &[i16], frequency: f64) -> f64 {
    if samples.is_empty() {
        return -120.0;
    }
    let factor = 2.0 * (2.0 * PI * frequency / RATE).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        let zero = f64::from(*sample) + factor * one - two;
        (one, two) = (zero, one);
    }
    let power = one * one + two * two - factor * one * two;
    let amplitude = 2.0 * power.max(0.0).sqrt() / samples.len() as f64;
    20.0 * (amplitude / 32_768.0).max(1e-6).log10()
}

/// Where a tone begins and ends in a sound: first and last 20 ms frame in which it is louder than −20 dB, in
/// milliseconds, and how many frames between them are without it.
pub(crate) fn span(samples: &[i16], frequency: f64) -> Option<(usize, usize, usize)> {
    let loud: Vec<bool> = samples
        .chunks_exact(FRAME)
        .map(|frame| -20.0 < level(frame, frequency))
        .collect();
    let first = loud.iter().position(|loud| *loud)?;
    let last = loud.iter().rposition(|loud| *loud)?;
    let gaps = loud[first..=last].iter().filter(|loud| !**loud).count();
    Some((first * 20, (last + 1) * 20, gaps))
}

/// The samples of a 16 bit WAV file with one channel.
pub(crate) fn read_wav(path: &std::path::Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(
        (reader.spec().channels, reader.spec().sample_rate),
        (1, 8_000),
        "{}",
        path.display()
    );
    reader.samples::<i16>().map(Result::unwrap).collect()
}

/// Left and right of a WAV file with two channels.
pub(crate) fn read_stereo(bytes: &[u8]) -> (Vec<i16>, Vec<i16>) {
    let samples: Vec<i16> = match wav_format(bytes) {
        1 => hound::WavReader::new(bytes)
            .unwrap()
            .samples::<i16>()
            .map(Result::unwrap)
            .collect(),
        6 => wav_data(bytes).iter().map(|byte| decode(*byte)).collect(),
        other => panic!("WAV format {other}"),
    };
    (
        samples.iter().step_by(2).copied().collect(),
        samples.iter().skip(1).step_by(2).copied().collect(),
    )
}

fn chunk<'a>(bytes: &'a [u8], name: &[u8; 4]) -> &'a [u8] {
    assert_eq!(
        (&bytes[..4], &bytes[8..12]),
        (&b"RIFF"[..], &b"WAVE"[..]),
        "not a WAV file"
    );
    let mut at = 12;
    loop {
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        if &bytes[at..at + 4] == name {
            return &bytes[at + 8..bytes.len().min(at + 8 + length)];
        }
        at += 8 + length + length % 2;
    }
}

fn wav_format(bytes: &[u8]) -> u16 {
    let format = chunk(bytes, b"fmt ");
    assert_eq!(u16::from_le_bytes([format[2], format[3]]), 2, "channels");
    u16::from_le_bytes([format[0], format[1]])
}

fn wav_data(bytes: &[u8]) -> &[u8] {
    chunk(bytes, b"data")
}

#[test]
fn our_own_ear_decodes_what_it_encodes_and_tells_tones_apart() {
    for byte in 0..=255 {
        assert_eq!(encode(decode(byte)), byte);
    }
    let mut tone = Tone::new(1_000.0, 7);
    let sound: Vec<i16> = (0..50).flat_map(|_| tone.frame()).map(decode).collect();
    assert!(
        (-12.6..-11.9).contains(&level(&sound, 1_000.0)),
        "{}",
        level(&sound, 1_000.0)
    );
    assert!(level(&sound, 440.0) < -50.0);
    assert_eq!(span(&sound, 1_000.0), Some((0, 1_000, 0)));
}
