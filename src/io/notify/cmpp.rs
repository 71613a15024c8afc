//! The gateway of an operator that speaks CMPP 3.0: one connection, made again whenever it is lost.
//!
//! ```text
//!  idle ──connect, CONNECT──► signed in ──lost, silent, TERMINATE──► idle, after a pause that doubles
//!    every message: down         session (SUBMIT, DELIVER, ACTIVE_TEST)
//! ```
//!
//! **Invariants.** A message is answered in any case: taken, refused, down, or unanswered when its connection ended
//! before the gateway spoke. While there is no connection nothing waits here.
//! **Not here.** One connection's life (`io::notify::cmpp_session`), bytes (`io::notify::cmpp_pdu`).
//! **Source.** China Mobile Peer to Peer 3.0, chapters 5 and 6.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::base::civil::SiteZone;
use crate::base::time::Clock;
use crate::io::notify::cmpp_session::Session;
use crate::io::notify::cmpp_session::SessionError;
use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::Incoming;
use crate::io::notify::gateway::Outgoing;
use crate::io::notify::gateway::SubmitError;
use crate::io::notify::gateway::SubmitErrorKind;
use crate::io::notify::gateway::Taken;

/// The gateway's name in rows.
pub const NAME: &str = "cmpp";
/// Most SUBMITs without an answer. Source: CMPP 3.0 chapter 5, W = 16.
pub const WINDOW: usize = 16;

/// Where the gateway is and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct CmppConfig {
    /// Host and port, as `10.20.0.5:7890`.
    pub address: String,
    /// SP_Id: who we are, at most 6 characters.
    pub source: String,
    /// The shared secret.
    pub secret: String,
    /// Service_Id, at most 10 characters.
    pub service: String,
    /// Src_Id: the number that citizens see and answer to, at most 21 digits.
    pub sender: String,
    /// How long things take.
    pub pace: Pace,
}

impl fmt::Debug for CmppConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CmppConfig({} as {})", self.address, self.source)
    }
}

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A connection and its CONNECT are made in this time.
    pub connect: Duration,
    /// An answer to a SUBMIT comes in this time, or the connection is as good as lost.
    pub answer: Duration,
    /// After so much silence we ask for a sign of life; after three times that the connection is lost.
    pub idle: Duration,
    /// A gateway that has too much to do is left alone for so long.
    pub throttle: Duration,
    /// The first pause before a connection is made again; each next is twice as long.
    pub retry_first: Duration,
    /// The longest.
    pub retry_max: Duration,
}

impl Pace {
    /// T = 60 s for answers as the standard says; signs of life earlier than its C = 180 s, so that a dead gateway is
    /// an alarm within minutes; pauses from one second to one minute.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(10),
        answer: Duration::from_mins(1),
        idle: Duration::from_secs(30),
        throttle: Duration::from_secs(1),
        retry_first: Duration::from_secs(1),
        retry_max: Duration::from_mins(1),
    };
}

/// A message and where its end is awaited.
pub(super) struct Request {
    pub(super) message: Outgoing,
    pub(super) reply: oneshot::Sender<Result<Taken, SubmitError>>,
}

/// What a connection is made with.
pub(super) struct Parts {
    pub(super) config: CmppConfig,
    pub(super) zone: SiteZone,
    pub(super) clock: Arc<dyn Clock + Send + Sync>,
    pub(super) incoming: mpsc::Sender<Incoming>,
}

/// The gateway; its connection lives in a task of its own.
#[derive(Debug)]
pub struct CmppGateway {
    requests: mpsc::Sender<Request>,
    is_up: Arc<AtomicBool>,
}

impl CmppGateway {
    /// Makes the gateway and the work of its connection, which ends when the gateway is dropped. What comes from the
    /// gateway goes to `incoming`.
    pub fn new(
        config: CmppConfig,
        zone: SiteZone,
        clock: Arc<dyn Clock + Send + Sync>,
        incoming: mpsc::Sender<Incoming>,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (requests, received) = mpsc::channel(WINDOW);
        let parts = Parts {
            config,
            zone,
            clock,
            incoming,
        };
        let is_up = Arc::new(AtomicBool::new(false));
        let work = run(parts, received, Arc::clone(&is_up));
        (Self { requests, is_up }, work)
    }
}

impl Gateway for CmppGateway {
    fn name(&self) -> &str {
        NAME
    }

    fn submit<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Taken, SubmitError>> {
        async move {
            let (reply, answer) = oneshot::channel();
            let request = Request {
                message: message.clone(),
                reply,
            };
            let gone = || SubmitError::new(SubmitErrorKind::Down, "cmpp-ended");
            self.requests.send(request).await.map_err(|_| gone())?;
            // The task drops a message only when it ends itself: whether it left is not known.
            answer
                .await
                .map_err(|_| SubmitError::new(SubmitErrorKind::Unanswered, "cmpp-ended"))?
        }
        .boxed()
    }

    fn window(&self) -> usize {
        WINDOW
    }

    fn is_up(&self) -> bool {
        self.is_up.load(Relaxed)
    }
}

async fn run(parts: Parts, mut requests: mpsc::Receiver<Request>, is_up: Arc<AtomicBool>) {
    let pace = parts.config.pace;
    let mut pause = pace.retry_first;
    let mut sequence = 0;
    loop {
        let session = tokio::select! {
            session = connect(&parts, sequence) => session,
            () = refuse(&mut requests) => return,
        };
        let error = match session {
            Ok(mut session) => {
                pause = pace.retry_first;
                tracing::info!(gateway = NAME, "signed in");
                is_up.store(true, Relaxed);
                let ended = session.run(&mut requests).await;
                is_up.store(false, Relaxed);
                sequence = session.sequence();
                match ended {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        tracing::warn!(gateway = NAME, %error, "no connection to the gateway");
        tokio::select! {
            () = sleep(pause) => {}
            () = refuse(&mut requests) => return,
        }
        pause = (pause * 2).min(pace.retry_max);
    }
}

async fn connect(parts: &Parts, sequence: u32) -> Result<Session<'_>, SessionError> {
    let made = async {
        let stream = TcpStream::connect(&parts.config.address).await?;
        stream.set_nodelay(true)?;
        Session::sign_in(parts, stream, sequence).await
    };
    timeout(parts.config.pace.connect, made)
        .await
        .unwrap_or(Err(SessionError::Silent))
}

/// Tells everybody that the gateway is down; ends when nobody can ask any more.
async fn refuse(requests: &mut mpsc::Receiver<Request>) {
    while let Some(request) = requests.recv().await {
        // Nobody waits for the answer: it is no loss.
        let _ = request
            .reply
            .send(Err(SubmitError::new(SubmitErrorKind::Down, "cmpp-down")));
    }
}
