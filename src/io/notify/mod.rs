//! Ways out of the house for messages to citizens, units and other systems.
//!
//! ```text
//!  engine::outbox ──render──► Outgoing ──Gateway::submit──► file · http · cmpp
//!        ▲                                                               │
//!        └──────────────── Incoming: receipts, answers ──────────────────┘
//! ```
//!
//! **Invariants.** Whoever reads a message reads no more of a confidential order than its number and query code.
//! **Not here.** Queue, retries, alarms (`engine::outbox`), rows (`io::store::outbox`).

pub mod cmpp;
pub mod cmpp_pdu;
mod cmpp_session;
pub mod file;
pub mod gateway;
pub mod http;
pub mod long_text;
pub mod render;
pub mod vocabulary;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::base::civil::SiteZone;
use crate::base::time::Clock;
use crate::io::notify::cmpp::CmppConfig;
use crate::io::notify::cmpp::CmppGateway;
use crate::io::notify::cmpp::Pace;
use crate::io::notify::file::FileGateway;
use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::INCOMING_MAX;
use crate::io::notify::gateway::Incoming;
use crate::io::notify::http::HttpGateway;
use crate::io::notify::http::HttpGatewayConfig;
use crate::io::notify::http::HttpGatewayError;

/// How messages leave this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// What stands in 【】 before each text; empty when the gateway puts it there. Source: 3.1.
    pub signature: String,
    /// Where short messages go.
    pub sms: SmsConfig,
    /// Where messages to other systems go; none is the outbox folder.
    pub webhook: Option<PostConfig>,
}

/// Where short messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsConfig {
    /// Into the outbox folder.
    File,
    /// To a web address.
    Http(PostConfig),
    /// To an operator's gateway.
    Cmpp(CmppSettings),
}

/// A web address that messages are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostConfig {
    /// `http://…` or `https://…`.
    pub url: String,
    /// File with the key of the signature, readable by its owner alone.
    pub secret_file: PathBuf,
    /// PEM file with the authorities that sign the gateway's certificate; for `https` alone.
    pub ca: Option<PathBuf>,
    /// Seconds from the first packet to the end of the answer (1–60).
    pub timeout_s: u16,
}

/// An operator's gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CmppSettings {
    /// Host and port.
    pub address: String,
    /// SP_Id, 1 to 6 characters.
    pub source: String,
    /// File with the shared secret, readable by its owner alone.
    pub secret_file: PathBuf,
    /// Service_Id, at most 10 characters.
    pub service: String,
    /// Src_Id, 1 to 21 digits.
    pub sender: String,
}

/// Why messages cannot leave at all.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// A secret cannot be read.
    #[error("{path}: {error}")]
    Secret {
        /// Its file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read it.
    #[error("{0}: must not be readable by others; run: chmod 600 {0}")]
    Mode(PathBuf),
    /// It is empty.
    #[error("{0}: holds no secret")]
    Empty(PathBuf),
    /// The web address cannot be used.
    #[error(transparent)]
    Http(#[from] HttpGatewayError),
}

/// The ways out, ready for use.
pub struct Ways {
    /// Where short messages go.
    pub sms: Arc<dyn Gateway>,
    /// Where messages to other systems go.
    pub webhook: Arc<dyn Gateway>,
    /// What comes from the gateways.
    pub incoming: mpsc::Receiver<Incoming>,
    /// The work of their connections, to be spawned.
    pub work: BoxFuture<'static, ()>,
}

/// Opens the ways out. Files go below the data folder `data`.
///
/// # Errors
/// [`NotifyError`]; whether a gateway answers is seen later.
pub fn open(
    config: &NotifyConfig,
    data: &Path,
    zone: &SiteZone,
    clock: Arc<dyn Clock + Send + Sync>,
) -> Result<Ways, NotifyError> {
    let (sender, incoming) = mpsc::channel(INCOMING_MAX);
    let file: Arc<dyn Gateway> = Arc::new(FileGateway::new(data, zone.clone()));
    // Without a connection of its own there is no work; what comes in has an end then.
    let mut work: BoxFuture<'static, ()> = std::future::ready(()).boxed();
    let sms: Arc<dyn Gateway> = match &config.sms {
        SmsConfig::File => Arc::clone(&file),
        SmsConfig::Http(post) => Arc::new(http_gateway(post)?),
        SmsConfig::Cmpp(settings) => {
            let config = CmppConfig {
                address: settings.address.clone(),
                source: settings.source.clone(),
                secret: read_secret(&settings.secret_file)?,
                service: settings.service.clone(),
                sender: settings.sender.clone(),
                pace: Pace::STANDARD,
            };
            let (gateway, connection) = CmppGateway::new(config, zone.clone(), clock, sender);
            work = connection.boxed();
            Arc::new(gateway)
        }
    };
    let webhook: Arc<dyn Gateway> = match &config.webhook {
        Some(post) => Arc::new(http_gateway(post)?),
        None => file,
    };
    Ok(Ways {
        sms,
        webhook,
        incoming,
        work,
    })
}

fn http_gateway(post: &PostConfig) -> Result<HttpGateway, NotifyError> {
    Ok(HttpGateway::new(&HttpGatewayConfig {
        url: post.url.clone(),
        secret: read_secret(&post.secret_file)?,
        ca: post.ca.clone(),
        timeout: Duration::from_secs(post.timeout_s.into()),
    })?)
}

/// Reads a secret from a file that nobody else may read.
///
/// # Errors
/// [`NotifyError::Secret`], [`NotifyError::Mode`], [`NotifyError::Empty`].
pub fn read_secret(path: &Path) -> Result<String, NotifyError> {
    let fail = |error| NotifyError::Secret {
        path: path.to_owned(),
        error,
    };
    let mode = std::fs::metadata(path).map_err(fail)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(NotifyError::Mode(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(fail)?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(NotifyError::Empty(path.to_owned()));
    }
    Ok(secret.to_owned())
}
