//! The RTP header, read in place and written as twelve bytes.
//!
//! **Invariants.** Any byte string is either a span inside the packet or refused; nothing is copied.
//! **Not here.** What a payload means (`g711`, `telephone_event`), sequence statistics (`reception`).
//! **Source.** RFC 3550 §5.1, §5.3.1; RFC 5761 §4 for telling RTCP apart.

/// Length of the header we write: no CSRC, no extension.
pub const HEADER_BYTES: usize = 12;
/// Longest RTP or RTCP packet that is read; G.711 at 60 ms is 492 bytes.
pub const PACKET_BYTES_MAX: usize = 1_500;

/// The fields of a header that matter to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet of a talk spurt.
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in samples.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// A header and where the payload lies in the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The header.
    pub header: Header,
    /// First byte of the payload, at least 12.
    pub start: usize,
    /// One past the last byte of the payload, padding taken off.
    pub end: usize,
}

/// Reads an RTP packet; `None` when it is not version 2 or its lengths contradict each other.
pub fn parse(packet: &[u8]) -> Option<Span> {
    let fixed: &[u8; HEADER_BYTES] = packet.first_chunk()?;
    let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
    if flags >> 6 != 2 {
        return None;
    }
    let mut start = HEADER_BYTES + 4 * usize::from(flags & 0x0f);
    if flags & 0x10 != 0 {
        let [_, _, high, low] = *packet.get(start..)?.first_chunk::<4>()?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    }
    let mut end = packet.len();
    if flags & 0x20 != 0 {
        let padding = usize::from(*packet.last()?);
        if padding == 0 {
            return None;
        }
        end = end.checked_sub(padding)?;
    }
    if end < start {
        return None;
    }
    let header = Header {
        marker: kind & 0x80 != 0,
        payload_type: kind & 0x7f,
        sequence: u16::from_be_bytes([s0, s1]),
        timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
        ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
    };
    Some(Span { header, start, end })
}

/// Whether a packet on a shared port is RTCP.
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

impl Header {
    /// The header as it goes on the wire.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let kind = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        [0x80, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

/// How far `later` lies after `earlier`, −32768 to 32767, across the wrap.
pub fn sequence_distance(earlier: u16, later: u16) -> i16 {
    later.wrapping_sub(earlier).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: Header = Header {
        marker: true,
        payload_type: 8,
        sequence: 65_535,
        timestamp: 4_000_000_000,
        ssrc: 0xDEAD_BEEF,
    };

    #[test]
    fn a_header_survives_the_wire() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet.extend([1, 2, 3]);
        assert_eq!(
            parse(&packet),
            Some(Span {
                header: HEADER,
                start: 12,
                end: 15
            })
        );
    }

    #[test]
    fn csrc_extension_and_padding_are_stepped_over() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet[0] = 0x80 | 0x20 | 0x10 | 2;
        packet.extend([0; 8]);
        packet.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        packet.extend([7; 20]);
        packet.extend([0, 0, 3]);
        let span = parse(&packet).unwrap();
        assert_eq!(packet[span.start..span.end], [7; 20]);
    }

    #[test]
    fn contradicting_lengths_are_refused() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet[0] = 0x80 | 1;
        assert_eq!(parse(&packet), None, "a CSRC that is not there");
        packet[0] = 0xA0;
        packet[11] = 0;
        assert_eq!(parse(&packet), None, "padding of no bytes");
        packet[11] = 13;
        assert_eq!(parse(&packet), None, "padding longer than the packet");
        assert_eq!(parse(&[0x80; 11]), None);
    }

    #[test]
    fn sequence_numbers_are_compared_across_the_wrap() {
        assert_eq!(sequence_distance(65_535, 2), 3);
        assert_eq!(sequence_distance(2, 65_535), -3);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_span_inside_the_packet_or_nothing(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(span) = parse(&packet) {
                prop_assert!(12 <= span.start && span.start <= span.end && span.end <= packet.len());
            }
        }
    }
}
