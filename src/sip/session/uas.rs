//! The called side of a session: 180, 200 until it is acknowledged, refusals, CANCEL.
//!
//! **Invariants.** The 2xx is repeated by the session, T1 doubling to T2, until its ACK or 64·T1. A CANCEL after a final
//! response changes nothing. The first INVITE is kept as bytes until its final response, and no longer.
//!
//! **Source.** RFC 3261 §9.2, §13.3, §15; RFC 6026 §7.1.

use crate::base::time::Now;
use crate::sip::core::Core;
use crate::sip::core::push_abilities;
use crate::sip::dialog::Dialog;
use crate::sip::dialog::tag_text;
use crate::sip::endpoint::EndCause;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::Refusal;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::render;
use crate::sip::session::EARLY_MAX;
use crate::sip::session::OfferState;
use crate::sip::session::PROVISIONAL_REFRESH;
use crate::sip::session::Pending;
use crate::sip::session::Report;
use crate::sip::session::Session;
use crate::sip::session::SessionTimer;
use crate::sip::session::State;
use crate::sip::session::Unacknowledged;
use crate::sip::session::push_reason;
use crate::sip::session::sdp_of;
use crate::sip::transaction::TransactionId;
use crate::sip::write::Writer;

impl Session {
    /// Takes an INVITE whose transaction is open; `Err` is the shortest session interval we take.
    pub(crate) fn incoming(
        now: Now,
        id: SessionId,
        dialog: Dialog,
        (message, bytes): (&Message<'_>, &[u8]),
        (transaction, source): (TransactionId, Route),
        out: &mut Vec<Output>,
    ) -> Result<Self, u32> {
        let interval = Self::read_session_timer(message)?;
        let pending = Box::new(Pending {
            transaction,
            source,
            bytes: Box::from(bytes),
        });
        let until_micros = (now.mono + EARLY_MAX).as_micros();
        let mut session = Self::new(
            id,
            dialog,
            State::Ringing {
                pending,
                last: 100,
                until_micros,
            },
        );
        session.interval_s = interval.unwrap_or(0);
        session.arm(SessionTimer::Refresh, now, PROVISIONAL_REFRESH, out);
        Ok(session)
    }

    /// Sends a provisional response.
    pub(crate) fn ring(&mut self, core: &mut Core, now: Now, status: u16, out: &mut Vec<Output>) {
        let State::Ringing { pending, last, .. } = &mut self.state else {
            return;
        };
        *last = status;
        let contact = core.contact(&pending.source);
        send_reply(
            core,
            now,
            pending,
            (status, self.dialog.local_tag),
            |writer, request| {
                if status > 100 {
                    writer
                        .copy_header(request, HeaderName::RecordRoute)
                        .header(HeaderName::Contact, contact);
                }
            },
            out,
        );
    }

    /// Sends 200 with a session description.
    pub(crate) fn answer(&mut self, core: &mut Core, now: Now, sdp: &str, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Ringing { .. }) {
            return;
        }
        let State::Ringing { pending, .. } =
            std::mem::replace(&mut self.state, State::Answered { hang_up: None })
        else {
            return;
        };
        self.disarm(SessionTimer::Refresh, out);
        self.send_answer(core, now, &pending, sdp, out);
        let interval = (self.interval_s > 0).then_some(self.interval_s);
        self.set_session_timer(now, interval, out);
    }

    /// Sends 200 to an INVITE and repeats it until the ACK.
    pub(super) fn send_answer(
        &mut self,
        core: &mut Core,
        now: Now,
        pending: &Pending,
        sdp: &str,
        out: &mut Vec<Output>,
    ) {
        let Ok(request) = Message::parse(&pending.bytes) else {
            return;
        };
        let tag = tag_text(self.dialog.local_tag);
        let mut writer = render::start_response(&request, &pending.source, 200, Some(&tag));
        writer.copy_header(&request, HeaderName::RecordRoute);
        writer.header(HeaderName::Contact, core.contact(&pending.source));
        push_abilities(&mut writer);
        self.push_session_timer(&mut writer);
        let bytes = writer.body("application/sdp", sdp.as_bytes()).finish_shared();
        let timing = *core.layer.timing();
        self.unacknowledged = Some(Box::new(Unacknowledged {
            cseq: request.cseq().map_or(0, |cseq| cseq.number),
            transaction: pending.transaction,
            bytes: bytes.clone(),
            interval: timing.t1,
            is_offer: sdp_of(&request).is_none(),
        }));
        core.layer.reply(now, pending.transaction, 200, bytes, out);
        self.arm(SessionTimer::Answer, now, timing.t1, out);
        self.arm(SessionTimer::Ack, now, timing.timeout(), out);
    }

    /// Refuses the INVITE; the session is over without another event.
    pub(crate) fn refuse(&mut self, core: &mut Core, now: Now, refusal: &Refusal<'_>, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Ringing { .. }) {
            return self.bye(core, now, refusal.q850, out);
        }
        let reason = refusal.q850.map(render::q850_reason);
        let fill = |writer: &mut Writer| {
            push_reason(writer, reason.as_deref());
            if let Some(seconds) = refusal.retry_after_s {
                writer.header("Retry-After", seconds);
            }
        };
        self.refuse_pending(core, now, refusal.status, fill, out);
        self.finish(out);
    }

    pub(super) fn refuse_pending(
        &mut self,
        core: &mut Core,
        now: Now,
        status: u16,
        fill: impl FnOnce(&mut Writer),
        out: &mut Vec<Output>,
    ) {
        if let State::Ringing { pending, .. } = &self.state {
            let about = (status, self.dialog.local_tag);
            send_reply(core, now, pending, about, |writer, _| fill(writer), out);
        }
    }

    /// The peer cancelled; its CANCEL has been answered.
    pub(crate) fn cancelled(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        if matches!(self.state, State::Ringing { .. }) {
            self.refuse_pending(core, now, 487, |_| (), out);
            self.end(Event::Cancelled { session: self.id }, out);
        } else if let OfferState::Received { pending } = &self.offer {
            let about = (487, self.dialog.local_tag);
            send_reply(core, now, pending, about, |_, _| (), out);
            self.offer = OfferState::None;
            self.disarm(SessionTimer::Offer, out);
            out.push(Output::Event(Event::OfferFailed {
                session: self.id,
                status: 487,
            }));
            self.start_queued(core, now, out);
        }
    }

    /// An ACK of a 2xx of ours.
    pub(crate) fn acknowledged(
        &mut self,
        core: &mut Core,
        now: Now,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) {
        let number = message.cseq().map_or(0, |cseq| cseq.number);
        let Some(answer) = self.unacknowledged.take_if(|answer| answer.cseq == number) else {
            return;
        };
        self.acknowledge_answer(core, now, answer.is_offer, sdp_of(message), out);
    }

    pub(super) fn acknowledge_answer(
        &mut self,
        core: &mut Core,
        now: Now,
        is_offer: bool,
        sdp: Option<Vec<u8>>,
        out: &mut Vec<Output>,
    ) {
        self.disarm(SessionTimer::Answer, out);
        self.disarm(SessionTimer::Ack, out);
        match &mut self.state {
            State::Answered {
                hang_up: Some(hang_up),
            } => {
                let reason = hang_up.reason.take();
                self.state = State::Confirmed;
                return self.send_bye(core, now, reason.as_deref(), Report::Closed, out);
            }
            State::Answered { hang_up: None } => {
                self.state = State::Confirmed;
                out.push(Output::Event(Event::Acknowledged {
                    session: self.id,
                    sdp,
                }));
            }
            State::Confirmed if is_offer => {
                out.push(Output::Event(Event::Acknowledged {
                    session: self.id,
                    sdp,
                }));
            }
            _ => (),
        }
        self.start_queued(core, now, out);
    }

    pub(super) fn repeat_answer(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        let timing = *core.layer.timing();
        let Some(answer) = &mut self.unacknowledged else {
            return;
        };
        answer.interval = timing.next_interval(answer.interval);
        let (interval, transaction, bytes) = (answer.interval, answer.transaction, answer.bytes.clone());
        core.layer.reply(now, transaction, 200, bytes, out);
        self.arm(SessionTimer::Answer, now, interval, out);
    }

    pub(super) fn ack_timeout(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        if let State::Answered {
            hang_up: Some(hang_up),
        } = &mut self.state
        {
            let reason = hang_up.reason.take();
            return self.send_bye(core, now, reason.as_deref(), Report::Closed, out);
        }
        if self.unacknowledged.is_some() {
            let reason = "SIP;cause=408;text=\"no ACK\"";
            self.end_with_bye(core, now, EndCause::AckTimeout, Some(reason), out);
        }
    }

    pub(super) fn refresh_provisional(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        let State::Ringing {
            last, until_micros, ..
        } = self.state
        else {
            return;
        };
        if until_micros <= now.mono.as_micros() {
            self.refuse_pending(core, now, 480, |_| (), out);
            return self.end(
                Event::Ended {
                    session: self.id,
                    cause: EndCause::NoAnswer,
                },
                out,
            );
        }
        self.ring(core, now, last, out);
        self.arm(SessionTimer::Refresh, now, PROVISIONAL_REFRESH, out);
    }
}

/// Answers a request that was kept as bytes.
pub(super) fn send_reply(
    core: &mut Core,
    now: Now,
    pending: &Pending,
    (status, tag): (u16, u64),
    fill: impl FnOnce(&mut Writer, &Message<'_>),
    out: &mut Vec<Output>,
) {
    let Ok(request) = Message::parse(&pending.bytes) else {
        return;
    };
    let tag = (status > 100).then(|| tag_text(tag));
    let mut writer = render::start_response(&request, &pending.source, status, tag.as_deref());
    fill(&mut writer, &request);
    core.layer
        .reply(now, pending.transaction, status, writer.finish_shared(), out);
}
