//! The RTCP side of a leg: when a report is due, what it says, and what the peer's reports tell us.
//!
//! **Invariants.** A compound is sent every 5 s ± 10 % while the flow lets us, to the control address that was
//! signalled or that the peer's own reports come from; a stranger's report changes nothing.
//! **Not here.** The bytes (`rtcp`).
//! **Source.** RFC 3550 §6.2, §6.4; RFC 5761 §5.1.3.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::time::MonoTime;
use crate::base::time::micros;
use crate::media::command::LegMedia;
use crate::media::endpoint::Endpoint;
use crate::media::latch::SourceLatch;
use crate::media::plane::Channel;
use crate::media::plane::Port;
use crate::media::rtcp;
use crate::media::rtcp::COMPOUND_BYTES_MAX;
use crate::media::rtcp::Report;
use crate::media::rtcp::ReportBlock;
use crate::media::rtcp::SenderInfo;

/// From 1900 to 1970.
const NTP_EPOCH_S: u64 = 2_208_988_800;

/// The reports of one leg.
#[derive(Debug)]
pub struct Reports {
    due: MonoTime,
    cname: [u8; 16],
    packets_reported: u64,
    last_sr: Option<(u32, MonoTime)>,
    learned: Option<SocketAddr>,
}

/// Whether a compound ends with BYE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The leg goes on.
    GoesOn,
    /// The leg is closed.
    Leaves,
}

impl Reports {
    /// The first report is due after a half interval.
    pub fn new(now: MonoTime, ssrc: u32, salt: u32) -> Self {
        let mut cname = [0; 16];
        let name = (u64::from(ssrc.rotate_left(16) ^ 0x5EED_1234) << 32) | u64::from(salt);
        for (place, shift) in cname.iter_mut().zip((0..16_u32).rev()) {
            let digit = u32::try_from((name >> (4 * shift)) & 0xf).unwrap_or(0);
            *place = char::from_digit(digit, 16)
                .and_then(|it| u8::try_from(it).ok())
                .unwrap_or(b'0');
        }
        let due = now + Duration::from_millis(2_500);
        Self {
            due,
            cname,
            packets_reported: 0,
            last_sr: None,
            learned: None,
        }
    }

    /// Takes a compound from the leg's RTCP (or shared) socket.
    pub fn receive(&mut self, now: MonoTime, endpoint: &mut Endpoint, source: SocketAddr, packet: &[u8]) {
        let (Some(media), Some(latch)) = (&endpoint.media, &endpoint.latch) else {
            return;
        };
        if !latch.knows_host(source.ip()) && media.remote_rtcp.map(|it| it.ip()) != Some(source.ip()) {
            endpoint.note_stranger();
            return;
        }
        let Some(heard) = rtcp::read(packet, endpoint.out.ssrc()) else {
            return;
        };
        self.learned = Some(source);
        endpoint.note_heard(now);
        if let Some(ntp) = heard.sender_report {
            self.last_sr = Some((ntp, now));
        }
        if let Some(block) = heard.about_us {
            endpoint.far_loss = block.fraction_lost;
        }
    }

    /// Whether a report is due.
    pub fn is_due(&self, now: MonoTime) -> bool {
        self.due <= now
    }

    /// Writes and sends a compound. `wall_zero_us` is the wall instant of `MonoTime` zero.
    pub fn send(
        &mut self,
        now: MonoTime,
        wall_zero_us: i64,
        endpoint: &mut Endpoint,
        ending: Ending,
        port: &mut impl Port,
    ) {
        // 4.5 to 5.5 s, differently from leg to leg and from time to time.
        let spread = u64::from(
            endpoint
                .out
                .ssrc()
                .wrapping_mul(31)
                .wrapping_add(endpoint.leg().slot)
                % 1_000,
        );
        self.due = now + Duration::from_millis(4_500 + (spread + now.as_micros() / 1_000) % 1_000);
        let Some((channel, to)) = endpoint
            .media
            .as_ref()
            .and_then(|media| self.address(media, endpoint))
        else {
            return;
        };
        let report = self.report(now, wall_zero_us, endpoint, ending);
        let mut buffer = [0; COMPOUND_BYTES_MAX];
        let length = rtcp::write(&report, &mut buffer);
        if let Some(compound) = buffer.get(..length) {
            port.send(endpoint.leg().slot, channel, to, compound);
        }
    }

    fn address(&self, media: &LegMedia, endpoint: &Endpoint) -> Option<(Channel, SocketAddr)> {
        media.remote_rtp?;
        if media.rtcp_mux {
            let locked = endpoint.latch.as_ref().and_then(SourceLatch::locked);
            return locked.or(media.remote_rtp).map(|to| (Channel::Rtp, to));
        }
        self.learned.or(media.remote_rtcp).map(|to| (Channel::Rtcp, to))
    }

    fn report(
        &mut self,
        now: MonoTime,
        wall_zero_us: i64,
        endpoint: &mut Endpoint,
        ending: Ending,
    ) -> Report {
        let out = &endpoint.out;
        let sender = (self.packets_reported < out.packets).then(|| SenderInfo {
            ntp: ntp(now, wall_zero_us),
            timestamp: out.timestamp_at(now),
            packets: low(out.packets),
            octets: low(out.octets),
        });
        self.packets_reported = out.packets;
        let ssrc = out.ssrc();
        let reception = &mut endpoint.reception;
        let block = reception.ssrc().map(|source| ReportBlock {
            ssrc: source,
            fraction_lost: reception.take_fraction_lost(),
            lost: u32::try_from(reception.lost()).unwrap_or(u32::MAX),
            highest: reception.highest(),
            jitter: reception.jitter(),
            last_sr: self.last_sr.map_or(0, |(ntp, _)| ntp),
            delay: self
                .last_sr
                .map_or(0, |(_, at)| low(micros(now.since(at)) * 65_536 / 1_000_000)),
        });
        Report {
            ssrc,
            sender,
            block,
            cname: self.cname,
            goodbye: ending == Ending::Leaves,
        }
    }
}

fn ntp(now: MonoTime, wall_zero_us: i64) -> u64 {
    let wall_us = u64::try_from(wall_zero_us)
        .unwrap_or(0)
        .saturating_add(now.as_micros());
    let seconds = wall_us / 1_000_000 + NTP_EPOCH_S;
    (seconds << 32) | (((wall_us % 1_000_000) << 32) / 1_000_000)
}

#[allow(clippy::cast_possible_truncation, reason = "RTCP counters wrap")]
fn low(count: u64) -> u32 {
    count as u32
}
