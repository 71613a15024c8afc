//! G.711: linear samples to A-law and μ-law and back, and from one law straight to the other.
//!
//! **Invariants.** Every table is made at compile time; a conversion of a packet is one look-up a byte.
//! **Not here.** Which law a leg speaks (`sdp`), packet loss concealment (the far end's).
//! **Source.** ITU-T G.711 (11/88) tables 1 and 2.

use crate::base::codec::Codec;

/// A-law byte to linear sample.
pub const ALAW_TO_LINEAR: [i16; 256] = linear_table(Codec::Pcma);
/// μ-law byte to linear sample.
pub const ULAW_TO_LINEAR: [i16; 256] = linear_table(Codec::Pcmu);
static ALAW_TO_ULAW: [u8; 256] = cross_table(Codec::Pcma);
static ULAW_TO_ALAW: [u8; 256] = cross_table(Codec::Pcmu);

/// The byte for a linear sample.
pub const fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcma => alaw_encode(sample),
        Codec::Pcmu => ulaw_encode(sample),
    }
}

/// The linear sample of a byte.
pub const fn decode(codec: Codec, byte: u8) -> i16 {
    match codec {
        Codec::Pcma => alaw_decode(byte),
        Codec::Pcmu => ulaw_decode(byte),
    }
}

/// The byte for silence.
pub const fn silence(codec: Codec) -> u8 {
    encode(codec, 0)
}

/// Turns a payload of one law into the other's, in place; nothing to do when they are the same.
pub fn transcode(from: Codec, to: Codec, payload: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => &ALAW_TO_ULAW,
        (Codec::Pcmu, Codec::Pcma) => &ULAW_TO_ALAW,
        (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => return,
    };
    for byte in payload {
        *byte = look_up(table, *byte);
    }
}

/// One byte as A-law.
pub fn to_alaw(from: Codec, byte: u8) -> u8 {
    match from {
        Codec::Pcma => byte,
        Codec::Pcmu => look_up(&ULAW_TO_ALAW, byte),
    }
}

#[allow(clippy::indexing_slicing, reason = "a byte cannot leave a table of 256")]
fn look_up(table: &[u8; 256], byte: u8) -> u8 {
    table[usize::from(byte)]
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "0..256 fits a byte and the table"
)]
const fn linear_table(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut at = 0_usize;
    while at < 256 {
        table[at] = decode(codec, at as u8);
        at += 1;
    }
    table
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "0..256 fits a byte and the table"
)]
const fn cross_table(from: Codec) -> [u8; 256] {
    let to = match from {
        Codec::Pcma => Codec::Pcmu,
        Codec::Pcmu => Codec::Pcma,
    };
    let mut table = [0; 256];
    let mut at = 0_usize;
    while at < 256 {
        table[at] = encode(to, decode(from, at as u8));
        at += 1;
    }
    table
}

#[allow(clippy::cast_possible_wrap, reason = "at most 0x7F80 before the sign")]
const fn alaw_decode(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = ((byte & 0x0f) as u16) << 4;
    let segment = (byte & 0x70) >> 4;
    let magnitude = match segment {
        0 => mantissa + 0x08,
        1 => mantissa + 0x108,
        _ => (mantissa + 0x108) << (segment - 1),
    } as i16;
    if byte & 0x80 != 0 { magnitude } else { -magnitude }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "12 bits without a sign"
)]
const fn alaw_encode(sample: i16) -> u8 {
    let sample = sample >> 3;
    let (magnitude, mask) = if sample >= 0 {
        (sample as u16, 0xD5)
    } else {
        ((-sample - 1) as u16, 0x55)
    };
    // The segment is the place of the highest bit above the five lowest.
    let segment = (16 - (magnitude >> 5).leading_zeros()) as u8;
    let shift = if segment < 2 { 1 } else { segment };
    ((segment << 4) | ((magnitude >> shift) & 0x0f) as u8) ^ mask
}

#[allow(clippy::cast_possible_wrap, reason = "at most 0x7E7C before the sign")]
const fn ulaw_decode(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((((byte & 0x0f) as u16) << 3) + 0x84) << ((byte & 0x70) >> 4)) as i16 - 0x84;
    if byte & 0x80 != 0 { -magnitude } else { magnitude }
}

#[allow(clippy::cast_possible_truncation, reason = "14 bits without a sign")]
const fn ulaw_encode(sample: i16) -> u8 {
    let mask = if sample < 0 { 0x7F } else { 0xFF };
    let quarter = (sample >> 2).unsigned_abs();
    let magnitude = if quarter > 8_158 { 8_158 } else { quarter } + 33;
    let segment = (16 - (magnitude >> 6).leading_zeros()) as u8;
    ((segment << 4) | ((magnitude >> (segment + 1)) & 0x0f) as u8) ^ mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_extremes_are_the_known_bytes() {
        assert_eq!(silence(Codec::Pcma), crate::media::chunk::SILENCE);
        assert_eq!(silence(Codec::Pcmu), 0xFF);
        assert_eq!(encode(Codec::Pcma, i16::MAX), 0xAA);
        assert_eq!(encode(Codec::Pcma, i16::MIN), 0x2A);
        assert_eq!(encode(Codec::Pcmu, i16::MAX), 0x80);
        assert_eq!(encode(Codec::Pcmu, i16::MIN), 0x00);
        assert_eq!(decode(Codec::Pcma, 0xAA), 32_256);
        assert_eq!(decode(Codec::Pcmu, 0x80), 32_124);
    }

    #[test]
    fn every_byte_survives_linear() {
        for byte in 0..=255_u8 {
            assert_eq!(encode(Codec::Pcma, decode(Codec::Pcma, byte)), byte);
            let back = encode(Codec::Pcmu, decode(Codec::Pcmu, byte));
            // Minus zero has the same value as plus zero.
            assert!(back == byte || (byte == 0x7F && back == 0xFF), "{byte:02x}");
        }
    }

    #[test]
    fn the_error_of_every_sample_is_within_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            for codec in [Codec::Pcma, Codec::Pcmu] {
                let error = (i32::from(decode(codec, encode(codec, sample))) - i32::from(sample)).abs();
                let bound = 16 + i32::from(sample).abs() / 24;
                assert!(
                    error <= bound || i32::from(sample).abs() > 32_100,
                    "{codec:?} {sample} {error}"
                );
            }
        }
    }

    #[test]
    fn one_law_becomes_the_other_with_the_nearest_value() {
        for byte in 0..=255_u8 {
            let mut payload = [byte];
            transcode(Codec::Pcmu, Codec::Pcma, &mut payload);
            assert_eq!(payload[0], encode(Codec::Pcma, decode(Codec::Pcmu, byte)));
            assert_eq!(payload[0], to_alaw(Codec::Pcmu, byte));
            transcode(Codec::Pcma, Codec::Pcma, &mut payload);
            assert_eq!(payload[0], to_alaw(Codec::Pcmu, byte));
        }
    }
}
