//! Takes connections, speaks TLS and HTTP/1.1 on them, and ends them in order.
//!
//! ```text
//!  accept ─► TLS ─► HTTP ─► … ─► closed
//!    │        └ 10 s └ 30 s a header
//!    └ stop: no more accepts, answers in progress end, at most 5 s
//! ```
//!
//! **Invariants.** Strangers hold at most [`CONNECTIONS_MAX`] connections; one that says nothing is closed.
//! **Not here.** What is answered (`http`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use crate::engine::Engine;
use crate::engine::alarms::AlarmCode;
use crate::http::Scheme;
use crate::http::Web;
use crate::http::certificate::Certificate;
use crate::http::certificate::CertificateError;

/// Most connections held at once: a thousand desks with some each.
pub const CONNECTIONS_MAX: usize = 8_192;
/// A TLS handshake must end within this time.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// A request's header must end within this time; an idle connection is closed after it.
const HEADER_MAX: Duration = Duration::from_secs(30);
/// Answers in progress may take so long when the program stops.
const STOP_MAX: Duration = Duration::from_secs(5);
/// A wait after a failed accept, as with too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// The certificate's days are looked at this often.
const LOOK_EVERY: Duration = Duration::from_hours(1);
/// Fewer days than this raise an alarm.
const DAYS_LOW: i64 = 30;

/// Where browsers reach us.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// The address.
    pub listen: SocketAddr,
    /// Names and addresses in the certificate we make ourselves.
    pub hosts: Vec<String>,
    /// The data folder; certificates are in `certs` below it.
    pub data: PathBuf,
}

/// The running web side.
#[derive(Debug)]
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// Ends after the stop, when no answer is in progress any more.
    pub task: JoinHandle<()>,
}

/// Why the web side does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The address.
    #[error("{address}: {error}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Starts the web side over HTTPS; it ends when `stop` becomes true.
///
/// # Errors
/// [`StartError`].
pub async fn start(
    engine: Engine,
    config: WebConfig,
    mut stop: watch::Receiver<bool>,
) -> Result<Started, StartError> {
    let WebConfig { listen, hosts, data } = config;
    let now = engine.clock().now().wall;
    let certificate = Certificate::load_or_make(&data.join("certs"), &hosts, now)?;
    let fail = |error| StartError::Listen {
        address: listen,
        error,
    };
    let listener = TcpListener::bind(listen).await.map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    // A certificate that cannot be used is told now, not at the first handshake.
    certificate.server_config()?;
    let web = Web::new(engine, Scheme::Https);
    let task = tokio::spawn(async move {
        let ending = web.clone();
        tokio::spawn(async move {
            // Whoever drops the sender stops too.
            let _ = stop.wait_for(|stop| *stop).await;
            ending.stop();
        });
        if let Err(error) = serve(web, listener, Some(certificate)).await {
            tracing::error!(%error, "the web side ended");
        }
    });
    Ok(Started { address, task })
}

/// Serves the web side on a listener until [`Web::stop`]; without a certificate in clear.
///
/// # Errors
/// [`CertificateError::Tls`] when the certificate cannot be used.
pub async fn serve(
    web: Web,
    listener: TcpListener,
    certificate: Option<Certificate>,
) -> Result<(), CertificateError> {
    let acceptor = match &certificate {
        Some(certificate) => Some(TlsAcceptor::from(certificate.server_config()?)),
        None => None,
    };
    if let Some(certificate) = certificate {
        tokio::spawn(watch_certificate(web.clone(), certificate));
    }
    let router = web.router();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stopping = web.stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Above the bound a stranger is turned away at once.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (web, router, acceptor) = (web.clone(), router.clone(), acceptor.clone());
        tokio::spawn(async move {
            connection(web, router, acceptor, stream, peer).await;
            drop(place);
        });
    }
    drop(listener);
    let everything = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(STOP_MAX, places.acquire_many(everything)).await;
    Ok(())
}

async fn connection(
    web: Web,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // Small frames of the live stream must not wait for each other.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => speak(web, router, stream, peer).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => speak(web, router, stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn speak<S>(web: Web, router: Router, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_MAX);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopping = web.stopping.subscribe();
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Waits for the stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error says that the web side itself is gone, which is a stop too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn watch_certificate(web: Web, certificate: Certificate) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let days = certificate.days_left(web.engine.clock().now().wall);
        web.engine.metrics().certificate_days.store(days, Relaxed);
        web.engine
            .alarms()
            .set(AlarmCode::CertificateExpiring, "web", days < DAYS_LOW);
        if web.is_stopping() {
            return;
        }
    }
}
