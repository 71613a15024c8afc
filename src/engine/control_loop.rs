//! The one loop that drives the exchange: what arrives goes in, what comes out is carried out.
//!
//! ```text
//!   UDP ─┐                                     ┌─► UDP, streams
//!   TCP ─┤                                     ├─► media ring
//!   media┼─► drain everything ─► Exchange ─────┼─► journal (one batch a turn)
//!   journal                                    ├─► replies
//!   commands ─┘            ▲── next timeout ───┴─► views
//! ```
//!
//! **Invariants.** One thread, no lock held over a step, nothing here waits for disk or database. All facts of a turn
//! go to the journal as one batch. A turn is bounded, so a flood on one door does not starve the others.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::base::time::Clock;
use crate::base::time::MonoTime;
use crate::engine::metrics::Metrics;
use crate::engine::views::Views;
use crate::exchange::Exchange;
use crate::exchange::command::Command;
use crate::exchange::command::CommandError;
use crate::exchange::command::RequestId;
use crate::exchange::input::Input;
use crate::exchange::input::JournalStatus;
use crate::exchange::output::Output;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::SystemFact;
use crate::io::clock::SystemClock;
use crate::io::journal::JournalEvent;
use crate::io::journal::JournalHandle;
use crate::io::media::worker::MediaHandle;
use crate::io::sip::stream::StreamEvent;
use crate::io::sip::stream::Streams;
use crate::io::sip::udp::UdpListener;
use crate::media::command::MediaEvent;
use crate::sip::endpoint::Transport;

/// Datagrams taken from one listener in one turn.
const DATAGRAMS_PER_TURN: usize = 64;
/// Inputs taken from each other door in one turn.
const INPUTS_PER_TURN: usize = 256;
/// Facts that nobody waits for may wait so long for company on their way to the disk.
const LINGER: Duration = Duration::from_millis(5);
/// After the last call the loop stays so long for the recorder's last words and repeated messages.
const LAST_EVENTS: Duration = Duration::from_millis(400);

/// A command on its way to the exchange.
#[derive(Debug)]
pub struct CommandRequest {
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub command: Command,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<(), CommandError>>,
}

/// The doors of the loop.
pub struct Doors {
    /// UDP listeners.
    pub udp: Vec<UdpListener>,
    /// Stream connections.
    pub streams: Streams,
    /// What arrives on streams.
    pub stream_events: mpsc::Receiver<StreamEvent>,
    /// The media worker.
    pub media: MediaHandle,
    /// What the recorder says.
    pub recorder_events: std::sync::mpsc::Receiver<MediaEvent>,
    /// The journal's thread.
    pub journal: JournalHandle,
    /// What the journal says.
    pub journal_events: std::sync::mpsc::Receiver<JournalEvent>,
    /// Commands of people and of the program.
    pub commands: mpsc::Receiver<CommandRequest>,
    /// Wakes the loop; whoever uses a door calls it.
    pub notify: Arc<Notify>,
    /// Set when the loop shall end as soon as nothing is in progress.
    pub stop: Arc<AtomicBool>,
    /// The live picture.
    pub views: Arc<Views>,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// The loop's own state.
pub struct ControlLoop {
    exchange: Exchange,
    doors: Doors,
    clock: SystemClock,
    outputs: Vec<Output>,
    batch: Vec<Record>,
    batch_until: Option<MonoTime>,
    replies: std::collections::BTreeMap<RequestId, oneshot::Sender<Result<(), CommandError>>>,
    requests: u64,
    forced: bool,
    buffer: Vec<u8>,
}

impl ControlLoop {
    /// Puts the loop together.
    pub fn new(exchange: Exchange, doors: Doors, clock: SystemClock) -> Self {
        Self {
            exchange,
            doors,
            clock,
            outputs: Vec::with_capacity(256),
            batch: Vec::with_capacity(256),
            batch_until: None,
            replies: std::collections::BTreeMap::new(),
            requests: 0,
            forced: false,
            buffer: Vec::with_capacity(crate::base::limits::SIP_MESSAGE_BYTES_MAX),
        }
    }

    /// Runs until it is told to stop and nothing is in progress; then writes `node.stopped` and lets the journal end.
    pub async fn run(mut self) {
        self.exchange.start(self.clock.now(), &mut self.outputs);
        self.carry_out();
        loop {
            let worked = self.turn();
            self.publish_figures();
            if worked {
                continue;
            }
            let stopping = self.doors.stop.load(Ordering::Relaxed) && self.exchange.is_settled();
            self.wait(if stopping {
                LAST_EVENTS
            } else {
                Duration::from_hours(1)
            })
            .await;
            if stopping && !self.turn() {
                break;
            }
        }
        self.hand_over(Linger::No);
        self.doors.journal.append(vec![Record {
            now: self.clock.now(),
            interaction: None,
            ticket: None,
            actor: Actor::system(),
            cause: "node",
            fact: Fact::System(SystemFact::NodeStopped { forced: self.forced }),
            personal: None,
        }]);
    }

    /// Takes what waits at every door. Returns whether anything did.
    fn turn(&mut self) -> bool {
        let mut worked = self.take_journal();
        worked |= self.take_media();
        worked |= self.take_datagrams();
        worked |= self.take_streams();
        worked |= self.take_commands();
        worked |= self.take_timeouts();
        self.carry_out();
        worked
    }

    fn step(&mut self, input: Input<'_>) {
        self.exchange.handle(self.clock.now(), input, &mut self.outputs);
    }

    fn take_journal(&mut self) -> bool {
        let mut worked = false;
        while let Ok(event) = self.doors.journal_events.try_recv() {
            worked = true;
            match event {
                JournalEvent::Durable(fact_no) => self.step(Input::Durable(fact_no)),
                JournalEvent::Accepting => self.step(Input::Journal(JournalStatus::Accepting)),
                JournalEvent::Full => self.step(Input::Journal(JournalStatus::Full)),
                JournalEvent::Failed(error) => {
                    tracing::error!(%error, "the journal cannot be written: new calls and offers are refused");
                    self.step(Input::Journal(JournalStatus::Failed));
                }
            }
        }
        worked
    }

    fn take_media(&mut self) -> bool {
        let mut worked = false;
        while let Some(event) = self.doors.media.receive() {
            worked = true;
            self.step(Input::Media(event));
        }
        while let Ok(event) = self.doors.recorder_events.try_recv() {
            worked = true;
            self.step(Input::Media(event));
        }
        worked
    }

    fn take_datagrams(&mut self) -> bool {
        let mut worked = false;
        let mut buffer = std::mem::take(&mut self.buffer);
        for listener in 0..self.doors.udp.len() {
            for _ in 0..DATAGRAMS_PER_TURN {
                let Some(route) = self
                    .doors
                    .udp
                    .get(listener)
                    .and_then(|it| it.receive(&mut buffer))
                else {
                    break;
                };
                worked = true;
                self.step(Input::Sip {
                    route,
                    bytes: &buffer,
                });
            }
        }
        self.buffer = buffer;
        worked
    }

    fn take_streams(&mut self) -> bool {
        let mut worked = false;
        for _ in 0..INPUTS_PER_TURN {
            let Ok(event) = self.doors.stream_events.try_recv() else {
                break;
            };
            worked = true;
            match event {
                StreamEvent::Message(route, bytes) => self.step(Input::Sip { route, bytes: &bytes }),
                StreamEvent::Lost(connection) => self.step(Input::ConnectionLost(connection)),
            }
        }
        worked
    }

    fn take_commands(&mut self) -> bool {
        let mut worked = false;
        for _ in 0..INPUTS_PER_TURN {
            let Ok(request) = self.doors.commands.try_recv() else {
                break;
            };
            worked = true;
            self.forced |= matches!(request.command, Command::Force);
            self.requests += 1;
            let id = RequestId(self.requests);
            self.replies.insert(id, request.reply);
            self.step(Input::Command {
                request: id,
                actor: request.actor,
                command: request.command,
            });
        }
        worked
    }

    fn take_timeouts(&mut self) -> bool {
        let due = self
            .exchange
            .next_timeout()
            .is_some_and(|at| at <= self.clock.now().mono);
        if due {
            self.step(Input::Timeout);
        }
        due
    }

    /// Carries out everything that came out of this turn's steps.
    fn carry_out(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        for output in outputs.drain(..) {
            match output {
                Output::Send { route, bytes } => self.send(
                    route.transport,
                    route.local,
                    route.remote,
                    route.connection,
                    bytes,
                ),
                Output::Media(command) => {
                    if let Err(refused) = self.doors.media.send(command) {
                        self.doors
                            .metrics
                            .media_commands_dropped
                            .fetch_add(1, Ordering::Relaxed);
                        tracing::error!(?refused, "the media ring is full");
                    }
                }
                Output::Fact(record) => {
                    self.doors.metrics.count_fact(&record.fact);
                    self.batch.push(record);
                }
                Output::Reply { request, result } => {
                    if let Some(reply) = self.replies.remove(&request) {
                        // The asker may be gone.
                        let _ = reply.send(result);
                    }
                }
                Output::View(change) => self.doors.views.apply(change),
            }
        }
        self.outputs = outputs;
        self.doors.media.flush();
        self.hand_over(Linger::Allowed);
    }

    fn send(
        &mut self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
        connection: u64,
        bytes: Arc<[u8]>,
    ) {
        match transport {
            Transport::Tcp => self.doors.streams.send(connection, bytes),
            Transport::Udp => {
                let same_family = |it: &UdpListener| it.local().is_ipv4() == remote.is_ipv4();
                let exact = self.doors.udp.iter().position(|it| it.local() == local);
                let chosen = exact.or_else(|| self.doors.udp.iter().position(same_family));
                if let Some(listener) = chosen.and_then(|at| self.doors.udp.get_mut(at)) {
                    listener.send(remote, &bytes);
                }
            }
        }
    }

    /// Hands the facts of this turn to the journal: at once when somebody waits for one of them, else when the oldest
    /// has waited for [`LINGER`], so that facts nobody waits for share a sync with others.
    fn hand_over(&mut self, linger: Linger) {
        if self.batch.is_empty() {
            return;
        }
        let now = self.clock.now().mono;
        let until = *self.batch_until.get_or_insert(now + LINGER);
        if linger == Linger::Allowed && !self.exchange.awaits_disk() && now < until {
            return;
        }
        self.batch_until = None;
        self.doors.journal.append(std::mem::take(&mut self.batch));
    }

    fn publish_figures(&self) {
        let metrics = &self.doors.metrics;
        metrics
            .calls_active
            .store(as_u64(self.exchange.calls_len()), Ordering::Relaxed);
        metrics
            .gated
            .store(as_u64(self.exchange.gated_len()), Ordering::Relaxed);
    }

    /// Sleeps until a door has something or the next timeout is due.
    async fn wait(&self, at_most: Duration) {
        let now = self.clock.now().mono;
        let timer = self.exchange.next_timeout().into_iter().chain(self.batch_until).min();
        let timeout = timer.map_or(at_most, |at: MonoTime| at.since(now).min(at_most));
        let Doors { udp, notify, .. } = &self.doors;
        let readable = poll_fn(|cx| {
            let ready = udp.iter().any(|listener| listener.poll_readable(cx).is_ready());
            if ready { Poll::Ready(()) } else { Poll::Pending }
        });
        // Every other door calls `notify` after it was used.
        tokio::select! {
            () = readable => {}
            () = notify.notified() => {}
            () = tokio::time::sleep(timeout) => {}
        }
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Whether facts may wait for company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linger {
    Allowed,
    No,
}
