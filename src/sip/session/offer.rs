//! Renewal of a session: re-INVITE and UPDATE of both sides, and the glare between them.
//!
//! ```text
//!  None --reoffer()--> Sent --2xx--> None
//!    ^                  '--491--> Backoff --timer--> Sent
//!    '--- INVITE, UPDATE with an offer --> Received --answer_offer(), refuse_offer()--> None
//! ```
//!
//! **Invariants.** An offer of theirs that meets one of ours is refused with 491; one that meets an unanswered one of
//! theirs with 500. One offer of ours waits while another is under way; a newer one replaces it. A refused renewal leaves
//! the session as it was; 408 and 481 end it.
//!
//! **Source.** RFC 3261 §14; RFC 3311 §5; RFC 5407 §3.1; RFC 6141 for what a refusal leaves.

use std::time::Duration;

use crate::base::time::Now;
use crate::sip::core::Core;
use crate::sip::endpoint::EndCause;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::Output;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::session::OfferState;
use crate::sip::session::Pending;
use crate::sip::session::Session;
use crate::sip::session::SessionTimer;
use crate::sip::session::State;
use crate::sip::session::has_unknown_body;
use crate::sip::session::sdp_of;
use crate::sip::session::uac::acknowledge;
use crate::sip::session::uas::send_reply;
use crate::sip::transaction::ClientMethod;
use crate::sip::transaction::Purpose;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::Upcall;
use crate::sip::transaction::User;
use crate::sip::write::Writer;

/// How often a re-INVITE is sent again after 491.
const GLARE_ATTEMPTS_MAX: u8 = 5;
/// How long the exchange may think about an offer.
const OFFER_ANSWER_MAX: Duration = Duration::from_secs(20);

impl Session {
    /// Offers a new session description; waits while another offer is under way.
    pub(crate) fn reoffer(&mut self, core: &mut Core, now: Now, sdp: &str, out: &mut Vec<Output>) {
        let is_free = matches!(self.state, State::Confirmed)
            && matches!(self.offer, OfferState::None)
            && self.unacknowledged.is_none();
        match self.state {
            State::Ending { .. } | State::Over => (),
            _ if is_free => self.send_offer(core, now, Box::from(sdp), 0, out),
            _ => self.queued = Some(Box::from(sdp)),
        }
    }

    pub(super) fn start_queued(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        let is_free = matches!(self.state, State::Confirmed)
            && matches!(self.offer, OfferState::None)
            && self.unacknowledged.is_none();
        if is_free && let Some(sdp) = self.queued.take() {
            self.send_offer(core, now, sdp, 0, out);
        }
    }

    fn send_offer(&mut self, core: &mut Core, now: Now, sdp: Box<str>, attempt: u8, out: &mut Vec<Output>) {
        let user = User {
            session: self.id,
            purpose: Purpose::Reinvite,
        };
        let contact = core.contact(&self.dialog.next_hop());
        let transaction = core.send(
            now,
            &mut self.dialog,
            ("INVITE", ClientMethod::Invite, user),
            |writer| {
                writer
                    .header(HeaderName::Contact, contact)
                    .body("application/sdp", sdp.as_bytes());
            },
            out,
        );
        self.offer = OfferState::Sent {
            transaction,
            sdp,
            attempt,
        };
        self.arm(SessionTimer::Offer, now, core.layer.timing().timeout() * 2, out);
    }

    /// Answers an offer of the peer.
    pub(crate) fn answer_offer(&mut self, core: &mut Core, now: Now, sdp: &str, out: &mut Vec<Output>) {
        if !matches!(self.offer, OfferState::Received { .. }) {
            return;
        }
        let OfferState::Received { pending } = std::mem::replace(&mut self.offer, OfferState::None) else {
            return;
        };
        self.disarm(SessionTimer::Offer, out);
        let is_invite = Message::parse(&pending.bytes).is_ok_and(|it| it.method() == Some(&Method::Invite));
        if is_invite {
            return self.send_answer(core, now, &pending, sdp, out);
        }
        self.answer_update(core, now, &pending, Some(sdp), out);
        self.start_queued(core, now, out);
    }

    /// Refuses an offer of the peer; the session goes on as it was.
    pub(crate) fn refuse_offer(&mut self, core: &mut Core, now: Now, status: u16, out: &mut Vec<Output>) {
        if !matches!(self.offer, OfferState::Received { .. }) {
            return;
        }
        if let OfferState::Received { pending } = std::mem::replace(&mut self.offer, OfferState::None) {
            self.disarm(SessionTimer::Offer, out);
            send_reply(
                core,
                now,
                &pending,
                (status, self.dialog.local_tag),
                |_, _| (),
                out,
            );
            self.start_queued(core, now, out);
        }
    }

    /// A re-INVITE or UPDATE of the peer.
    pub(super) fn receive_offer(
        &mut self,
        core: &mut Core,
        now: Now,
        message: &Message<'_>,
        pending: Box<Pending>,
        out: &mut Vec<Output>,
    ) {
        let is_invite = message.method() == Some(&Method::Invite);
        let tag = self.dialog.local_tag;
        if is_invite && matches!(self.state, State::Answered { .. }) {
            // The ACK was lost, or comes behind: the new INVITE proves that the 2xx arrived. RFC 5407 §3.1.5.
            if let Some(answer) = self.unacknowledged.take_if(|answer| !answer.is_offer) {
                self.acknowledge_answer(core, now, answer.is_offer, None, out);
            }
        }
        if let Some(status) = self.offer_conflict(is_invite, message) {
            let retry_after_s = core.random.below(10);
            return send_reply(
                core,
                now,
                &pending,
                (status, tag),
                |writer, _| {
                    if status == 500 {
                        writer.header("Retry-After", retry_after_s);
                    } else if status == 415 {
                        writer.header(HeaderName::Accept, "application/sdp");
                    }
                },
                out,
            );
        }
        match Self::read_session_timer(message) {
            Ok(None) => (),
            Ok(interval) => self.set_session_timer(now, interval, out),
            Err(min_s) => {
                let fill = |writer: &mut Writer, _: &Message<'_>| {
                    writer.header(HeaderName::MinSe, min_s);
                };
                return send_reply(core, now, &pending, (422, tag), fill, out);
            }
        }
        self.dialog.refresh_target(message);
        let sdp = sdp_of(message);
        if !is_invite && sdp.is_none() {
            return self.answer_update(core, now, &pending, None, out);
        }
        if is_invite {
            send_reply(core, now, &pending, (100, tag), |_, _| (), out);
        }
        self.offer = OfferState::Received { pending };
        self.arm(SessionTimer::Offer, now, OFFER_ANSWER_MAX, out);
        out.push(Output::Event(Event::Offer {
            session: self.id,
            sdp,
        }));
    }

    /// The status that refuses an offer at this moment.
    fn offer_conflict(&self, is_invite: bool, message: &Message<'_>) -> Option<u16> {
        if has_unknown_body(message) {
            return Some(415);
        }
        if !is_invite && message.body().is_empty() {
            return None;
        }
        match (&self.offer, &self.state) {
            (_, State::Ending { .. } | State::Over) => Some(481),
            (OfferState::Sent { .. }, _) => Some(491),
            (OfferState::Received { .. }, _) | (_, State::Ringing { .. }) => Some(500),
            (_, State::Calling { .. } | State::Answered { .. }) => Some(491),
            _ if self.unacknowledged.is_some() => Some(491),
            _ => None,
        }
    }

    fn answer_update(
        &mut self,
        core: &mut Core,
        now: Now,
        pending: &Pending,
        sdp: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        let contact = core.contact(&pending.source);
        let about = (200, self.dialog.local_tag);
        send_reply(
            core,
            now,
            pending,
            about,
            |writer, _| {
                writer.header(HeaderName::Contact, contact);
                self.push_session_timer(writer);
                if let Some(sdp) = sdp {
                    writer.body("application/sdp", sdp.as_bytes());
                }
            },
            out,
        );
    }

    pub(super) fn receive_reinvite_response(
        &mut self,
        core: &mut Core,
        now: Now,
        (transaction, upcall): (TransactionId, Upcall),
        message: Option<&Message<'_>>,
        out: &mut Vec<Output>,
    ) {
        let status = match (upcall, message.and_then(Message::status)) {
            (Upcall::Response, Some(status)) => status,
            (Upcall::TransportFailed, _) => 503,
            _ => 408,
        };
        if status < 200 {
            return;
        }
        if let Some(message) = message.filter(|_| status < 300) {
            self.dialog.refresh_target(message);
            acknowledge(core, transaction, &self.dialog, message, out);
        }
        let is_current =
            matches!(&self.offer, OfferState::Sent { transaction: sent, .. } if *sent == transaction);
        if !is_current {
            return;
        }
        let OfferState::Sent { sdp, attempt, .. } = std::mem::replace(&mut self.offer, OfferState::None)
        else {
            return;
        };
        self.disarm(SessionTimer::Offer, out);
        match status {
            200..=299 => {
                let sdp = message.and_then(sdp_of);
                out.push(Output::Event(Event::OfferAnswered {
                    session: self.id,
                    sdp,
                }));
                self.start_queued(core, now, out);
            }
            491 if attempt < GLARE_ATTEMPTS_MAX => {
                // Units of 10 ms; the owner of the Call-ID waits longer. RFC 3261 §14.1.
                let units = if self.dialog.is_caller {
                    210 + core.random.below(191)
                } else {
                    core.random.below(201)
                };
                self.offer = OfferState::Backoff {
                    sdp,
                    attempt: attempt + 1,
                };
                self.arm(SessionTimer::Offer, now, Duration::from_millis(units * 10), out);
            }
            481 => {
                let cause = EndCause::NoAnswer;
                self.end(
                    Event::Ended {
                        session: self.id,
                        cause,
                    },
                    out,
                );
            }
            408 => self.end_with_bye(core, now, EndCause::NoAnswer, None, out),
            status => {
                out.push(Output::Event(Event::OfferFailed {
                    session: self.id,
                    status,
                }));
                self.start_queued(core, now, out);
            }
        }
    }

    pub(super) fn offer_timeout(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        match std::mem::replace(&mut self.offer, OfferState::None) {
            OfferState::None => (),
            OfferState::Sent { transaction, .. } => {
                core.layer.orphan(now, transaction, out);
                self.end_with_bye(core, now, EndCause::NoAnswer, None, out);
            }
            OfferState::Backoff { sdp, attempt } if self.unacknowledged.is_none() => {
                // A newer offer of ours makes the refused one pointless.
                let sdp = self.queued.take().unwrap_or(sdp);
                self.send_offer(core, now, sdp, attempt, out);
            }
            OfferState::Backoff { sdp, .. } => {
                self.queued.get_or_insert(sdp);
            }
            OfferState::Received { pending } => {
                send_reply(core, now, &pending, (500, self.dialog.local_tag), |_, _| (), out);
                out.push(Output::Event(Event::OfferFailed {
                    session: self.id,
                    status: 500,
                }));
                self.start_queued(core, now, out);
            }
        }
    }

    /// Gives up every offer because the session ends.
    pub(super) fn drop_offer(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        self.queued = None;
        self.disarm(SessionTimer::Offer, out);
        match std::mem::replace(&mut self.offer, OfferState::None) {
            OfferState::Received { pending } => {
                send_reply(core, now, &pending, (487, self.dialog.local_tag), |_, _| (), out);
            }
            // A late 2xx is still acknowledged.
            OfferState::Sent { transaction, .. } => core.layer.orphan(now, transaction, out),
            OfferState::Backoff { .. } | OfferState::None => (),
        }
    }
}
