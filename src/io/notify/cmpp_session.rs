//! One connection to a CMPP gateway, from CONNECT to its end.
//!
//! ```text
//!  texts ──split──► queue ──at most 16──► waiting ──SUBMIT_RESP──► taken
//!                     ▲                      │ result 8
//!                     └──────────────────────┘
//! ```
//!
//! **Invariants.** At most sixteen SUBMITs wait for an answer. Every text is answered once: at the latest when the
//! connection ends, and then it is said whether it may have left. A DELIVER is confirmed when it is durable.
//! **Not here.** Making the connection again (`io::notify::cmpp`).
//! **Source.** China Mobile Peer to Peer 3.0, chapters 5 to 7.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use crate::base::time::MonoTime;
use crate::io::notify::cmpp::NAME;
use crate::io::notify::cmpp::Parts;
use crate::io::notify::cmpp::Request;
use crate::io::notify::cmpp::WINDOW;
use crate::io::notify::cmpp_pdu::Body;
use crate::io::notify::cmpp_pdu::Connect;
use crate::io::notify::cmpp_pdu::Deliver;
use crate::io::notify::cmpp_pdu::Pdu;
use crate::io::notify::cmpp_pdu::PduError;
use crate::io::notify::cmpp_pdu::Submit;
use crate::io::notify::cmpp_pdu::VERSION;
use crate::io::notify::cmpp_pdu::authenticator;
use crate::io::notify::cmpp_pdu::gateway_authenticator;
use crate::io::notify::gateway::Event;
use crate::io::notify::gateway::INCOMING_MAX;
use crate::io::notify::gateway::Inbound;
use crate::io::notify::gateway::Incoming;
use crate::io::notify::gateway::Receipt;
use crate::io::notify::gateway::SubmitError;
use crate::io::notify::gateway::SubmitErrorKind;
use crate::io::notify::gateway::Taken;
use crate::io::notify::long_text::split;

/// How often a part that the gateway throttled is sent before its text is given back.
const THROTTLES_MAX: u32 = 5;
/// Result of a SUBMIT: too many in this second. Source: CMPP 3.0 §7.4.2.2.
const RESULT_THROTTLED: u32 = 8;
/// Results that no repetition changes: structure, command, length, fee, size, service, numbers.
const RESULTS_PERMANENT: [u32; 11] = [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13];

/// Why a connection was not made, or ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// The network.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What came is no CMPP.
    #[error(transparent)]
    Pdu(#[from] PduError),
    /// The gateway does not let us in.
    #[error("the gateway refused the sign-in with status {0}")]
    Refused(u32),
    /// It does not know the secret.
    #[error("the gateway did not prove that it knows the secret")]
    Impostor,
    /// It closed the connection.
    #[error("the gateway closed the connection")]
    Closed,
    /// It did not answer in time.
    #[error("the gateway is silent")]
    Silent,
}

/// A text of one or more parts.
struct Text {
    reply: oneshot::Sender<Result<Taken, SubmitError>>,
    ids: Vec<String>,
    /// Parts whose end is not known.
    open: usize,
    /// Whether a part of it has been written to the connection.
    begun: bool,
    error: Option<SubmitError>,
}

/// A short message.
struct Part {
    text: u64,
    submit: Submit,
    throttles: u32,
}

/// A connection.
pub(super) struct Session<'a> {
    parts: &'a Parts,
    stream: TcpStream,
    buffer: Vec<u8>,
    sequence: u32,
    reference: u8,
    texts: BTreeMap<u64, Text>,
    next_text: u64,
    queue: VecDeque<Part>,
    waiting: BTreeMap<u32, (Part, MonoTime)>,
    throttled_until: Option<MonoTime>,
    heard: MonoTime,
    asked: MonoTime,
    confirming: FuturesUnordered<BoxFuture<'static, Option<(u32, u64)>>>,
}

impl<'a> Session<'a> {
    /// Signs in on a fresh connection; `sequence` is where the last connection stood.
    pub(super) async fn sign_in(
        parts: &'a Parts,
        stream: TcpStream,
        sequence: u32,
    ) -> Result<Self, SessionError> {
        let now = parts.clock.now();
        let mut session = Self {
            parts,
            stream,
            buffer: Vec::new(),
            sequence,
            reference: 0,
            texts: BTreeMap::new(),
            next_text: 0,
            queue: VecDeque::new(),
            waiting: BTreeMap::new(),
            throttled_until: None,
            heard: now.mono,
            asked: now.mono,
            confirming: FuturesUnordered::new(),
        };
        let config = &parts.config;
        let local = parts.zone.format(now.wall);
        let digits: String = local.chars().skip(5).filter(char::is_ascii_digit).collect();
        let timestamp = digits.parse().unwrap_or(0);
        let proof = authenticator(&config.source, &config.secret, timestamp);
        session
            .send(Body::Connect(Connect {
                source: config.source.clone(),
                authenticator: proof,
                version: VERSION,
                timestamp,
            }))
            .await?;
        loop {
            let Some(pdu) = Pdu::take(&mut session.buffer)? else {
                if session.stream.read_buf(&mut session.buffer).await? == 0 {
                    return Err(SessionError::Closed);
                }
                continue;
            };
            let Body::ConnectResp {
                status,
                authenticator,
                ..
            } = pdu.body
            else {
                continue;
            };
            return match status {
                0 if authenticator == gateway_authenticator(0, &proof, &config.secret) => Ok(session),
                0 => Err(SessionError::Impostor),
                status => Err(SessionError::Refused(status)),
            };
        }
    }

    /// The last sequence number that was used.
    pub(super) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Works until the connection ends, or until nobody can ask any more, which is no error.
    pub(super) async fn run(&mut self, requests: &mut mpsc::Receiver<Request>) -> Result<(), SessionError> {
        let ended = self.work(requests).await;
        self.give_back();
        ended
    }

    async fn work(&mut self, requests: &mut mpsc::Receiver<Request>) -> Result<(), SessionError> {
        let pace = self.parts.config.pace;
        let tick = pace.throttle.min(pace.idle).max(Duration::from_millis(1));
        let mut ticks = tokio::time::interval(tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.fill_window().await?;
            let has_room = self.queue.is_empty() && self.waiting.len() < WINDOW;
            let is_reading = self.confirming.len() < INCOMING_MAX;
            tokio::select! {
                read = self.stream.read_buf(&mut self.buffer), if is_reading => {
                    if read? == 0 {
                        return Err(SessionError::Closed);
                    }
                    self.heard = self.parts.clock.now().mono;
                    while let Some(pdu) = Pdu::take(&mut self.buffer)? {
                        self.handle(pdu).await?;
                    }
                }
                request = requests.recv(), if has_room => match request {
                    Some(request) => self.begin(request),
                    None => return self.send(Body::Terminate).await,
                },
                Some(stored) = self.confirming.next(), if !self.confirming.is_empty() => {
                    if let Some((sequence, msg_id)) = stored {
                        self.answer(sequence, Body::DeliverResp { msg_id, result: 0 }).await?;
                    }
                }
                _ = ticks.tick() => self.look().await?,
            }
        }
    }

    fn begin(&mut self, request: Request) {
        let Request { message, reply } = request;
        let config = &self.parts.config;
        self.reference = self.reference.wrapping_add(1);
        let contents = split(&message.text, self.reference);
        let total = u8::try_from(contents.len()).unwrap_or(u8::MAX);
        let text = self.next_text;
        self.next_text += 1;
        self.texts.insert(
            text,
            Text {
                reply,
                ids: Vec::with_capacity(contents.len()),
                open: contents.len(),
                begun: false,
                error: None,
            },
        );
        for (number, (has_head, content)) in (1..=total).zip(contents) {
            self.queue.push_back(Part {
                text,
                submit: Submit {
                    total,
                    number,
                    service: config.service.clone(),
                    source: config.source.clone(),
                    sender: config.sender.clone(),
                    to: message.to.clone(),
                    has_head,
                    content,
                },
                throttles: 0,
            });
        }
    }

    async fn fill_window(&mut self) -> Result<(), SessionError> {
        let now = self.parts.clock.now().mono;
        if self.throttled_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        self.throttled_until = None;
        while self.waiting.len() < WINDOW {
            let Some(part) = self.queue.pop_front() else { break };
            if let Some(text) = self.texts.get_mut(&part.text) {
                text.begun = true;
            }
            let submit = Body::Submit(Box::new(part.submit.clone()));
            // It counts as sent before it is: an error may come after the bytes have left.
            let sequence = self.next_sequence();
            self.waiting.insert(sequence, (part, now));
            self.answer(sequence, submit).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, pdu: Pdu) -> Result<(), SessionError> {
        let Pdu { sequence, body } = pdu;
        match body {
            Body::SubmitResp { msg_id, result } => self.submitted(sequence, msg_id, result),
            Body::Deliver(deliver) => return self.delivered(sequence, &deliver).await,
            Body::ActiveTest => return self.answer(sequence, Body::ActiveTestResp).await,
            Body::Terminate => {
                self.answer(sequence, Body::TerminateResp).await?;
                return Err(SessionError::Closed);
            }
            Body::Unknown(command) => {
                tracing::debug!(gateway = NAME, command, "a command that is not for us");
            }
            _ => {}
        }
        Ok(())
    }

    fn submitted(&mut self, sequence: u32, msg_id: u64, result: u32) {
        let Some((mut part, _)) = self.waiting.remove(&sequence) else {
            tracing::warn!(gateway = NAME, sequence, "an answer to nothing");
            return;
        };
        if result == RESULT_THROTTLED && part.throttles < THROTTLES_MAX {
            part.throttles += 1;
            let pause = self.parts.config.pace.throttle;
            self.throttled_until = Some(self.parts.clock.now().mono + pause);
            self.queue.push_front(part);
            return;
        }
        let number = part.text;
        let Some(text) = self.texts.get_mut(&number) else {
            return;
        };
        text.open = text.open.saturating_sub(1);
        if result == 0 {
            text.ids.push(format!("{msg_id:016x}"));
        } else {
            let kind = match result {
                RESULT_THROTTLED => SubmitErrorKind::Throttled,
                result if RESULTS_PERMANENT.contains(&result) => SubmitErrorKind::Permanent,
                _ => SubmitErrorKind::Transient,
            };
            text.error = Some(SubmitError::new(kind, format!("cmpp-{result}")));
        }
        if text.error.is_some() {
            // What has not left of it shall not.
            let before = self.queue.len();
            self.queue.retain(|part| part.text != number);
            text.open = text.open.saturating_sub(before - self.queue.len());
        }
        if text.open == 0
            && let Some(text) = self.texts.remove(&number)
        {
            finish(text);
        }
    }

    async fn delivered(&mut self, sequence: u32, deliver: &Deliver) -> Result<(), SessionError> {
        let msg_id = deliver.msg_id;
        let gateway = NAME.to_owned();
        let event = if deliver.is_report {
            let Some(report) = deliver.report() else {
                // Structure.
                return self
                    .answer(sequence, Body::DeliverResp { msg_id, result: 1 })
                    .await;
            };
            if report.status == "ACCEPTD" {
                return self
                    .answer(sequence, Body::DeliverResp { msg_id, result: 0 })
                    .await;
            }
            Event::Receipt(Receipt {
                gateway,
                gateway_id: format!("{:016x}", report.msg_id),
                status: report.status,
            })
        } else {
            Event::Inbound(Inbound {
                gateway,
                gateway_id: format!("{msg_id:016x}"),
                from: deliver.from.clone(),
                text: deliver.text(),
            })
        };
        let incoming = self.parts.incoming.clone();
        self.confirming.push(
            async move {
                let (stored, is_stored) = oneshot::channel();
                incoming.send(Incoming { event, stored }).await.ok()?;
                // What could not be stored is not confirmed: the gateway sends it again.
                is_stored.await.ok().map(|()| (sequence, msg_id))
            }
            .boxed(),
        );
        Ok(())
    }

    /// Looks whether the gateway is alive.
    async fn look(&mut self) -> Result<(), SessionError> {
        let now = self.parts.clock.now().mono;
        let pace = self.parts.config.pace;
        let is_late = |(_, sent): &(Part, MonoTime)| pace.answer <= now.since(*sent);
        // While we do not read, its silence is ours.
        let is_reading = self.confirming.len() < INCOMING_MAX;
        if self.waiting.values().any(is_late) || is_reading && pace.idle * 3 <= now.since(self.heard) {
            return Err(SessionError::Silent);
        }
        if pace.idle <= now.since(self.heard) && pace.idle <= now.since(self.asked) {
            self.asked = now;
            self.send(Body::ActiveTest).await?;
        }
        Ok(())
    }

    /// Answers every text that has no end yet.
    fn give_back(&mut self) {
        for text in std::mem::take(&mut self.texts).into_values() {
            let error = if text.begun {
                SubmitError::new(SubmitErrorKind::Unanswered, "cmpp-unanswered")
            } else {
                SubmitError::new(SubmitErrorKind::Down, "cmpp-down")
            };
            // Nobody waits for the answer: it is no loss.
            let _ = text.reply.send(Err(error));
        }
        self.queue.clear();
        self.waiting.clear();
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        self.sequence
    }

    async fn send(&mut self, body: Body) -> Result<(), SessionError> {
        let sequence = self.next_sequence();
        self.answer(sequence, body).await
    }

    async fn answer(&mut self, sequence: u32, body: Body) -> Result<(), SessionError> {
        let bytes = Pdu { sequence, body }.encode();
        // A gateway that takes no bytes for so long is as good as gone.
        tokio::time::timeout(self.parts.config.pace.answer, self.stream.write_all(&bytes))
            .await
            .map_err(|_| SessionError::Silent)??;
        Ok(())
    }
}

fn finish(text: Text) {
    let Text {
        reply, ids, error, ..
    } = text;
    let end = match error {
        None => Ok(Taken { ids }),
        // A part of it has left: what comes next repeats that part.
        Some(error) if !ids.is_empty() && error.kind != SubmitErrorKind::Permanent => {
            Err(SubmitError::new(SubmitErrorKind::Unanswered, error.code))
        }
        Some(error) => Err(error),
    };
    // Nobody waits for the answer: it is no loss.
    let _ = reply.send(end);
}
