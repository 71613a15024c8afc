//! One dialog of a hand-written peer: repetition, absorption and the three-way handshake of INVITE.
//!
//! **Source.** RFC 3261 §13, §17 with T1 = 500 ms, as a phone would do it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::time::MonoTime;

use crate::text::Text;
use crate::text::with_body;

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(32);

/// What a peer must think about.
#[derive(Debug)]
pub(crate) enum Heard {
    Request(String),
    Response(u16, String),
    Acknowledged,
    /// A request got no answer, or our 200 no ACK.
    TimedOut,
}

#[derive(Debug)]
struct Client {
    branch: String,
    method: &'static str,
    text: String,
    /// `None` once a provisional response to an INVITE came.
    next: Option<MonoTime>,
    interval: Duration,
    deadline: MonoTime,
}

#[derive(Debug)]
struct Accepted {
    text: String,
    next: MonoTime,
    interval: Duration,
    deadline: MonoTime,
    cseq: u32,
}

#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    address: SocketAddr,
    /// Our side in `From` of our requests.
    local: String,
    /// The engine's side in `To` of our requests.
    remote: String,
    target: String,
    cseq: u32,
    clients: Vec<Client>,
    /// What was answered to each request, by branch and method.
    answers: BTreeMap<String, String>,
    accepted: Option<Accepted>,
    acks: BTreeMap<u32, String>,
}

impl Dialog {
    /// A dialog that we begin.
    pub(crate) fn caller(call_id: String, address: SocketAddr, user: &str, target: &str) -> Self {
        Self {
            local: format!("<sip:{user}@{address}>;tag=t-{call_id}"),
            remote: format!("<{target}>"),
            target: target.to_owned(),
            ..Self::empty(call_id, address)
        }
    }

    /// The dialog of an INVITE of the engine.
    pub(crate) fn called(invite: Text<'_>, address: SocketAddr) -> Self {
        let mut dialog = Self::empty(invite.call_id().to_owned(), address);
        dialog.local = format!("{};tag=p-{}", invite.header("To"), invite.call_id());
        invite.header("From").clone_into(&mut dialog.remote);
        invite.contact().clone_into(&mut dialog.target);
        dialog
    }

    fn empty(call_id: String, address: SocketAddr) -> Self {
        Self {
            call_id,
            address,
            local: String::new(),
            remote: String::new(),
            target: String::new(),
            cseq: 0,
            clients: Vec::new(),
            answers: BTreeMap::new(),
            accepted: None,
            acks: BTreeMap::new(),
        }
    }

    /// Whether nothing of ours waits for anything.
    pub(crate) fn is_quiet(&self) -> bool {
        self.clients.is_empty() && self.accepted.is_none()
    }

    pub(crate) fn next(&self) -> Option<MonoTime> {
        let clients = self
            .clients
            .iter()
            .map(|it| it.next.map_or(it.deadline, |next| next.min(it.deadline)));
        clients
            .chain(self.accepted.iter().map(|it| it.next.min(it.deadline)))
            .min()
    }

    pub(crate) fn send(&mut self, now: MonoTime, method: &'static str, body: &str, out: &mut Vec<String>) {
        self.send_with(now, method, "", ("application/sdp", body), out);
    }

    pub(crate) fn send_with(
        &mut self,
        now: MonoTime,
        method: &'static str,
        extra: &str,
        (kind, body): (&str, &str),
        out: &mut Vec<String>,
    ) {
        self.cseq += 1;
        let branch = format!("z9hG4bK{}.{}", self.call_id, self.cseq);
        let text = self.write(method, self.cseq, &branch, extra, (kind, body));
        out.push(text.clone());
        self.clients.push(Client {
            branch,
            method,
            text,
            next: Some(now + T1),
            interval: T1,
            deadline: now + PATIENCE,
        });
    }

    fn write(
        &self,
        method: &str,
        cseq: u32,
        branch: &str,
        extra: &str,
        (kind, body): (&str, &str),
    ) -> String {
        let head = format!(
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch={branch}\r\nMax-Forwards: 70\r\nFrom: {}\r\n\
             To: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: <sip:u@{}>\r\n{extra}",
            self.target, self.address, self.local, self.remote, self.call_id, self.address,
        );
        with_body(&head, kind, body)
    }

    /// Cancels our INVITE.
    pub(crate) fn cancel(&mut self, now: MonoTime, out: &mut Vec<String>) {
        let Some(invite) = self.clients.iter().find(|it| it.method == "INVITE") else {
            return;
        };
        let (branch, cseq) = (invite.branch.clone(), Text(&invite.text).cseq());
        let text = self.write("CANCEL", cseq, &branch, "", ("", ""));
        out.push(text.clone());
        self.clients.push(Client {
            branch,
            method: "CANCEL",
            text,
            next: Some(now + T1),
            interval: T1,
            deadline: now + PATIENCE,
        });
    }

    /// Acknowledges the 200 of our INVITE number `cseq`; repeated for every repetition of the 200.
    pub(crate) fn ack(&mut self, cseq: u32, body: &str, out: &mut Vec<String>) {
        let branch = format!("z9hG4bK{}.a{cseq}", self.call_id);
        let text = self.write("ACK", cseq, &branch, "", ("application/sdp", body));
        out.push(text.clone());
        self.acks.insert(cseq, text);
    }

    /// Answers a request of the engine.
    pub(crate) fn answer(
        &mut self,
        now: MonoTime,
        request: &str,
        status: u16,
        body: &str,
        out: &mut Vec<String>,
    ) {
        let request = Text(request);
        let to = request.header("To");
        let to = if to.contains(";tag=") {
            to.to_owned()
        } else {
            format!("{to};tag=p-{}", self.call_id)
        };
        let head = format!(
            "SIP/2.0 {status} As it is\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Contact: <sip:u@{}>\r\n",
            request.header("Via"),
            request.header("From"),
            request.call_id(),
            request.header("CSeq"),
            self.address,
        );
        let text = with_body(&head, "application/sdp", body);
        if request.method() == "INVITE" && (200..300).contains(&status) {
            self.accepted = Some(Accepted {
                text: text.clone(),
                next: now + T1,
                interval: T1,
                deadline: now + PATIENCE,
                cseq: request.cseq(),
            });
        }
        self.answers.insert(key(request), text.clone());
        out.push(text);
    }

    /// Takes a message of this dialog. Repetitions are answered here.
    pub(crate) fn receive(&mut self, text: &str, out: &mut Vec<String>) -> Option<Heard> {
        let message = Text(text);
        match message.status() {
            Some(status) => self.receive_response(message, status, out),
            None => self.receive_request(message, out),
        }
    }

    fn receive_request(&mut self, message: Text<'_>, out: &mut Vec<String>) -> Option<Heard> {
        if message.method() == "ACK" {
            let acknowledged = self.accepted.take_if(|it| it.cseq == message.cseq());
            return acknowledged.map(|_| Heard::Acknowledged);
        }
        if let Some(answer) = self.answers.get(&key(message)) {
            if !answer.is_empty() {
                out.push(answer.clone());
            }
            return None;
        }
        self.answers.insert(key(message), String::new());
        Some(Heard::Request(message.0.to_owned()))
    }

    fn receive_response(&mut self, message: Text<'_>, status: u16, out: &mut Vec<String>) -> Option<Heard> {
        let (branch, method) = (message.branch(), message.method());
        let at = self
            .clients
            .iter()
            .position(|it| it.branch == branch && it.method == method);
        let Some(at) = at else {
            // A repeated 200 is acknowledged again, once we have acknowledged it at all.
            if method == "INVITE"
                && let Some(ack) = self.acks.get(&message.cseq())
            {
                out.push(ack.clone());
            }
            return None;
        };
        if status < 200 {
            if method == "INVITE" {
                self.clients[at].next = None;
                self.clients[at].deadline = self.clients[at].deadline + Duration::from_mins(5);
            }
            return Some(Heard::Response(status, message.0.to_owned()));
        }
        let client = self.clients.remove(at);
        if method == "INVITE" {
            if status < 300 {
                message.header("To").clone_into(&mut self.remote);
                message.contact().clone_into(&mut self.target);
            } else {
                let request = Text(&client.text);
                let head = format!(
                    "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\n",
                    client.text.split(' ').nth(1).unwrap_or_default(),
                    request.header("Via"),
                    request.header("From"),
                    message.header("To"),
                    self.call_id,
                    request.cseq(),
                );
                let ack = with_body(&head, "", "");
                out.push(ack.clone());
                self.acks.insert(request.cseq(), ack);
            }
        }
        Some(Heard::Response(status, message.0.to_owned()))
    }

    /// Repeats what is due.
    pub(crate) fn fire(&mut self, now: MonoTime, out: &mut Vec<String>) -> Option<Heard> {
        if let Some(accepted) = &mut self.accepted {
            if accepted.deadline <= now {
                self.accepted = None;
                return Some(Heard::TimedOut);
            }
            if accepted.next <= now {
                accepted.interval = (accepted.interval * 2).min(T2);
                accepted.next = now + accepted.interval;
                out.push(accepted.text.clone());
            }
        }
        for at in 0..self.clients.len() {
            let client = &mut self.clients[at];
            if client.deadline <= now {
                self.clients.remove(at);
                return Some(Heard::TimedOut);
            }
            if client.next.is_some_and(|next| next <= now) {
                let doubled = client.interval * 2;
                client.interval = if client.method == "INVITE" {
                    doubled
                } else {
                    doubled.min(T2)
                };
                client.next = Some(now + client.interval);
                out.push(client.text.clone());
            }
        }
        None
    }

    /// Forgets everything: the peer is gone.
    pub(crate) fn forget(&mut self) {
        self.clients.clear();
        self.accepted = None;
    }
}

fn key(message: Text<'_>) -> String {
    format!("{} {}", message.branch(), message.method())
}
