//! The table of the transactions: matching of what arrives, indices, timers.
//!
//! Driven by `Endpoint` and the sessions; sends and arms timers through the endpoint's outputs, and returns what the
//! user of a transaction must know as an [`Upcall`].
//!
//! **Invariants.** At most `SIP_TRANSACTIONS_MAX` transactions are opened by strangers. A transaction leaves every index
//! when it terminates. Everything repeated by the network is absorbed here.
//!
//! **Not here.** Dialogs, and the ACK of a 2xx: it is no part of a transaction; only the copy that answers a repeated
//! 2xx is kept here, because the transaction outlives the session.
//!
//! **Source.** RFC 3261 matching §17.1.3 and §17.2.3; merged requests §8.2.2.2.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::base::Map;
use crate::base::limits::SIP_TRANSACTIONS_MAX;
use crate::base::random::Random;
use crate::base::random::SeededHasher;
use crate::base::time::Now;
use crate::sip::endpoint::Key;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::TimerKey;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::message::StartLine;
use crate::sip::name_addr::NameAddr;
use crate::sip::render;
use crate::sip::transaction::Action;
use crate::sip::transaction::ClientInput;
use crate::sip::transaction::ClientMethod;
use crate::sip::transaction::Matched;
use crate::sip::transaction::Outgoing;
use crate::sip::transaction::Reliability;
use crate::sip::transaction::ServerInput;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::Upcall;
use crate::sip::transaction::User;
use crate::sip::transaction::client::Client;
use crate::sip::transaction::client_invite::ClientInvite;
use crate::sip::transaction::server::Server;
use crate::sip::transaction::server_invite::ServerInvite;
use crate::sip::transaction::timer::Timer;
use crate::sip::transaction::timer::Timing;

/// Most ACKs kept for the 2xx of one forked INVITE.
const FORKS_MAX: usize = 8;

#[derive(Debug)]
enum Machine {
    ClientInvite {
        machine: ClientInvite,
        acks: Vec<(Box<str>, Route, Arc<[u8]>)>,
    },
    Client(Client),
    ServerInvite {
        machine: ServerInvite,
        merge_key: Box<str>,
        session: Option<SessionId>,
    },
    Server(Server),
}

#[derive(Debug)]
enum IndexKey {
    Client(u64, bool),
    Server(Box<str>),
}

#[derive(Debug)]
struct Entry {
    machine: Machine,
    route: Route,
    user: Option<User>,
    index: IndexKey,
}

/// Every transaction.
#[derive(Debug)]
pub(crate) struct TransactionLayer {
    timing: Timing,
    next: u64,
    table: BTreeMap<u64, Entry>,
    clients: Map<(u64, bool), u64>,
    servers: Map<Box<str>, u64>,
    merges: Map<Box<str>, u64>,
    actions: Vec<Action>,
    scratch: String,
    retransmitted: u64,
    absorbed: u64,
}

impl TransactionLayer {
    /// An empty table.
    pub(crate) fn new(timing: Timing, random: &mut Random) -> Self {
        Self {
            timing,
            next: 0,
            table: BTreeMap::new(),
            clients: Map::with_hasher(SeededHasher::new(random)),
            servers: Map::with_hasher(SeededHasher::new(random)),
            merges: Map::with_hasher(SeededHasher::new(random)),
            actions: Vec::new(),
            scratch: String::new(),
            retransmitted: 0,
            absorbed: 0,
        }
    }

    /// The durations.
    pub(crate) fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Changes the durations of transactions to come.
    pub(crate) fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// How many transactions there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether a stranger's request must be refused for want of room.
    pub(crate) fn is_full(&self) -> bool {
        SIP_TRANSACTIONS_MAX <= self.table.len()
    }

    /// Messages that were sent again.
    pub(crate) fn retransmitted(&self) -> u64 {
        self.retransmitted
    }

    /// Messages that were seen before.
    pub(crate) fn absorbed(&self) -> u64 {
        self.absorbed
    }

    /// Sends a request and waits for its response.
    pub(crate) fn send(&mut self, now: Now, outgoing: Outgoing, out: &mut Vec<Output>) -> TransactionId {
        let id = self.next_id();
        let reliability = Reliability::from(outgoing.route.transport);
        let Outgoing {
            branch,
            method,
            route,
            bytes,
            user,
        } = outgoing;
        let machine = match method {
            ClientMethod::Invite => {
                let machine = ClientInvite::start(now, bytes, reliability, &self.timing, &mut self.actions);
                Machine::ClientInvite {
                    machine,
                    acks: Vec::new(),
                }
            }
            ClientMethod::Cancel | ClientMethod::Other => Machine::Client(Client::start(
                now,
                bytes,
                reliability,
                &self.timing,
                &mut self.actions,
            )),
        };
        let is_cancel = method == ClientMethod::Cancel;
        self.clients.insert((branch, is_cancel), id.0);
        let index = IndexKey::Client(branch, is_cancel);
        self.table.insert(
            id.0,
            Entry {
                machine,
                route,
                user: Some(user),
                index,
            },
        );
        self.apply(id, None, out);
        id
    }

    /// Takes a response. `None`: it answers nothing of ours or tells nobody anything new.
    pub(crate) fn receive_response(
        &mut self,
        now: Now,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) -> Option<(TransactionId, User, Upcall)> {
        let status = message.status()?;
        let branch = render::parse_branch(message.top_via().ok()?.transaction_branch()?)?;
        let is_cancel = message.cseq().ok()?.method == Method::Cancel;
        let id = TransactionId(*self.clients.get(&(branch, is_cancel))?);
        if self.repeat_ack(id, status, message, out) {
            return None;
        }
        let upcall = self.client_input(now, id, ClientInput::Response(status), Some(message), out);
        if upcall.is_none() {
            self.absorbed += 1;
        }
        upcall.map(|(user, upcall)| (id, user, upcall))
    }

    /// Answers a 2xx that was acknowledged before.
    fn repeat_ack(
        &mut self,
        id: TransactionId,
        status: u16,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(Entry {
            machine: Machine::ClientInvite { acks, .. },
            ..
        }) = self.table.get(&id.0)
        else {
            return false;
        };
        if !(200..300).contains(&status) || acks.is_empty() {
            return false;
        }
        let tag = message
            .to()
            .ok()
            .and_then(|to| to.tag().map(str::to_owned))
            .unwrap_or_default();
        let Some((_, route, bytes)) = acks.iter().find(|(known, _, _)| **known == *tag) else {
            // More forks than are remembered: silence ends them at their side.
            return FORKS_MAX <= acks.len();
        };
        out.push(Output::Send {
            route: *route,
            bytes: Arc::clone(bytes),
        });
        self.absorbed += 1;
        self.retransmitted += 1;
        true
    }

    /// Keeps the ACK of a 2xx of this INVITE for when the 2xx is repeated.
    pub(crate) fn remember_ack(&mut self, id: TransactionId, tag: &str, route: Route, bytes: Arc<[u8]>) {
        if let Some(Entry {
            machine: Machine::ClientInvite { acks, .. },
            ..
        }) = self.table.get_mut(&id.0)
        {
            acks.push((Box::from(tag), route, bytes));
        }
    }

    /// The INVITE as sent, while its transaction lives.
    pub(crate) fn invite_request(&self, id: TransactionId) -> Option<(Arc<[u8]>, Route)> {
        match self.table.get(&id.0) {
            Some(Entry {
                machine: Machine::ClientInvite { machine, .. },
                route,
                ..
            }) => Some((Arc::clone(machine.request()), *route)),
            _ => None,
        }
    }

    /// The user of a client transaction has given up: it ends by itself, though the peer may never answer.
    pub(crate) fn orphan(&mut self, now: Now, id: TransactionId, out: &mut Vec<Output>) {
        self.client_input(now, id, ClientInput::Orphaned, None, out);
    }

    /// Matches a request with the server transactions.
    pub(crate) fn receive_request(
        &mut self,
        now: Now,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) -> Matched {
        let Some(method) = message.method().copied() else {
            return Matched::Absorbed;
        };
        let is_ack = method == Method::Ack;
        let class = if is_ack { Method::Invite } else { method };
        self.write_key(message, class.as_str());
        if let Some(id) = self.servers.get(self.scratch.as_str()).copied() {
            let input = if is_ack {
                ServerInput::Ack
            } else {
                ServerInput::Request
            };
            self.absorbed += u64::from(!is_ack);
            return if self.server_input(now, TransactionId(id), input, out) {
                Matched::New
            } else {
                Matched::Absorbed
            };
        }
        if method == Method::Invite {
            self.write_merge_key(message);
            if !is_in_dialog(message) && self.merges.contains_key(self.scratch.as_str()) {
                return Matched::Merged;
            }
        }
        Matched::New
    }

    /// The INVITE that a CANCEL means: its transaction, whether a final response was sent, and its session.
    pub(crate) fn find_cancelled(
        &mut self,
        message: &Message<'_>,
    ) -> Option<(TransactionId, bool, Option<SessionId>)> {
        self.write_key(message, Method::Invite.as_str());
        let id = *self.servers.get(self.scratch.as_str())?;
        match self.table.get(&id)? {
            Entry {
                machine: Machine::ServerInvite { machine, session, .. },
                ..
            } => Some((TransactionId(id), machine.is_final(), *session)),
            _ => None,
        }
    }

    /// Opens a server transaction for a request that [`TransactionLayer::receive_request`] called new; its responses
    /// go to `route`.
    pub(crate) fn accept(
        &mut self,
        message: &Message<'_>,
        route: Route,
        session: Option<SessionId>,
    ) -> TransactionId {
        let id = self.next_id();
        let reliability = Reliability::from(route.transport);
        let method = message.method().copied().unwrap_or(Method::Options);
        let machine = if method == Method::Invite {
            self.write_merge_key(message);
            let merge_key = Box::from(self.scratch.as_str());
            self.merges.insert(Box::clone(&merge_key), id.0);
            Machine::ServerInvite {
                machine: ServerInvite::new(reliability),
                merge_key,
                session,
            }
        } else {
            Machine::Server(Server::new(reliability))
        };
        self.write_key(message, method.as_str());
        let key: Box<str> = Box::from(self.scratch.as_str());
        self.servers.insert(Box::clone(&key), id.0);
        self.table.insert(
            id.0,
            Entry {
                machine,
                route,
                user: None,
                index: IndexKey::Server(key),
            },
        );
        id
    }

    /// Answers a request.
    pub(crate) fn reply(
        &mut self,
        now: Now,
        id: TransactionId,
        status: u16,
        bytes: Arc<[u8]>,
        out: &mut Vec<Output>,
    ) {
        self.server_input(now, id, ServerInput::Reply(status, bytes), out);
    }

    /// A timer of a transaction fired.
    pub(crate) fn timeout(
        &mut self,
        now: Now,
        id: TransactionId,
        timer: Timer,
        out: &mut Vec<Output>,
    ) -> Option<(TransactionId, User, Upcall)> {
        let is_client = matches!(
            self.table.get(&id.0)?.machine,
            Machine::ClientInvite { .. } | Machine::Client(_)
        );
        if is_client {
            let upcall = self.client_input(now, id, ClientInput::Timeout(timer), None, out);
            return upcall.map(|(user, upcall)| (id, user, upcall));
        }
        self.server_input(now, id, ServerInput::Timeout(timer), out);
        None
    }

    /// A stream connection is gone: what was sent over it and not answered has failed.
    pub(crate) fn connection_lost(
        &mut self,
        now: Now,
        connection: u64,
        out: &mut Vec<Output>,
    ) -> Vec<(TransactionId, User, Upcall)> {
        let lost = |entry: &Entry| entry.route.connection == connection && entry.user.is_some();
        let ids: Vec<u64> = self
            .table
            .iter()
            .filter(|(_, entry)| lost(entry))
            .map(|(id, _)| *id)
            .collect();
        ids.into_iter()
            .filter_map(|id| {
                let id = TransactionId(id);
                let (user, upcall) = self.client_input(now, id, ClientInput::TransportFailed, None, out)?;
                Some((id, user, upcall))
            })
            .collect()
    }

    fn next_id(&mut self) -> TransactionId {
        self.next += 1;
        TransactionId(self.next)
    }

    fn client_input(
        &mut self,
        now: Now,
        id: TransactionId,
        input: ClientInput,
        message: Option<&Message<'_>>,
        out: &mut Vec<Output>,
    ) -> Option<(User, Upcall)> {
        let entry = self.table.get_mut(&id.0)?;
        let user = entry.user?;
        match &mut entry.machine {
            Machine::ClientInvite { machine, .. } => {
                machine.handle(now, input, &self.timing, &mut self.actions);
            }
            Machine::Client(machine) => machine.handle(now, input, &self.timing, &mut self.actions),
            Machine::ServerInvite { .. } | Machine::Server(_) => return None,
        }
        self.apply(id, message, out).map(|upcall| (user, upcall))
    }

    /// Whether the message at hand is for the user.
    fn server_input(
        &mut self,
        now: Now,
        id: TransactionId,
        input: ServerInput,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(entry) = self.table.get_mut(&id.0) else {
            return false;
        };
        match &mut entry.machine {
            Machine::ServerInvite { machine, .. } => {
                machine.handle(now, input, &self.timing, &mut self.actions);
            }
            Machine::Server(machine) => machine.handle(now, input, &self.timing, &mut self.actions),
            Machine::ClientInvite { .. } | Machine::Client(_) => return false,
        }
        self.apply(id, None, out).is_some()
    }

    /// Carries out what a machine wanted.
    fn apply(
        &mut self,
        id: TransactionId,
        message: Option<&Message<'_>>,
        out: &mut Vec<Output>,
    ) -> Option<Upcall> {
        let mut upcall = None;
        let mut actions = std::mem::take(&mut self.actions);
        let route = self.table.get(&id.0).map(|entry| entry.route)?;
        for action in actions.drain(..) {
            match action {
                Action::Send(bytes) => out.push(Output::Send { route, bytes }),
                Action::Retransmit(bytes) => {
                    self.retransmitted += 1;
                    out.push(Output::Send { route, bytes });
                }
                Action::SendAck => {
                    let ack = message.and_then(|response| self.ack_of(id, response));
                    out.extend(ack.map(|bytes| Output::Send { route, bytes }));
                }
                Action::SetTimer(timer, at) => {
                    out.push(Output::SetTimer(TimerKey(Key::Transaction(id, timer)), at));
                }
                Action::StopTimer(timer) => {
                    out.push(Output::StopTimer(TimerKey(Key::Transaction(id, timer))));
                }
                Action::Pass => upcall = Some(Upcall::Response),
                Action::TimedOut => upcall = Some(Upcall::TimedOut),
                Action::TransportFailed => upcall = Some(Upcall::TransportFailed),
                Action::Terminated => self.remove(id),
            }
        }
        self.actions = actions;
        upcall
    }

    fn ack_of(&self, id: TransactionId, response: &Message<'_>) -> Option<Arc<[u8]>> {
        match &self.table.get(&id.0)?.machine {
            Machine::ClientInvite { machine, .. } => render::ack_of_refusal(machine.request(), response),
            _ => None,
        }
    }

    fn remove(&mut self, id: TransactionId) {
        let Some(entry) = self.table.remove(&id.0) else {
            return;
        };
        match entry.index {
            IndexKey::Client(branch, is_cancel) => {
                self.clients.remove(&(branch, is_cancel));
            }
            IndexKey::Server(key) => {
                self.servers.remove(&key);
            }
        }
        if let Machine::ServerInvite { merge_key, .. } = entry.machine
            && self.merges.get(&merge_key) == Some(&id.0)
        {
            self.merges.remove(&merge_key);
        }
    }

    /// Writes the matching key of a request into the scratch text.
    fn write_key(&mut self, message: &Message<'_>, method: &str) {
        self.scratch.clear();
        let Ok(via) = message.top_via() else {
            return;
        };
        let port = via.port.unwrap_or(5060);
        if let Some(branch) = via.transaction_branch() {
            self.scratch
                .extend(branch.chars().map(|it| it.to_ascii_lowercase()));
            let start = self.scratch.len();
            let _ = write!(self.scratch, "\n{}", via.host);
            if let Some(host) = self.scratch.get_mut(start..) {
                host.make_ascii_lowercase();
            }
            let _ = write!(self.scratch, ":{port}\n{method}");
            return;
        }
        // RFC 2543: no branch to trust, so everything else that a repetition repeats.
        if let StartLine::Request { uri, .. } = message.start() {
            self.scratch.push_str(&String::from_utf8_lossy(uri));
        }
        let _ = write!(
            self.scratch,
            "\n{}:{port}{:?}\n{method}\n",
            via.host,
            via.branch()
        );
        self.write_identity(message);
    }

    fn write_merge_key(&mut self, message: &Message<'_>) {
        self.scratch.clear();
        self.write_identity(message);
    }

    fn write_identity(&mut self, message: &Message<'_>) {
        self.scratch.push_str(message.call_id().unwrap_or_default());
        let from = message.from();
        let tag = from.as_ref().ok().and_then(NameAddr::tag).unwrap_or_default();
        let number = message.cseq().map_or(0, |cseq| cseq.number);
        let _ = write!(self.scratch, "\n{tag}\n{number}");
    }
}

fn is_in_dialog(message: &Message<'_>) -> bool {
    message.to().is_ok_and(|to| to.tag().is_some())
}
