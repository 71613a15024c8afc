//! RTCP compounds: writing ours (SR or RR, SDES with CNAME, BYE) and reading what a peer says about us.
//!
//! **Invariants.** A compound is read as far as its lengths hold and never beyond; ours fits 128 bytes.
//! **Not here.** When a report is due and whom it is from (`endpoint`); other kinds (XR, feedback) are stepped over.
//! **Source.** RFC 3550 §6.4, §6.5, §6.6.

/// Bytes that hold every compound we write.
pub const COMPOUND_BYTES_MAX: usize = 128;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;
const CNAME_BYTES: u8 = 16;

/// What we say about what we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// NTP time: seconds since 1900 in the upper half.
    pub ntp: u64,
    /// The RTP timestamp of the same instant.
    pub timestamp: u32,
    /// Packets sent, wrapping.
    pub packets: u32,
    /// Payload bytes sent, wrapping.
    pub octets: u32,
}

/// One receiver's view of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The sender that is reported on.
    pub ssrc: u32,
    /// Loss since the last report, of 256.
    pub fraction_lost: u8,
    /// Packets lost in all, at most 2^23 − 1.
    pub lost: u32,
    /// Extended highest sequence number.
    pub highest: u32,
    /// Jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report received.
    pub last_sr: u32,
    /// Time since then, 1/65536 s.
    pub delay: u32,
}

/// A report of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Our source.
    pub ssrc: u32,
    /// Given when we have sent since the last report.
    pub sender: Option<SenderInfo>,
    /// Given when we have received.
    pub block: Option<ReportBlock>,
    /// Sixteen letters that name us for the life of the leg.
    pub cname: [u8; CNAME_BYTES as usize],
    /// We are leaving.
    pub goodbye: bool,
}

/// What a peer's compound told us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Middle 32 bits of the NTP time of its sender report.
    pub sender_report: Option<u32>,
    /// Its view of our stream.
    pub about_us: Option<ReportBlock>,
    /// It is leaving.
    pub goodbye: bool,
}

/// Appends bytes to a fixed buffer.
struct Writer<'a> {
    buffer: &'a mut [u8; COMPOUND_BYTES_MAX],
    length: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(place) = self.buffer.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
            self.length = end;
        }
    }

    fn word(&mut self, word: u32) {
        self.bytes(&word.to_be_bytes());
    }

    fn head(&mut self, count: u8, kind: u8, words: u16) {
        let [high, low] = words.to_be_bytes();
        self.bytes(&[0x80 | count, kind, high, low]);
    }
}

/// Writes a compound and gives its length.
pub fn write(report: &Report, buffer: &mut [u8; COMPOUND_BYTES_MAX]) -> usize {
    let mut out = Writer { buffer, length: 0 };
    let blocks = u8::from(report.block.is_some());
    let block_words = 6 * u16::from(blocks);
    if let Some(sender) = report.sender {
        out.head(blocks, SENDER_REPORT, 6 + block_words);
        out.word(report.ssrc);
        out.bytes(&sender.ntp.to_be_bytes());
        out.word(sender.timestamp);
        out.word(sender.packets);
        out.word(sender.octets);
    } else {
        out.head(blocks, RECEIVER_REPORT, 1 + block_words);
        out.word(report.ssrc);
    }
    if let Some(block) = report.block {
        out.word(block.ssrc);
        out.word((u32::from(block.fraction_lost) << 24) | block.lost.min(0x7f_ffff));
        for word in [block.highest, block.jitter, block.last_sr, block.delay] {
            out.word(word);
        }
    }
    // SSRC, type, length, 16 letters and two zeros that end the chunk.
    out.head(1, SOURCE_DESCRIPTION, 6);
    out.word(report.ssrc);
    out.bytes(&[CNAME, CNAME_BYTES]);
    out.bytes(&report.cname);
    out.bytes(&[0, 0]);
    if report.goodbye {
        out.head(1, GOODBYE, 1);
        out.word(report.ssrc);
    }
    out.length
}

/// Reads a compound; `None` when it does not begin as RTCP. `our_ssrc` picks the block that is about us.
pub fn read(packet: &[u8], our_ssrc: u32) -> Option<Heard> {
    let mut heard = Heard::default();
    let mut rest = packet;
    let mut first = true;
    while let Some(&[flags, kind, high, low]) = rest.first_chunk::<4>() {
        let length = 4 * usize::from(u16::from_be_bytes([high, low])) + 4;
        let body = rest.get(4..length).filter(|_| flags >> 6 == 2);
        let Some(body) = body else {
            break;
        };
        if first && !(SENDER_REPORT..=207).contains(&kind) {
            return None;
        }
        first = false;
        read_one(kind, body, our_ssrc, &mut heard);
        rest = rest.get(length..).unwrap_or(&[]);
    }
    (!first).then_some(heard)
}

fn read_one(kind: u8, body: &[u8], our_ssrc: u32, heard: &mut Heard) {
    let blocks = match kind {
        SENDER_REPORT => {
            // SSRC, then NTP: its middle 32 bits begin two bytes in.
            heard.sender_report = body.get(6..).and_then(word);
            body.get(24..)
        }
        RECEIVER_REPORT => body.get(4..),
        GOODBYE => {
            heard.goodbye = true;
            None
        }
        _ => None,
    };
    let mut blocks = blocks.unwrap_or(&[]).chunks_exact(24);
    heard.about_us = blocks
        .find_map(|block| read_block(block, our_ssrc))
        .or(heard.about_us);
}

fn read_block(block: &[u8], our_ssrc: u32) -> Option<ReportBlock> {
    let ssrc = word(block)?;
    if ssrc != our_ssrc {
        return None;
    }
    let loss = block.get(4..).and_then(word)?;
    let [fraction_lost, ..] = loss.to_be_bytes();
    Some(ReportBlock {
        ssrc,
        fraction_lost,
        lost: loss & 0xff_ffff,
        highest: block.get(8..).and_then(word)?,
        jitter: block.get(12..).and_then(word)?,
        last_sr: block.get(16..).and_then(word)?,
        delay: block.get(20..).and_then(word)?,
    })
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report() -> Report {
        Report {
            ssrc: 7,
            sender: Some(SenderInfo {
                ntp: 0x1122_3344_5566_7788,
                timestamp: 9,
                packets: 10,
                octets: 11,
            }),
            block: Some(ReportBlock {
                ssrc: 42,
                fraction_lost: 64,
                lost: 3,
                highest: 70_000,
                jitter: 5,
                last_sr: 6,
                delay: 8,
            }),
            cname: *b"0123456789abcdef",
            goodbye: true,
        }
    }

    #[test]
    fn a_compound_survives_the_wire() {
        let mut buffer = [0; COMPOUND_BYTES_MAX];
        let length = write(&report(), &mut buffer);
        assert_eq!(length, 52 + 28 + 8);
        let heard = read(&buffer[..length], 42).unwrap();
        assert_eq!(heard.sender_report, Some(0x3344_5566));
        assert_eq!(heard.about_us, report().block);
        assert!(heard.goodbye);
        assert_eq!(read(&buffer[..length], 43).unwrap().about_us, None);
    }

    #[test]
    fn a_silent_leg_writes_a_receiver_report_without_blocks() {
        let mut buffer = [0; COMPOUND_BYTES_MAX];
        let quiet = Report {
            sender: None,
            block: None,
            goodbye: false,
            ..report()
        };
        let length = write(&quiet, &mut buffer);
        assert_eq!((length, buffer[1], buffer[0]), (8 + 28, 201, 0x80));
        assert_eq!(read(&buffer[..length], 42), Some(Heard::default()));
    }

    #[test]
    fn a_length_beyond_the_packet_ends_the_reading() {
        assert_eq!(read(&[0x81, 200, 0, 12, 0, 0], 1), None);
        assert_eq!(read(&[0x80, 96, 0, 0], 1), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&packet, 1);
        }
    }
}
