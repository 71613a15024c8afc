//! The web side over a real store, with a fake exchange behind the engine.

mod alarms;
mod floor;
mod live;
mod openapi;
mod permissions;
mod profiles;
mod recordings;
mod sessions;
mod tickets;
mod tls;
