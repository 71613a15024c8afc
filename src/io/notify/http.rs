//! The gateway of a site whose messages go to a web address: one signed POST per message.
//!
//! ```text
//!  POST <url>
//!  Idempotency-Key: <id>
//!  X-Rexian-Timestamp: <seconds since 1970>
//!  X-Rexian-Signature: <hex HMAC-SHA-256 over "<timestamp>.<body>">
//!  {"id","to","text","template","purpose","ticket_number","resends"}
//! ```
//!
//! 2xx is taken; a JSON body may name the message: `{"id": "…"}`. 429 is throttled, 5xx may be tried again, everything
//! else is refused for good. `https` needs the certificate of the authority that signed the gateway's.
//!
//! **Invariants.** One connection per message, bounded in time; nothing of an answer is kept but its status and id.
//! **Not here.** Repetition (`engine::outbox`).
//! **Source.** RFC 9110; HMAC-SHA-256: RFC 2104.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use hyper::Request;
use hyper::StatusCode;
use hyper::Uri;
use hyper::body::Body as _;
use hyper::body::Incoming as IncomingBody;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde::Serialize;
use sha2::Sha256;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::Outgoing;
use crate::io::notify::gateway::SubmitError;
use crate::io::notify::gateway::SubmitErrorKind;
use crate::io::notify::gateway::Taken;

/// The gateway's name in rows.
pub const NAME: &str = "http";
/// Connections at once: a city's few messages a second, and no burst for the gateway.
const WINDOW: usize = 4;
/// Longest answer that is read, bytes.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// Longest id that is kept, characters.
const ID_CHARS_MAX: usize = 100;

/// Where messages are posted.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpGatewayConfig {
    /// `http://…` or `https://…`.
    pub url: String,
    /// The key of the signature.
    pub secret: String,
    /// PEM file with the authorities that sign the gateway's certificate; for `https` alone.
    pub ca: Option<PathBuf>,
    /// From the first packet to the end of the answer.
    pub timeout: Duration,
}

impl std::fmt::Debug for HttpGatewayConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpGatewayConfig({})", self.url)
    }
}

/// Why the gateway cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum HttpGatewayError {
    /// Not a web address.
    #[error("{0}: not an address that begins with http:// or https://")]
    Url(String),
    /// The authorities' certificates cannot be read, or there are none for `https`.
    #[error("{0}: no certificate of an authority")]
    Ca(String),
    /// TLS cannot be had.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// The web address that messages are posted to.
pub struct HttpGateway {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    secret: String,
    timeout: Duration,
}

impl std::fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpGateway({})", self.uri)
    }
}

#[derive(Serialize)]
struct Post<'a> {
    id: &'a str,
    to: &'a str,
    text: &'a str,
    template: &'a str,
    purpose: &'a str,
    ticket_number: &'a str,
    resends: u32,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
}

/// A connection in clear or under TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

impl HttpGateway {
    /// Makes the gateway.
    ///
    /// # Errors
    /// [`HttpGatewayError`].
    pub fn new(config: &HttpGatewayConfig) -> Result<Self, HttpGatewayError> {
        let wrong = || HttpGatewayError::Url(config.url.clone());
        let uri: Uri = config.url.parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let host = uri.host().ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let tls = if is_tls {
            let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
            Some((connector(config.ca.as_ref())?, name))
        } else {
            None
        };
        Ok(Self {
            uri,
            host,
            port,
            tls,
            secret: config.secret.clone(),
            timeout: config.timeout,
        })
    }

    async fn connect(&self) -> std::io::Result<Pin<Box<dyn Wire>>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::pin(stream)),
            Some((connector, name)) => Ok(Box::pin(connector.connect(name.clone(), stream).await?)),
        }
    }

    fn request(&self, message: &Outgoing) -> Option<Request<String>> {
        let body = serde_json::to_string(&Post {
            id: &message.id,
            to: &message.to,
            text: &message.text,
            template: message.template,
            purpose: message.purpose,
            ticket_number: &message.ticket_number,
            resends: message.resends,
        })
        .ok()?;
        let timestamp = message.at.as_micros().div_euclid(1_000_000).to_string();
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        Request::post(path)
            .header("host", self.uri.authority()?.as_str())
            .header("content-type", "application/json")
            .header("content-length", body.len())
            .header("idempotency-key", &message.id)
            .header("x-rexian-signature", signature(&self.secret, &timestamp, &body))
            .header("x-rexian-timestamp", timestamp)
            .body(body)
            .ok()
    }

    async fn post(&self, message: &Outgoing) -> Result<Taken, SubmitError> {
        let down = || SubmitError::new(SubmitErrorKind::Down, "http-down");
        let open = || SubmitError::new(SubmitErrorKind::Unanswered, "http-unanswered");
        let request = self
            .request(message)
            .ok_or_else(|| SubmitError::new(SubmitErrorKind::Permanent, "http-request"))?;
        let wire = tokio::time::timeout(self.timeout, self.connect()).await;
        let wire = wire.map_err(|_| down())?.map_err(|_| down())?;
        let exchange = async {
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(wire)).await;
            let (mut sender, connection) = handshake.map_err(|_| down())?;
            let answer = async {
                let answer = sender.send_request(request).await.map_err(|_| open())?;
                let status = answer.status();
                // What was said counts, even when the rest of it does not come.
                let body = read(answer.into_body()).await;
                judge(status, &body)
            };
            let mut answer = std::pin::pin!(answer);
            tokio::select! {
                end = &mut answer => end,
                _ = connection => answer.await,
            }
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .map_err(|_| open())?
    }
}

impl Gateway for HttpGateway {
    fn name(&self) -> &str {
        NAME
    }

    fn submit<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Taken, SubmitError>> {
        self.post(message).boxed()
    }

    fn window(&self) -> usize {
        WINDOW
    }
}

/// The signature of a body: hex HMAC-SHA-256 over `<timestamp>.<body>`.
pub fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn judge(status: StatusCode, body: &[u8]) -> Result<Taken, SubmitError> {
    let refuse = |kind| Err(SubmitError::new(kind, format!("http-{}", status.as_u16())));
    match status.as_u16() {
        200..300 => {
            let answer: Option<Answer> = serde_json::from_slice(body).ok();
            let ids = answer.map(|answer| answer.id.chars().take(ID_CHARS_MAX).collect());
            Ok(Taken {
                ids: ids.into_iter().collect(),
            })
        }
        429 => refuse(SubmitErrorKind::Throttled),
        // It took our time: it may be at work on it.
        408 | 504 => refuse(SubmitErrorKind::Unanswered),
        500..600 => refuse(SubmitErrorKind::Transient),
        _ => refuse(SubmitErrorKind::Permanent),
    }
}

async fn read(mut body: IncomingBody) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Some(data) = frame.data_ref() else { continue };
        if ANSWER_BYTES_MAX < bytes.len() + data.len() {
            break;
        }
        bytes.extend_from_slice(data);
    }
    bytes
}

fn connector(ca: Option<&PathBuf>) -> Result<TlsConnector, HttpGatewayError> {
    let path = ca.map(|path| path.display().to_string()).unwrap_or_default();
    let none = || HttpGatewayError::Ca(path.clone());
    let mut roots = RootCertStore::empty();
    let authorities = CertificateDer::pem_file_iter(ca.ok_or_else(none)?).map_err(|_| none())?;
    for authority in authorities {
        roots.add(authority.map_err(|_| none())?)?;
    }
    if roots.is_empty() {
        return Err(none());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
