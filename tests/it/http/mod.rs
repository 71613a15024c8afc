//! The web side over a real store, with a fake exchange behind the engine.

mod alarms;
mod articles;
mod calls_out;
mod commands;
mod floor;
mod live;
mod missed_calls;
mod openapi;
mod outbox;
mod oversight;
mod permissions;
mod profiles;
mod recordings;
mod reference;
mod rights;
mod sessions;
mod tickets;
mod tls;
