//! The calling side of a session: INVITE, early dialogs, the ACK of a 2xx, CANCEL and its races.
//!
//! **Invariants.** A 2xx is acknowledged whatever else has happened. A cancelled INVITE ends in exactly one `Failed`,
//! also when the 2xx crossed the CANCEL: then ACK and BYE follow by themselves. The dialog is that of the last
//! provisional response until a 2xx makes it its own; a second 2xx with another tag is acknowledged and ended.
//!
//! **Source.** RFC 3261 §9.1, §13.2; RFC 3326; RFC 6026 §7.2.

use std::sync::Arc;

use crate::base::time::Now;
use crate::sip::core::Core;
use crate::sip::dialog::Dialog;
use crate::sip::dialog::Hop;
use crate::sip::dialog::tag_text;
use crate::sip::endpoint::Completed;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::OutgoingInvite;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::Target;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::render;
use crate::sip::session::Cancel;
use crate::sip::session::EARLY_MAX;
use crate::sip::session::Report;
use crate::sip::session::Session;
use crate::sip::session::SessionTimer;
use crate::sip::session::State;
use crate::sip::session::sdp_of;
use crate::sip::transaction::ClientMethod;
use crate::sip::transaction::Outgoing;
use crate::sip::transaction::Purpose;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::Upcall;
use crate::sip::transaction::User;

const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

impl Session {
    /// Sends an INVITE.
    pub(crate) fn invite(
        core: &mut Core,
        now: Now,
        id: SessionId,
        request: &OutgoingInvite,
        out: &mut Vec<Output>,
    ) -> Self {
        let (target, route, hop) = match &request.target {
            Target::Binding { contact, route } => (contact, *route, Hop::Learned),
            Target::Uri { uri, route } => (uri, *route, Hop::Computed),
        };
        let local_tag = core.random.next_u64();
        let host = core.host(&route);
        let user = escape_user(&request.from_user);
        let display = request
            .from_display
            .as_deref()
            .map(quote_display)
            .unwrap_or_default();
        let call_id = core.random.hex(32);
        let to_user = escape_user(&request.to_user);
        let mut dialog = Dialog {
            call_id: call_id.into(),
            local_tag,
            remote_tag: Box::default(),
            local: format!("{display}<sip:{user}@{host}>;tag={}", tag_text(local_tag)).into(),
            remote: format!("<sip:{to_user}@{}>", route.remote).into(),
            local_cseq: core.random.next_u32() >> 8,
            remote_cseq: None,
            routes: Box::default(),
            target: Box::from(target.as_str()),
            route,
            hop: Hop::Learned,
            is_caller: true,
        };
        let user = User {
            session: id,
            purpose: Purpose::Invite,
        };
        let contact = core.contact(&route);
        let transaction = core.send(
            now,
            &mut dialog,
            ("INVITE", ClientMethod::Invite, user),
            |writer| {
                writer.header(HeaderName::Contact, contact);
                for (name, value) in &request.headers {
                    writer.header(name, value);
                }
                writer.body("application/sdp", request.sdp.as_bytes());
            },
            out,
        );
        // The INVITE itself went where it was told; what follows finds its own way.
        dialog.hop = hop;
        let state = State::Calling {
            transaction,
            heard: false,
            cancel: Cancel::No,
        };
        let mut session = Self::new(id, dialog, state);
        session.arm(SessionTimer::Early, now, EARLY_MAX, out);
        session
    }

    /// Cancels an INVITE; in every other state the session is ended as the state allows.
    pub(crate) fn cancel(&mut self, core: &mut Core, now: Now, completed: Completed, out: &mut Vec<Output>) {
        match &mut self.state {
            State::Calling {
                transaction,
                heard,
                cancel: cancel @ Cancel::No,
            } => {
                *cancel = Cancel::Wanted(completed);
                if *heard {
                    let transaction = *transaction;
                    self.send_cancel(core, now, transaction, completed, out);
                }
            }
            State::Calling { .. } | State::Ending { .. } | State::Over => (),
            State::Ringing { .. } | State::Answered { .. } | State::Confirmed => {
                self.bye(core, now, None, out);
            }
        }
    }

    fn send_cancel(
        &mut self,
        core: &mut Core,
        now: Now,
        invite: TransactionId,
        completed: Completed,
        out: &mut Vec<Output>,
    ) {
        let reason = (completed == Completed::Elsewhere).then_some(ELSEWHERE);
        let Some((request, route)) = core.layer.invite_request(invite) else {
            return;
        };
        let branch = Message::parse(&request)
            .ok()
            .and_then(|message| render::parse_branch(message.top_via().ok()?.branch()?));
        if let (Some(branch), Some(bytes)) = (branch, render::cancel_of(&request, reason)) {
            let user = User {
                session: self.id,
                purpose: Purpose::Nothing,
            };
            let method = ClientMethod::Cancel;
            core.layer.send(
                now,
                Outgoing {
                    branch,
                    method,
                    route,
                    bytes,
                    user,
                },
                out,
            );
        }
        if let State::Calling { cancel, .. } = &mut self.state {
            *cancel = Cancel::Sent;
        }
        // A peer that never ends the INVITE: RFC 3261 §9.1.
        let patience = core.layer.timing().timeout();
        self.arm(SessionTimer::Early, now, patience, out);
    }

    pub(super) fn receive_invite_response(
        &mut self,
        core: &mut Core,
        now: Now,
        (transaction, upcall): (TransactionId, Upcall),
        message: Option<&Message<'_>>,
        out: &mut Vec<Output>,
    ) {
        let status = message.and_then(Message::status);
        match (upcall, status, message) {
            (Upcall::Response, Some(status), Some(message)) => match status {
                0..=199 => self.provisional(core, now, (transaction, status), message, out),
                200..=299 => self.answered(core, now, transaction, message, out),
                300.. => {
                    let reason = message.text(HeaderName::Reason).map(std::borrow::Cow::into_owned);
                    self.fail(status, reason, out);
                }
            },
            (Upcall::TimedOut, ..) => self.fail(408, None, out),
            _ => self.fail(503, None, out),
        }
    }

    fn provisional(
        &mut self,
        core: &mut Core,
        now: Now,
        (transaction, status): (TransactionId, u16),
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) {
        let State::Calling { heard, cancel, .. } = &mut self.state else {
            return;
        };
        *heard = true;
        match *cancel {
            Cancel::Wanted(completed) => self.send_cancel(core, now, transaction, completed, out),
            Cancel::Sent => (),
            Cancel::No if status == 100 => (),
            Cancel::No => {
                if message.to().is_ok_and(|to| to.tag().is_some()) {
                    self.dialog.establish(message);
                }
                let sdp = sdp_of(message);
                out.push(Output::Event(Event::Progress {
                    session: self.id,
                    status,
                    sdp,
                }));
            }
        }
    }

    fn answered(
        &mut self,
        core: &mut Core,
        now: Now,
        transaction: TransactionId,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) {
        let State::Calling { cancel, .. } = self.state else {
            return end_fork(core, now, transaction, message, out);
        };
        self.dialog.establish(message);
        acknowledge(core, transaction, &self.dialog, message, out);
        self.disarm(SessionTimer::Early, out);
        if cancel == Cancel::No {
            self.state = State::Confirmed;
            out.push(Output::Event(Event::Answered {
                session: self.id,
                sdp: sdp_of(message),
            }));
            self.start_queued(core, now, out);
            return;
        }
        out.push(Output::Event(Event::Failed {
            session: self.id,
            status: 487,
            reason: None,
        }));
        self.send_bye(core, now, None, Report::Nothing, out);
    }

    fn fail(&mut self, status: u16, reason: Option<String>, out: &mut Vec<Output>) {
        if matches!(self.state, State::Calling { .. }) {
            self.end(
                Event::Failed {
                    session: self.id,
                    status,
                    reason,
                },
                out,
            );
        }
    }

    pub(super) fn early_timeout(&mut self, core: &mut Core, now: Now, out: &mut Vec<Output>) {
        let State::Calling {
            transaction, cancel, ..
        } = self.state
        else {
            return;
        };
        if cancel == Cancel::Sent {
            core.layer.orphan(now, transaction, out);
            self.fail(487, None, out);
        } else {
            self.cancel(core, now, Completed::No, out);
        }
    }
}

/// Acknowledges a 2xx to an INVITE of `dialog`, and keeps the ACK for when the 2xx is repeated.
pub(super) fn acknowledge(
    core: &mut Core,
    transaction: TransactionId,
    dialog: &Dialog,
    message: &Message<'_>,
    out: &mut Vec<Output>,
) {
    let Ok(cseq) = message.cseq() else {
        return;
    };
    let route = dialog.next_hop();
    let branch = core.random.next_u64();
    let bytes: Arc<[u8]> = dialog
        .start_request("ACK", cseq.number, branch, core.host(&route))
        .finish_shared();
    core.layer
        .remember_ack(transaction, &dialog.remote_tag, route, Arc::clone(&bytes));
    out.push(Output::Send { route, bytes });
}

/// Acknowledges and ends the dialog of a 2xx that nobody wants: a fork, or a session that is gone.
pub(crate) fn end_fork(
    core: &mut Core,
    now: Now,
    transaction: TransactionId,
    message: &Message<'_>,
    out: &mut Vec<Output>,
) {
    let Some((_, route)) = core.layer.invite_request(transaction) else {
        return;
    };
    let Some(mut dialog) = Dialog::from_response(message, route) else {
        return;
    };
    acknowledge(core, transaction, &dialog, message, out);
    let user = User {
        session: SessionId(0),
        purpose: Purpose::Nothing,
    };
    core.send(now, &mut dialog, ("BYE", ClientMethod::Other, user), |_| (), out);
}

/// Escapes what a user part may not carry. Source: RFC 3261 §25.1 user.
fn escape_user(user: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn quote_display(display: &str) -> String {
    let mut quoted = String::with_capacity(display.len() + 3);
    quoted.push('"');
    for character in display.chars().filter(|it| !it.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push_str("\" ");
    quoted
}
