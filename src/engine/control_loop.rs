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
//! go to the journal together, at the latest 5 ms after the first. A turn is bounded, so a flood on one door does not
//! starve the others, and after a few turns the runtime looks at the sockets again. No new calls are taken while too
//! many facts wait for the disk, even if the disk hangs and the journal's thread can say nothing.
//! **Not here.** Decisions (`exchange`), the doors (`engine::doors`), the thread itself (`app::build`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::ids::RecordingId;
use crate::base::limits::JOURNAL_FACTS_WAITING_MAX;
use crate::base::limits::MEDIA_RING_MAX;
use crate::base::time::Clock;
use crate::base::time::MonoTime;
pub use crate::engine::doors::Doors;
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
use crate::io::sip::stream::StreamEvent;
use crate::media::command::MediaCommand;
use crate::media::command::MediaEvent;
use crate::sip::endpoint::Route;

/// Datagrams taken from one listener in one turn.
const DATAGRAMS_PER_TURN: usize = 64;
/// Inputs taken from each other door in one turn.
const INPUTS_PER_TURN: usize = 256;
/// Facts that nobody waits for may wait so long for company on their way to the disk.
const LINGER: Duration = Duration::from_millis(5);
/// Turns after which the runtime gets its turn: it is the one that sees which sockets can be read.
const TURNS_MAX: u32 = 4;
/// After the last call the loop stays so long for repeated messages.
const LAST_EVENTS: Duration = Duration::from_millis(400);
/// After the last call the loop stays at most so long for recordings that are not closed yet.
const LAST_RECORDINGS: Duration = Duration::from_secs(5);
/// Between attempts to hand over media commands that found the ring full.
const MEDIA_RETRY: Duration = Duration::from_millis(2);

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

/// The loop's own state.
pub struct ControlLoop {
    exchange: Exchange,
    doors: Doors,
    clock: SystemClock,
    outputs: Vec<Output>,
    batch: Vec<Record>,
    batch_until: Option<MonoTime>,
    replies: BTreeMap<RequestId, oneshot::Sender<Result<(), CommandError>>>,
    requests: u64,
    forced: bool,
    buffer: Vec<u8>,
    /// What the journal's thread said last.
    journal_told: JournalStatus,
    /// Whether so many facts wait for the disk that it must hang.
    choked: bool,
    /// Commands that found the media ring full, in order.
    media_waiting: VecDeque<MediaCommand>,
    /// Recordings begun that the recorder has not reported yet.
    recordings: BTreeSet<RecordingId>,
    /// Since when nothing is in progress while the program stops.
    settled_at: Option<MonoTime>,
    sip_received: u64,
    sip_sent: u64,
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
            replies: BTreeMap::new(),
            requests: 0,
            forced: false,
            buffer: Vec::with_capacity(crate::base::limits::SIP_MESSAGE_BYTES_MAX),
            journal_told: JournalStatus::Accepting,
            choked: false,
            media_waiting: VecDeque::new(),
            recordings: BTreeSet::new(),
            settled_at: None,
            sip_received: 0,
            sip_sent: 0,
        }
    }

    /// Runs until it is told to stop and nothing is in progress; then writes `node.stopped` and lets the journal end.
    pub async fn run(mut self) {
        self.exchange.start(self.clock.now(), &mut self.outputs);
        self.carry_out();
        let mut turns = 0;
        loop {
            let worked = self.turn();
            self.publish_figures();
            if self.is_over() {
                break;
            }
            turns = if worked { turns + 1 } else { 0 };
            if !worked {
                self.wait().await;
            } else if TURNS_MAX <= turns {
                turns = 0;
                tokio::task::yield_now().await;
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

    /// Whether the program shall stop and everything has been said. A peer that goes on sending does not hold it up.
    fn is_over(&mut self) -> bool {
        let settled = self.doors.stop.load(Ordering::Relaxed)
            && self.exchange.is_settled()
            && self.media_waiting.is_empty();
        if !settled {
            self.settled_at = None;
            return false;
        }
        let now = self.clock.now().mono;
        let since = *self.settled_at.get_or_insert(now);
        self.last_patience() <= now.since(since)
    }

    fn last_patience(&self) -> Duration {
        if self.recordings.is_empty() {
            LAST_EVENTS
        } else {
            LAST_RECORDINGS
        }
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
        for _ in 0..INPUTS_PER_TURN {
            let Ok(event) = self.doors.journal_events.try_recv() else {
                break;
            };
            worked = true;
            let before = self.journal_status();
            match event {
                JournalEvent::Durable(fact_no) => self.step(Input::Durable(fact_no)),
                JournalEvent::Accepting => self.journal_told = JournalStatus::Accepting,
                JournalEvent::Full => self.journal_told = JournalStatus::Full,
                JournalEvent::Failed(error) => {
                    tracing::error!(%error, "the journal cannot be written: new calls and offers are refused");
                    self.journal_told = JournalStatus::Failed;
                }
            }
            self.tell_journal(before);
        }
        worked |= self.look_at_journal();
        worked
    }

    /// Sees for itself how many facts wait: a thread that hangs in a write tells nothing.
    fn look_at_journal(&mut self) -> bool {
        let waiting = usize::try_from(self.doors.journal.waiting()).unwrap_or(usize::MAX);
        let bound = if self.choked {
            JOURNAL_FACTS_WAITING_MAX / 2
        } else {
            JOURNAL_FACTS_WAITING_MAX
        };
        let choked = bound <= waiting;
        if choked == self.choked {
            return false;
        }
        if choked {
            tracing::error!(
                waiting,
                "the journal's disk does not keep up: new calls are refused"
            );
        }
        let before = self.journal_status();
        self.choked = choked;
        self.doors.watch.journal_choked(choked);
        self.tell_journal(before);
        true
    }

    fn journal_status(&self) -> JournalStatus {
        match self.journal_told {
            JournalStatus::Accepting if self.choked => JournalStatus::Full,
            told => told,
        }
    }

    fn tell_journal(&mut self, before: JournalStatus) {
        let status = self.journal_status();
        if status != before {
            self.step(Input::Journal(status));
        }
    }

    fn take_media(&mut self) -> bool {
        let mut worked = false;
        for _ in 0..INPUTS_PER_TURN {
            let Some(event) = self.doors.media.receive() else {
                break;
            };
            worked = true;
            self.step(Input::Media(event));
        }
        for _ in 0..INPUTS_PER_TURN {
            let Ok(event) = self.doors.recorder_events.try_recv() else {
                break;
            };
            worked = true;
            if let MediaEvent::RecordingStored { recording, .. }
            | MediaEvent::RecordingFailed { recording, .. } = &event
            {
                self.recordings.remove(recording);
            }
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
                self.sip_received += 1;
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
                StreamEvent::Message(route, bytes) => {
                    self.sip_received += 1;
                    self.step(Input::Sip { route, bytes: &bytes });
                }
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
                Output::Send { route, bytes } => self.send(&route, bytes),
                Output::Media(command) => self.send_media(command),
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
        self.flush_media();
        self.hand_over(Linger::Allowed);
    }

    fn send(&mut self, route: &Route, bytes: Arc<[u8]>) {
        if self.doors.send(route, bytes) {
            self.sip_sent += 1;
        } else {
            // SIP repeats it, or gives up by its own timer.
            tracing::debug!(transport = ?route.transport, remote = %route.remote, "a SIP message could not be sent");
        }
    }

    /// Hands a command to the media worker, behind those that wait.
    fn send_media(&mut self, command: MediaCommand) {
        if let MediaCommand::Record { recording, .. } = &command {
            self.recordings.insert(*recording);
        }
        if self.media_waiting.len() < MEDIA_RING_MAX {
            self.media_waiting.push_back(command);
            return;
        }
        self.flush_media();
        if self.media_waiting.len() < MEDIA_RING_MAX {
            self.media_waiting.push_back(command);
            return;
        }
        // The worker has stood still for two rings' length: what is lost now is no more than what it does not do.
        let dropped = &self.doors.metrics.media_commands_dropped;
        if dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!("the media worker takes no commands: they are dropped from now on");
        }
    }

    fn flush_media(&mut self) {
        while let Some(command) = self.media_waiting.pop_front() {
            if let Err(command) = self.doors.media.send(command) {
                self.media_waiting.push_front(command);
                break;
            }
        }
        self.doors.media.flush();
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
        let malformed = self.exchange.endpoint().counters().malformed + self.doors.streams.malformed();
        for (figure, value) in [
            (&metrics.calls_active, as_u64(self.exchange.calls_len())),
            (&metrics.gated, as_u64(self.exchange.gated_len())),
            (&metrics.sip_received, self.sip_received),
            (&metrics.sip_sent, self.sip_sent),
            (&metrics.sip_malformed, malformed),
        ] {
            figure.store(value, Ordering::Relaxed);
        }
    }

    /// Sleeps until a door has something or the next timeout is due.
    async fn wait(&self) {
        let now = self.clock.now().mono;
        let mut at_most = match self.settled_at {
            Some(since) => self.last_patience().saturating_sub(now.since(since)),
            None => Duration::from_hours(1),
        };
        if !self.media_waiting.is_empty() {
            at_most = at_most.min(MEDIA_RETRY);
        }
        let timer = self
            .exchange
            .next_timeout()
            .into_iter()
            .chain(self.batch_until)
            .min();
        let timeout = timer.map_or(at_most, |at: MonoTime| at.since(now).min(at_most));
        self.doors.wait(timeout).await;
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
