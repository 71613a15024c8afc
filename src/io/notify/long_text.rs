//! A text as short messages in UCS-2.
//!
//! **Invariants.** A character stays whole. Every part but the last is as full as that allows.
//! **Not here.** How long a text may be (`io::notify::gateway`).
//! **Source.** 3GPP TS 23.040 §9.2.3.24.1 (concatenated short messages, 8-bit reference).

/// UTF-16 units in a short message that stands alone: 140 bytes.
pub const ALONE_UNITS: usize = 70;
/// UTF-16 units in a part of a long one: its head takes six bytes.
pub const PART_UNITS: usize = 67;
/// The head of a part: length, concatenation with an 8-bit reference, its length.
const PART_HEAD: [u8; 3] = [0x05, 0x00, 0x03];
/// Splits a text into the contents of its short messages; `reference` marks the parts of one text.
///
/// The flag of each says whether it begins with a head. A character outside the basic plane stays whole. At most 255
/// parts; an empty text is one short message.
pub fn split(text: &str, reference: u8) -> Vec<(bool, Vec<u8>)> {
    let alone = utf16(text);
    if alone.len() <= ALONE_UNITS * 2 {
        return vec![(false, alone)];
    }
    let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
    for it in text.chars() {
        let bytes = utf16(it.encode_utf8(&mut [0; 4]));
        match parts.last_mut() {
            Some(part) if part.len() + bytes.len() <= PART_UNITS * 2 => part.extend(bytes),
            _ => parts.push(bytes),
        }
    }
    parts.truncate(255);
    let total = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    let with_head = |(number, part): (u8, Vec<u8>)| {
        let head = [&PART_HEAD[..], &[reference, total, number]].concat();
        (true, [head, part].concat())
    };
    (1..=total).zip(parts).map(with_head).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventy_characters_stand_alone_and_seventy_one_are_two_parts() {
        let alone = split(&"字".repeat(70), 9);
        assert_eq!(alone.len(), 1);
        assert_eq!((alone[0].0, alone[0].1.len()), (false, 140));
        let two = split(&"字".repeat(71), 9);
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].1[..6], [5, 0, 3, 9, 2, 1]);
        assert_eq!(two[1].1[..6], [5, 0, 3, 9, 2, 2]);
        assert_eq!((two[0].1.len(), two[1].1.len()), (140, 6 + 2 * 4));
        assert_eq!(split("", 1), [(false, Vec::new())]);
    }

    #[test]
    fn a_character_of_two_units_is_never_torn() {
        // 66 characters and one of two units: the 67th unit would be its half.
        let parts = split(&format!("{}𠮷{}", "字".repeat(66), "字".repeat(10)), 1);
        assert_eq!(parts[0].1.len(), 6 + 66 * 2);
        assert_eq!(parts[1].1[6..10], [0xd8, 0x42, 0xdf, 0xb7]);
    }
}
