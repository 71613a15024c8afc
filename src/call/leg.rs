//! A leg: one SIP session, its offer/answer state and its media.
//!
//! **Invariants.** A leg's sockets are taken before its SDP is written and given back when the worker reports them
//! closed. What the peer may send from is settled by offer/answer and locked by the media plane.

use std::net::IpAddr;
use std::net::SocketAddr;

use crate::base::codec::Codec;
use crate::base::ids::LegId;
use crate::call::context::CallOutput;
use crate::call::context::Ctx;
use crate::media::command::Flow;
use crate::media::command::Latch;
use crate::media::command::LegMedia;
use crate::media::command::MediaCommand;
use crate::media::command::MediaLeg;
use crate::media::command::StreamStart;
use crate::media::port_pool::Family;
use crate::sdp::negotiate::LocalMedia;
use crate::sdp::negotiate::Negotiated;
use crate::sdp::negotiate::SdpError;
use crate::sdp::negotiate::SdpSession;
use crate::sip::endpoint::SessionId;

/// One party's leg.
#[derive(Debug)]
pub struct Leg {
    /// Its id in facts.
    pub id: LegId,
    /// Its SIP session.
    pub session: SessionId,
    /// Where its sockets listen for RTP.
    pub address: SocketAddr,
    /// The handle of its media.
    pub media_leg: MediaLeg,
    /// Whether the worker serves it.
    pub open: bool,
    sdp: SdpSession,
    codecs: Vec<Codec>,
    media: Option<LegMedia>,
    latch: Latch,
}

impl Leg {
    /// Makes a leg towards a peer at `peer_ip`, on sockets of the same address family. `None`: no socket is free.
    pub fn new(
        ctx: &mut Ctx<'_>,
        session: SessionId,
        peer_ip: IpAddr,
        codecs: Vec<Codec>,
        latch: Latch,
    ) -> Option<Self> {
        let family = Family::of(peer_ip);
        let slot = ctx.ports.take(family)?;
        Some(Self {
            id: LegId::new(ctx.now, ctx.random),
            session,
            address: SocketAddr::new(ctx.addresses.of(family), slot.rtp_port),
            media_leg: slot.leg,
            open: false,
            sdp: SdpSession::new(ctx.random.next_u64() >> 2),
            codecs,
            media: None,
            latch,
        })
    }

    /// Whether the peer hears us and we hear the peer.
    pub fn is_two_way(&self) -> bool {
        self.media
            .as_ref()
            .is_some_and(|media| media.flow.send && media.flow.receive)
    }

    /// Answers the peer's offer.
    ///
    /// # Errors
    /// What offer/answer refuses.
    pub fn answer_offer(&mut self, offer: &[u8]) -> Result<(String, Negotiated), SdpError> {
        let local = local_media(self.address.ip(), self.address.port(), &self.codecs);
        let (answer, negotiated) = self.sdp.answer(offer, &local)?;
        self.media = Some(self.leg_media(&negotiated));
        Ok((answer, negotiated))
    }

    /// Writes our own offer.
    pub fn offer(&mut self) -> String {
        let local = local_media(self.address.ip(), self.address.port(), &self.codecs);
        self.sdp
            .offer(&local, crate::sdp::description::Direction::SendRecv)
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// What offer/answer refuses.
    pub fn accept_answer(&mut self, answer: &[u8]) -> Result<Negotiated, SdpError> {
        let negotiated = self.sdp.accept_answer(answer)?;
        self.media = Some(self.leg_media(&negotiated));
        Ok(negotiated)
    }

    /// Lets the worker serve the leg, or tells it what has changed.
    pub fn apply(&mut self, ctx: &mut Ctx<'_>) {
        let leg = self.media_leg;
        match (&self.media, self.open) {
            (Some(media), true) => ctx.media.push(MediaCommand::Modify {
                leg,
                media: media.clone(),
            }),
            (media, false) => {
                let start = StreamStart {
                    ssrc: ctx.random.next_u32(),
                    sequence: u16::try_from(ctx.random.below(0x8000)).unwrap_or(0),
                    timestamp: ctx.random.next_u32(),
                };
                self.open = true;
                ctx.out.push(CallOutput::LegOpened {
                    media: leg,
                    leg: self.id,
                });
                ctx.media.push(MediaCommand::Open {
                    leg,
                    media: media.clone(),
                    start,
                });
            }
            (None, true) => {}
        }
    }

    /// Ends the media; a leg that was never served gives its sockets back at once.
    pub fn close(&mut self, ctx: &mut Ctx<'_>) {
        if self.open {
            ctx.media.push(MediaCommand::Close { leg: self.media_leg });
        } else {
            ctx.ports.release(self.media_leg);
        }
    }

    fn leg_media(&self, negotiated: &Negotiated) -> LegMedia {
        LegMedia {
            remote_rtp: negotiated.remote_rtp,
            remote_rtcp: negotiated.remote_rtcp,
            rtcp_mux: negotiated.rtcp_mux,
            codec: negotiated.codec,
            payload_type: negotiated.payload_type,
            telephone_event: negotiated.telephone_event,
            flow: Flow {
                send: negotiated.send,
                receive: negotiated.receive,
            },
            latch: self.latch,
        }
    }
}

fn local_media(address: IpAddr, rtp_port: u16, codecs: &[Codec]) -> LocalMedia<'_> {
    LocalMedia {
        address,
        rtp_port,
        codecs,
        telephone_event: true,
        rtcp_mux: true,
    }
}
