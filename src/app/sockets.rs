//! The SIP sockets of a start, and the settings of the machine behind them.
//!
//! **Not here.** The sockets themselves (`io::sip`), who reads them (`engine::control_loop`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::sync::mpsc;

use crate::app::config::ServerConfig;
use crate::app::config::SipTransport;
use crate::base::limits::CONTROL_QUEUE_MAX;
use crate::io::sip::stream::StreamEvent;
use crate::io::sip::stream::Streams;
use crate::io::sip::udp::UdpListener;
use crate::sip::endpoint::Config as SipConfig;
use crate::sip::endpoint::DeviceAccount;
use crate::sip::endpoint::Listener;
use crate::sip::endpoint::Transport;
use crate::sip::registrar::ExpiryBounds;

/// The runtime of the control thread, which may be dropped inside another runtime when the start fails.
pub(super) struct ControlRuntime(Option<tokio::runtime::Runtime>);

impl ControlRuntime {
    /// Runs the control thread's work on the present thread.
    pub(super) fn run(&self, work: impl Future<Output = ()>) {
        if let Some(runtime) = &self.0 {
            runtime.block_on(work);
        }
    }
}

impl Drop for ControlRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The SIP sockets, and the runtime of the control thread, to which the datagram ones belong. They go before it.
pub(super) struct SipSockets {
    pub(super) udp: Vec<UdpListener>,
    pub(super) streams: Streams,
    pub(super) stream_events: mpsc::Receiver<StreamEvent>,
    pub(super) listeners: Vec<Listener>,
    pub(super) runtime: ControlRuntime,
}

/// Binds every address of the settings; streams are served on the present runtime.
///
/// # Errors
/// An address that cannot be had, and what to do.
pub(super) async fn open_sip(config: &ServerConfig, notify: &Arc<Notify>) -> anyhow::Result<SipSockets> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    let runtime = ControlRuntime(Some(runtime));
    let udp = bind_udp(config, &handle)?;
    let (sender, stream_events) = mpsc::channel(CONTROL_QUEUE_MAX);
    let wake = Arc::clone(notify);
    let streams = Streams::new(Handle::current(), sender, move || wake.notify_one());
    let listeners = listen(config, &udp, &streams).await?;
    Ok(SipSockets {
        udp,
        streams,
        stream_events,
        listeners,
        runtime,
    })
}

fn bind_udp(config: &ServerConfig, runtime: &Handle) -> anyhow::Result<Vec<UdpListener>> {
    let _inside = runtime.enter();
    let addresses = config.sip.iter().filter(|it| it.transport == SipTransport::Udp);
    addresses
        .map(|it| UdpListener::bind(it.address).map_err(|error| cannot_listen("UDP", it.address, error)))
        .collect()
}

async fn listen(
    config: &ServerConfig,
    udp: &[UdpListener],
    streams: &Streams,
) -> anyhow::Result<Vec<Listener>> {
    let of = |transport| config.sip.iter().filter(move |it| it.transport == transport);
    // Port 0 becomes another one by binding, so settings and sockets are matched by their order.
    let mut listeners: Vec<Listener> = of(SipTransport::Udp)
        .zip(udp)
        .map(|(settings, socket)| Listener {
            transport: Transport::Udp,
            local: socket.local(),
            advertised: settings.advertised,
        })
        .collect();
    for it in of(SipTransport::Tcp) {
        let listening = streams.listen(it.address).await;
        listeners.push(Listener {
            transport: Transport::Tcp,
            local: listening.map_err(|error| cannot_listen("TCP", it.address, error))?,
            advertised: it.advertised,
        });
    }
    Ok(listeners)
}

/// Why a SIP address cannot be listened on, and what to do.
fn cannot_listen(transport: &str, address: SocketAddr, error: std::io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; another program listens there: `ss -lunpt` shows which",
        std::io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: correct [[sip.listen]] in server.toml"
        }
        std::io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        _ => "",
    };
    anyhow::Error::new(error).context(format!("SIP over {transport} on {address}{hint}"))
}

/// The settings of the SIP machine; its trunks come from the profile.
pub(super) fn sip_config(realm: &str, devices: Vec<DeviceAccount>, listeners: &[Listener]) -> SipConfig {
    SipConfig {
        realm: realm.to_owned(),
        user_agent: format!("Rexian/{}", env!("CARGO_PKG_VERSION")),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        trunks: Vec::new(),
        devices,
        listeners: listeners.to_vec(),
        register_expires: ExpiryBounds {
            min: Duration::from_mins(1),
            max: Duration::from_hours(1),
            default: Duration::from_mins(5),
        },
        nonce_lifetime: Duration::from_mins(5),
    }
}
