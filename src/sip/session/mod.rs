//! An INVITE session: one leg, from its INVITE to the end of its BYE.
//!
//! ```text
//!  ours:    Calling ----------2xx--------------------.
//!             '--- refused, timeout, cancelled --> Over
//!                                                     v           bye()
//!  theirs:  Ringing --answer()--> Answered --ACK--> Confirmed ---------> Ending --any--> Over
//!             '--- refuse(), CANCEL, BYE --> Over     '--- BYE, 481, no ACK --> Over
//! ```
//!
//! Driven by `Endpoint`; drives the transaction layer. `uac` and `uas` begin a session, `offer` renews it, this file
//! ends it.
//!
//! **Invariants.** Every session reports its end once: `Failed`, `Cancelled`, `Ended` or `Closed`; a session that the
//! exchange refused itself ends in silence. Every state but Confirmed has a timer; Confirmed has one when the peer asked
//! for a session timer. At most one offer is under way; one more of ours waits in a queue of one.
//!
//! **Not here.** What is in an offer (`sdp`), who talks to whom (`call`).
//!
//! **Source.** RFC 3261 §13, §14, §15; RFC 3311; RFC 4028; races after RFC 5407.

use std::sync::Arc;
use std::time::Duration;

use crate::base::time::Now;
use crate::sip::core::Core;
use crate::sip::dialog::Dialog;
use crate::sip::dialog::Hop;
use crate::sip::endpoint::Completed;
use crate::sip::endpoint::EndCause;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::Key;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::TimerKey;
use crate::sip::header::HeaderName;
use crate::sip::header::parse_seconds;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::render;
use crate::sip::transaction::ClientMethod;
use crate::sip::transaction::Purpose;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::Upcall;
use crate::sip::transaction::User;
use crate::sip::write::Writer;

pub(crate) mod offer;
pub(crate) mod uac;
pub(crate) mod uas;

/// Longest time until an INVITE has its final response: the engine's own ring limits are far shorter.
const EARLY_MAX: Duration = Duration::from_mins(30);
/// How often a provisional response is repeated. Source: RFC 3261 §13.3.1.1.
const PROVISIONAL_REFRESH: Duration = Duration::from_mins(1);
/// Shortest session interval. Source: RFC 4028 §5.
const SESSION_EXPIRES_MIN_S: u32 = 90;

/// A timer of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum SessionTimer {
    /// The final response, or what follows a CANCEL.
    Early,
    /// Repeat the last provisional response.
    Refresh,
    /// Repeat the 2xx.
    Answer,
    /// No ACK for 64·T1.
    Ack,
    /// An offer waits too long, or a refused one is tried again.
    Offer,
    /// The peer has not refreshed the session.
    Expires,
}

impl SessionTimer {
    const ALL: [Self; 6] = [
        Self::Early,
        Self::Refresh,
        Self::Answer,
        Self::Ack,
        Self::Offer,
        Self::Expires,
    ];

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A request whose answer the exchange decides.
#[derive(Debug)]
pub(crate) struct Pending {
    transaction: TransactionId,
    source: Route,
    bytes: Box<[u8]>,
}

/// A 2xx that nobody has acknowledged.
#[derive(Debug)]
struct Unacknowledged {
    cseq: u32,
    transaction: TransactionId,
    bytes: Arc<[u8]>,
    interval: Duration,
    /// Whether the ACK carries the answer to an offer in this 2xx.
    is_offer: bool,
}

#[derive(Debug)]
enum State {
    Calling {
        transaction: TransactionId,
        heard: bool,
        cancel: Cancel,
    },
    Ringing {
        pending: Box<Pending>,
        last: u16,
        until_micros: u64,
    },
    Answered {
        hang_up: Option<HangUp>,
    },
    Confirmed,
    Ending {
        report: Report,
    },
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    No,
    /// As soon as a provisional response comes.
    Wanted(Completed),
    Sent,
}

/// A BYE that waits for an ACK.
#[derive(Debug)]
struct HangUp {
    reason: Option<String>,
}

/// Whether the end of a BYE is still to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Report {
    Closed,
    Nothing,
}

/// What the renewal of the session is at.
#[derive(Debug)]
enum OfferState {
    None,
    /// Our re-INVITE waits for its response.
    Sent {
        transaction: TransactionId,
        sdp: Box<str>,
        attempt: u8,
    },
    /// Our re-INVITE met theirs; it is sent again when the timer fires.
    Backoff {
        sdp: Box<str>,
        attempt: u8,
    },
    /// Their re-INVITE or UPDATE waits for the exchange.
    Received {
        pending: Box<Pending>,
    },
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) dialog: Dialog,
    state: State,
    offer: OfferState,
    queued: Option<Box<str>>,
    unacknowledged: Option<Box<Unacknowledged>>,
    /// Seconds; 0 without a session timer.
    interval_s: u32,
    armed: u8,
}

impl Session {
    fn new(id: SessionId, dialog: Dialog, state: State) -> Self {
        Self {
            id,
            dialog,
            state,
            offer: OfferState::None,
            queued: None,
            unacknowledged: None,
            interval_s: 0,
            armed: 0,
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Ends the session as its state allows: CANCEL, a refusal, BYE, or BYE once the 2xx is acknowledged.
    pub(crate) fn bye(&mut self, core: &mut Core, now: Now, q850: Option<(u8, &str)>, out: &mut Vec<Output>) {
        let reason = q850.map(render::q850_reason);
        match &mut self.state {
            State::Calling { .. } => self.cancel(core, now, Completed::No, out),
            State::Ringing { .. } => {
                self.refuse_pending(
                    core,
                    now,
                    480,
                    |writer| push_reason(writer, reason.as_deref()),
                    out,
                );
                self.end(Event::Closed { session: self.id }, out);
            }
            State::Answered { hang_up } => *hang_up = Some(HangUp { reason }),
            State::Confirmed => self.send_bye(core, now, reason.as_deref(), Report::Closed, out),
            State::Ending { .. } | State::Over => (),
        }
    }

    /// A request of the peer inside the dialog; its transaction is open.
    pub(crate) fn receive(
        &mut self,
        core: &mut Core,
        now: Now,
        (message, bytes): (&Message<'_>, &[u8]),
        pending: (TransactionId, Route),
        out: &mut Vec<Output>,
    ) {
        let (transaction, source) = pending;
        let Ok(cseq) = message.cseq() else {
            return;
        };
        if !self.dialog.advance_remote(cseq.number) {
            return core.reply(
                now,
                (message, &source),
                transaction,
                (500, |_: &mut Writer| ()),
                out,
            );
        }
        if self.dialog.hop == Hop::Learned {
            self.dialog.route = source;
        }
        let is_ending = matches!(self.state, State::Ending { .. } | State::Over);
        match cseq.method {
            Method::Bye => {
                core.reply(
                    now,
                    (message, &source),
                    transaction,
                    (200, |_: &mut Writer| ()),
                    out,
                );
                self.receive_bye(core, now, message, out);
            }
            _ if is_ending => {
                core.reply(
                    now,
                    (message, &source),
                    transaction,
                    (481, |_: &mut Writer| ()),
                    out,
                );
            }
            Method::Invite | Method::Update => {
                let pending = Box::new(Pending {
                    transaction,
                    source,
                    bytes: Box::from(bytes),
                });
                self.receive_offer(core, now, message, pending, out);
            }
            Method::Info => {
                core.reply(
                    now,
                    (message, &source),
                    transaction,
                    (200, |_: &mut Writer| ()),
                    out,
                );
                let content_type = message
                    .text(HeaderName::ContentType)
                    .unwrap_or_default()
                    .into_owned();
                let body = message.body().to_vec();
                out.push(Output::Event(Event::Info {
                    session: self.id,
                    content_type,
                    body,
                }));
            }
            _ => core.answer_capabilities(now, message, &source, transaction, out),
        }
    }

    fn receive_bye(&mut self, core: &mut Core, now: Now, message: &Message<'_>, out: &mut Vec<Output>) {
        let reason = message.text(HeaderName::Reason).map(std::borrow::Cow::into_owned);
        match &self.state {
            // Both hung up: our BYE goes on to its own response.
            State::Ending { .. } | State::Over => return,
            State::Ringing { .. } => self.refuse_pending(core, now, 487, |_| (), out),
            State::Calling { transaction, .. } => core.layer.orphan(now, *transaction, out),
            State::Answered { hang_up: Some(_) } => return self.end(Event::Closed { session: self.id }, out),
            State::Answered { hang_up: None } | State::Confirmed => self.drop_offer(core, now, out),
        }
        self.end(
            Event::Ended {
                session: self.id,
                cause: EndCause::Bye { reason },
            },
            out,
        );
    }

    /// A response to, or the failure of, a request of this session.
    pub(crate) fn receive_response(
        &mut self,
        core: &mut Core,
        now: Now,
        (transaction, user, upcall): (TransactionId, User, Upcall),
        message: Option<&Message<'_>>,
        out: &mut Vec<Output>,
    ) {
        match user.purpose {
            Purpose::Invite => self.receive_invite_response(core, now, (transaction, upcall), message, out),
            Purpose::Reinvite => {
                self.receive_reinvite_response(core, now, (transaction, upcall), message, out);
            }
            Purpose::Bye => {
                let is_provisional = message
                    .and_then(Message::status)
                    .is_some_and(|status| status < 200);
                if upcall == Upcall::Response && is_provisional {
                    return;
                }
                match self.state {
                    State::Ending {
                        report: Report::Closed,
                    } => self.end(Event::Closed { session: self.id }, out),
                    _ => self.finish(out),
                }
            }
            Purpose::Nothing => (),
        }
    }

    /// A timer of this session fired.
    pub(crate) fn timeout(&mut self, core: &mut Core, now: Now, timer: SessionTimer, out: &mut Vec<Output>) {
        self.armed &= !timer.bit();
        match timer {
            SessionTimer::Early => self.early_timeout(core, now, out),
            SessionTimer::Refresh => self.refresh_provisional(core, now, out),
            SessionTimer::Answer => self.repeat_answer(core, now, out),
            SessionTimer::Ack => self.ack_timeout(core, now, out),
            SessionTimer::Offer => self.offer_timeout(core, now, out),
            SessionTimer::Expires => {
                if matches!(self.state, State::Confirmed) {
                    let cause = EndCause::SessionExpired;
                    self.end_with_bye(
                        core,
                        now,
                        cause,
                        Some("SIP;cause=408;text=\"session expired\""),
                        out,
                    );
                }
            }
        }
    }

    /// Ends a session that failed inside: reports it, and tells the peer with a BYE whose end nobody waits for.
    fn end_with_bye(
        &mut self,
        core: &mut Core,
        now: Now,
        cause: EndCause,
        reason: Option<&str>,
        out: &mut Vec<Output>,
    ) {
        out.push(Output::Event(Event::Ended {
            session: self.id,
            cause,
        }));
        self.send_bye(core, now, reason, Report::Nothing, out);
    }

    fn send_bye(
        &mut self,
        core: &mut Core,
        now: Now,
        reason: Option<&str>,
        report: Report,
        out: &mut Vec<Output>,
    ) {
        self.drop_offer(core, now, out);
        self.unacknowledged = None;
        self.disarm_all(out);
        let user = User {
            session: self.id,
            purpose: Purpose::Bye,
        };
        core.send(
            now,
            &mut self.dialog,
            ("BYE", ClientMethod::Other, user),
            |writer| push_reason(writer, reason),
            out,
        );
        self.state = State::Ending { report };
    }

    /// Reports the end and forgets everything.
    fn end(&mut self, event: Event, out: &mut Vec<Output>) {
        out.push(Output::Event(event));
        self.finish(out);
    }

    fn finish(&mut self, out: &mut Vec<Output>) {
        self.disarm_all(out);
        self.state = State::Over;
        self.offer = OfferState::None;
        self.queued = None;
        self.unacknowledged = None;
    }

    fn arm(&mut self, timer: SessionTimer, now: Now, after: Duration, out: &mut Vec<Output>) {
        self.armed |= timer.bit();
        out.push(Output::SetTimer(
            TimerKey(Key::Session(self.id, timer)),
            now.mono + after,
        ));
    }

    fn disarm(&mut self, timer: SessionTimer, out: &mut Vec<Output>) {
        if self.armed & timer.bit() != 0 {
            self.armed &= !timer.bit();
            out.push(Output::StopTimer(TimerKey(Key::Session(self.id, timer))));
        }
    }

    fn disarm_all(&mut self, out: &mut Vec<Output>) {
        for timer in SessionTimer::ALL {
            self.disarm(timer, out);
        }
    }

    /// Reads the session timer that a peer asks for and refreshes itself; `Err` is the shortest interval we take.
    ///
    /// Source: RFC 4028 §9; a peer that wants us to refresh gets no session timer.
    fn read_session_timer(message: &Message<'_>) -> Result<Option<u32>, u32> {
        let supports = message
            .tokens(HeaderName::Supported)
            .chain(message.tokens(HeaderName::Require));
        let is_supported = { supports }.any(|token| token.eq_ignore_ascii_case("timer"));
        let Some(text) = message.text(HeaderName::SessionExpires).filter(|_| is_supported) else {
            return Ok(None);
        };
        let (seconds, params) = text.split_once(';').unwrap_or((&text, ""));
        let Some(seconds) = parse_seconds(seconds) else {
            return Ok(None);
        };
        if seconds < SESSION_EXPIRES_MIN_S {
            return Err(SESSION_EXPIRES_MIN_S);
        }
        let wants_us = params.split(';').any(|param| {
            let param: String = param.split_whitespace().collect();
            param.eq_ignore_ascii_case("refresher=uas")
        });
        Ok((!wants_us).then_some(seconds))
    }

    fn set_session_timer(&mut self, now: Now, interval: Option<u32>, out: &mut Vec<Output>) {
        self.interval_s = interval.unwrap_or(0);
        match interval {
            Some(seconds) => {
                self.arm(
                    SessionTimer::Expires,
                    now,
                    Duration::from_secs(u64::from(seconds)),
                    out,
                );
            }
            None => self.disarm(SessionTimer::Expires, out),
        }
    }

    /// Writes the session timer into a 2xx to the peer who refreshes.
    fn push_session_timer(&self, writer: &mut Writer) {
        if self.interval_s > 0 {
            let interval_s = self.interval_s;
            writer.header(HeaderName::Require, "timer");
            writer.header(
                HeaderName::SessionExpires,
                format_args!("{interval_s};refresher=uac"),
            );
        }
    }
}

fn push_reason(writer: &mut Writer, reason: Option<&str>) {
    if let Some(reason) = reason {
        writer.header(HeaderName::Reason, reason);
    }
}

/// The session description of a message: its body when the type says so, or the first such part of a multipart body.
pub(crate) fn sdp_of(message: &Message<'_>) -> Option<Vec<u8>> {
    if message.body().is_empty() {
        return None;
    }
    let kind = message.content_type().ok()?;
    if kind.is("application/sdp") {
        return Some(message.body().to_vec());
    }
    if !kind.kind.eq_ignore_ascii_case("multipart") {
        return None;
    }
    let boundary = format!("--{}", kind.params.get("boundary")?);
    let text = str::from_utf8(message.body()).ok()?;
    text.split(boundary.as_str()).find_map(|part| {
        let (head, body) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
        let is_sdp = head.lines().any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with("content-type:") && line.contains("application/sdp")
        });
        is_sdp.then(|| body.strip_suffix("\r\n").unwrap_or(body).as_bytes().to_vec())
    })
}

/// Whether a body is there that holds no session description and may not be ignored.
pub(crate) fn has_unknown_body(message: &Message<'_>) -> bool {
    !message.body().is_empty() && sdp_of(message).is_none()
}
