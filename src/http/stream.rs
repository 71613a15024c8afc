//! The live stream: one WebSocket a screen, with its hello, its snapshot and numbered changes.
//!
//! ```text
//!  upgrade ─► hello ─► snapshot ─► change, change, … ─┐
//!                        ▲                            │ lagged, or asked to resync
//!                        └────────────────────────────┘
//! ```
//!
//! **Invariants.** A reader gets what his roles let him see and nothing else: an agent his own view and calls, the
//! queues; a supervisor everything with masked numbers. Numbers count this connection's messages one by one, so whoever
//! sees a gap has lost something. The session is looked at with every heartbeat, and an ended one closes the stream.
//! **Not here.** The picture itself (`engine::views`).
//! **Source.** RFC 6455.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::CloseFrame;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use crate::account::Principal;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::account::permission::authorize;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::engine::ticket_service::TicketChange;
use crate::engine::views::Snapshot;
use crate::exchange::snapshot::CallView;
use crate::exchange::snapshot::ViewChange;
use crate::http::Web;
use crate::http::agents::AgentDto;
use crate::http::alarms::AlarmDto;
use crate::http::auth;
use crate::http::auth::SignedIn;
use crate::http::error::Code;
use crate::http::error::Problem;
use crate::http::instant::Instant;
use crate::http::live_call::LiveCallDto;
use crate::http::queues::QueueDto;
use crate::http::tickets::sight::is_hidden;

/// Between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A message that the browser does not take for so long ends the stream.
const SEND_MAX: Duration = Duration::from_secs(20);
/// Largest message from a browser, bytes: it has little to say.
const MESSAGE_MAX: usize = 4 * 1024;
/// The session has ended.
const CLOSE_SIGNED_OUT: u16 = 4401;
/// The permission is gone.
const CLOSE_FORBIDDEN: u16 = 4403;
/// A newer sign-in of the account ended the session.
const CLOSE_REPLACED: u16 = 4409;
/// The server stops.
const CLOSE_GOING_AWAY: u16 = 1001;

/// What a reader sees.
#[derive(Clone, Debug)]
struct Sight {
    /// The agent he works as.
    own: Option<AgentId>,
    /// Whether he sees every agent and every call.
    all: bool,
    /// Whether he sees queues.
    queues: bool,
    /// Whether he sees alarms.
    alarms: bool,
}

impl Sight {
    fn of(who: &SignedIn) -> Self {
        let may = |verb| authorize(&who.principal, verb, &Object::default()).is_ok();
        Self {
            own: who.principal.agent.clone(),
            all: may(Verb::AgentList),
            queues: may(Verb::QueueList),
            alarms: may(Verb::AlarmList),
        }
    }

    /// Calls in progress are seen with every agent, or when they are one's own.
    fn sees_call(&self, call: &CallView) -> bool {
        self.all || (call.agent.is_some() && call.agent == self.own)
    }
}

#[derive(Debug, Serialize)]
struct HelloDto {
    server_time: Instant,
    user: String,
    agent: Option<String>,
}

#[derive(Debug, Serialize)]
struct BeatDto {
    server_time: Instant,
}

#[derive(Debug, Serialize)]
struct SnapshotDto {
    agent: Option<AgentDto>,
    agents: Vec<AgentDto>,
    queues: Vec<QueueDto>,
    calls: Vec<LiveCallDto>,
    alarms: Vec<AlarmDto>,
}

#[derive(Debug, Serialize)]
struct GoneDto {
    interaction: String,
}

#[derive(Debug, Serialize)]
struct TicketDto {
    id: String,
    number: String,
    interaction: String,
    version: i64,
}

#[derive(Debug, Serialize)]
struct Envelope<'a, T> {
    v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a T,
}

/// What a browser may say.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "type")]
    kind: String,
}

/// Opens the live stream.
#[utoipa::path(get, path = "/stream", tag = "stream",
    responses((status = 101, description = "the WebSocket described in docs/API.md")))]
pub(crate) async fn open(
    State(web): State<Web>,
    who: SignedIn,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    web.permit(&who, Verb::StreamRead, &Object::of_centre("stream"))
        .await?;
    let upgrade = upgrade.map_err(|_| Problem::new(Code::Malformed).detail("this is a WebSocket"))?;
    let upgrade = upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let streams = &web.engine.metrics().streams_open;
        streams.fetch_add(1, Relaxed);
        let mut stream = Stream::new(&web, who, socket);
        let reason = stream.run().await;
        stream.close(reason).await;
        streams.fetch_sub(1, Relaxed);
    }))
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The browser is gone.
    Gone,
    /// We close, with this code.
    Close(u16),
}

/// What a stream waits for.
enum Event {
    Change(Box<Result<(u64, ViewChange), RecvError>>),
    Ticket(Result<TicketChange, RecvError>),
    Alarms,
    Replaced(Result<UserId, RecvError>),
    /// None: the browser is gone.
    Message(Option<Message>),
    Beat,
    Stop,
}

struct Stream<'a> {
    web: &'a Web,
    who: SignedIn,
    sight: Sight,
    socket: WebSocket,
    /// The last number given on this connection.
    seq: u64,
    /// The last change of the picture that was taken over.
    seen: u64,
    /// Calls this reader has been told of, so that he is told when they leave his sight.
    shown: BTreeSet<InteractionId>,
    changes: broadcast::Receiver<(u64, ViewChange)>,
    tickets: broadcast::Receiver<TicketChange>,
    alarms: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    replaced: broadcast::Receiver<UserId>,
}

impl<'a> Stream<'a> {
    fn new(web: &'a Web, who: SignedIn, socket: WebSocket) -> Self {
        Self {
            web,
            sight: Sight::of(&who),
            who,
            socket,
            seq: 0,
            seen: 0,
            shown: BTreeSet::new(),
            changes: web.engine.views().subscribe(),
            tickets: web.engine.tickets().subscribe(),
            alarms: web.engine.alarms().subscribe(),
            stopping: web.stopping.subscribe(),
            replaced: web.replaced.subscribe(),
        }
    }

    async fn run(&mut self) -> End {
        let told = match self.hello().await {
            Ok(()) => self.snapshot().await,
            Err(end) => Err(end),
        };
        if let Err(end) = told {
            return end;
        }
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        loop {
            let event = tokio::select! {
                change = self.changes.recv() => Event::Change(Box::new(change)),
                ticket = self.tickets.recv() => Event::Ticket(ticket),
                Ok(()) = self.alarms.changed() => Event::Alarms,
                replaced = self.replaced.recv() => Event::Replaced(replaced),
                message = self.socket.recv() => Event::Message(message.and_then(Result::ok)),
                _ = beat.tick() => Event::Beat,
                _ = self.stopping.wait_for(|stopping| *stopping) => Event::Stop,
            };
            let step = match event {
                Event::Change(change) => self.take_change(*change).await,
                Event::Ticket(ticket) => self.take_ticket(ticket).await,
                Event::Alarms => self.take_alarms().await,
                Event::Replaced(Ok(user)) if user != self.who.principal.user => Ok(()),
                Event::Message(Some(message)) => self.take_message(&message).await,
                Event::Message(None) => Err(End::Gone),
                Event::Replaced(Ok(_) | Err(RecvError::Lagged(_))) | Event::Beat => self.beat().await,
                Event::Replaced(Err(RecvError::Closed)) | Event::Stop => Err(End::Close(CLOSE_GOING_AWAY)),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn hello(&mut self) -> Result<(), End> {
        let hello = HelloDto {
            server_time: self.web.engine.clock().now().wall.into(),
            user: self.who.principal.user.to_string(),
            agent: self.sight.own.as_ref().map(ToString::to_string),
        };
        self.send("hello", None, &hello).await
    }

    async fn snapshot(&mut self) -> Result<(), End> {
        // Changes before the snapshot are in it; those after it follow.
        let open = self.web.engine.alarms().open();
        let dto = self.web.engine.views().read(|snapshot| {
            self.seen = snapshot.seq;
            let calls = snapshot.calls.values().filter(|call| self.sight.sees_call(call));
            self.shown = calls.map(|call| call.interaction).collect();
            picture(snapshot, &self.sight)
        });
        let alarms = if self.sight.alarms {
            open.iter().map(AlarmDto::from).collect()
        } else {
            Vec::new()
        };
        self.number("snapshot", &SnapshotDto { alarms, ..dto }).await
    }

    async fn take_change(&mut self, change: Result<(u64, ViewChange), RecvError>) -> Result<(), End> {
        let (seq, change) = match change {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => return self.snapshot().await,
            Err(RecvError::Closed) => return Err(End::Close(CLOSE_GOING_AWAY)),
        };
        if seq <= self.seen {
            return Ok(());
        }
        self.seen = seq;
        match change {
            ViewChange::Agent(view) if self.sight.all || Some(&view.agent) == self.sight.own.as_ref() => {
                self.number("agent", &AgentDto::from(&view)).await
            }
            ViewChange::Queue(view) if self.sight.queues => {
                self.number("queue", &QueueDto::from(&view)).await
            }
            ViewChange::Call(view) if self.sight.sees_call(&view) => {
                self.shown.insert(view.interaction);
                self.number("call", &LiveCallDto::new(&view, self.sight.own.as_ref()))
                    .await
            }
            // A call that went on to somebody else is over for this reader.
            ViewChange::Call(view) => self.forget(view.interaction).await,
            ViewChange::CallGone(interaction) => self.forget(interaction).await,
            ViewChange::Agent(_) | ViewChange::Queue(_) => Ok(()),
        }
    }

    async fn forget(&mut self, interaction: InteractionId) -> Result<(), End> {
        if !self.shown.remove(&interaction) {
            return Ok(());
        }
        self.number(
            "call_gone",
            &GoneDto {
                interaction: interaction.to_string(),
            },
        )
        .await
    }

    async fn take_ticket(&mut self, change: Result<TicketChange, RecvError>) -> Result<(), End> {
        match change {
            Ok(change) if self.sight.own.is_some() && self.sight.own == change.agent => {
                if !sees(self.web, &self.who.principal, change.ticket).await {
                    return Ok(());
                }
                let dto = TicketDto {
                    id: change.ticket.to_string(),
                    number: change.number,
                    interaction: change
                        .interaction
                        .map(|call| call.to_string())
                        .unwrap_or_default(),
                    version: change.version,
                };
                self.number("ticket", &dto).await
            }
            Ok(_) => Ok(()),
            // A draft may be among what was lost: with the snapshot the desk asks for it.
            Err(RecvError::Lagged(_)) => self.snapshot().await,
            Err(RecvError::Closed) => Err(End::Close(CLOSE_GOING_AWAY)),
        }
    }

    async fn take_alarms(&mut self) -> Result<(), End> {
        if !self.sight.alarms {
            return Ok(());
        }
        let open: Vec<AlarmDto> = self
            .web
            .engine
            .alarms()
            .open()
            .iter()
            .map(AlarmDto::from)
            .collect();
        self.number("alarms", &open).await
    }

    async fn take_message(&mut self, message: &Message) -> Result<(), End> {
        match message {
            Message::Text(text) => match serde_json::from_str::<Asked>(text) {
                Ok(asked) if asked.kind == "resync" => self.snapshot().await,
                // What a later screen may say is no fault.
                _ => Ok(()),
            },
            Message::Close(_) => Err(End::Gone),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    /// Says that the server lives, and looks whether the reader may go on.
    async fn beat(&mut self) -> Result<(), End> {
        match auth::identify(self.web, &self.who.session.token_hash).await {
            Ok(who) => {
                let lost = authorize(&who.principal, Verb::StreamRead, &Object::of_centre("stream")).is_err();
                if lost {
                    return Err(End::Close(CLOSE_FORBIDDEN));
                }
                let moved = who.principal != self.who.principal;
                self.sight = Sight::of(&who);
                self.who = who;
                if moved {
                    self.snapshot().await?;
                }
            }
            Err(problem) if problem.code() == Code::NotSignedIn.as_str() => {
                return Err(End::Close(CLOSE_SIGNED_OUT));
            }
            Err(problem) if problem.code() == Code::SessionReplaced.as_str() => {
                return Err(End::Close(CLOSE_REPLACED));
            }
            // The database is down: the floor is shown on.
            Err(_) => (),
        }
        let beat = BeatDto {
            server_time: self.web.engine.clock().now().wall.into(),
        };
        self.send("heartbeat", None, &beat).await
    }

    async fn number<T: Serialize>(&mut self, kind: &str, data: &T) -> Result<(), End> {
        self.seq += 1;
        self.send(kind, Some(self.seq), data).await
    }

    async fn send<T: Serialize>(&mut self, kind: &str, seq: Option<u64>, data: &T) -> Result<(), End> {
        let envelope = Envelope {
            v: 1,
            seq,
            kind,
            data,
        };
        let text = serde_json::to_string(&envelope).map_err(|_| End::Gone)?;
        let sent = tokio::time::timeout(SEND_MAX, self.socket.send(Message::text(text))).await;
        sent.map_err(|_| End::Gone)?.map_err(|_| End::Gone)
    }

    async fn close(mut self, end: End) {
        if let End::Close(code) = end {
            let reason = match code {
                CLOSE_REPLACED => Code::SessionReplaced.as_str(),
                CLOSE_SIGNED_OUT => Code::NotSignedIn.as_str(),
                CLOSE_FORBIDDEN => Code::Forbidden.as_str(),
                _ => "",
            };
            let frame = CloseFrame {
                code,
                reason: axum::extract::ws::Utf8Bytes::from_static(reason),
            };
            let _ = tokio::time::timeout(SEND_MAX, self.socket.send(Message::Close(Some(frame)))).await;
        }
    }
}

/// Whether a reader sees an order as it stands now: who wrote a confidential one is told no more of it.
async fn sees(web: &Web, who: &Principal, ticket: TicketId) -> bool {
    let Ok(row) = web.engine.store().ticket(ticket).await else {
        return false;
    };
    let reference = web.engine.tickets().reference();
    row.is_none_or(|row| !is_hidden(&row.ticket, who, &reference))
}

/// The picture as a reader may see it, without alarms.
fn picture(snapshot: &Snapshot, sight: &Sight) -> SnapshotDto {
    let own = sight.own.as_ref();
    let agents = snapshot.agents.values().filter(|_| sight.all);
    let queues = snapshot.queues.values().filter(|_| sight.queues);
    let calls = snapshot.calls.values().filter(|call| sight.sees_call(call));
    SnapshotDto {
        agent: own.and_then(|own| snapshot.agents.get(own)).map(AgentDto::from),
        agents: agents.map(AgentDto::from).collect(),
        queues: queues.map(QueueDto::from).collect(),
        calls: calls.map(|call| LiveCallDto::new(call, own)).collect(),
        alarms: Vec::new(),
    }
}
