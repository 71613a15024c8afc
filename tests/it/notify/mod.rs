//! The ways out of the house against peers of our own, and the outbox over them.

mod cmpp;
mod cmpp_peer;
mod dead;
mod delivery;
mod file;
mod gateway;
mod office;

use std::sync::Arc;
use std::time::Duration;

use rexian::base::civil::SiteZone;
use rexian::base::time::Clock;
use rexian::base::time::WallTime;
use rexian::io::clock::SystemClock;
use rexian::io::notify::cmpp::CmppConfig;
use rexian::io::notify::cmpp::Pace;
use rexian::io::notify::gateway::Outgoing;

/// What a test waits for at most.
const PATIENCE: Duration = Duration::from_secs(30);
const SOURCE: &str = "901234";
const SECRET: &str = "shared-secret";

fn outgoing(id: &str, to: &str, text: &str) -> Outgoing {
    Outgoing {
        id: id.to_owned(),
        resends: 0,
        to: to.to_owned(),
        text: text.to_owned(),
        template: "accepted",
        purpose: "progress",
        ticket_number: "20261124000001".to_owned(),
        at: WallTime::from_micros(1_795_420_800_000_000),
    }
}

fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

fn clock() -> Arc<dyn Clock + Send + Sync> {
    Arc::new(SystemClock::new())
}

/// A client of the peer at `address`, in a hurry.
fn client(address: &str, secret: &str) -> CmppConfig {
    CmppConfig {
        address: address.to_owned(),
        source: SOURCE.to_owned(),
        secret: secret.to_owned(),
        service: "HOTLINE".to_owned(),
        sender: "1065712345".to_owned(),
        pace: Pace {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            idle: Duration::from_secs(10),
            throttle: Duration::from_millis(20),
            retry_first: Duration::from_millis(10),
            retry_max: Duration::from_millis(50),
        },
    }
}

/// Looks until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let looking = async {
        while !is_so().await {
            looks.tick().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, looking).await;
    assert!(waited.is_ok(), "it never was so: {what}");
}
