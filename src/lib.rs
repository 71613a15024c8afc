//! Rexian (热线): the contact-centre engine a city runs its 12345 hotline on.
//!
//! One deterministic machine ([`exchange`]) decides; shells hear, speak, store and show. Modules stand in reading
//! order, from the ground up; `docs/ARCHITECTURE.md` has the map and the table of who may use whom.

pub mod base;

pub mod fact;

pub mod sip;

pub mod sdp;

pub mod media;

pub mod ivr;

pub mod acd;

pub mod ticket;

pub mod account;

pub mod report;

pub mod call;

pub mod exchange;

pub mod io;

pub mod engine;

pub mod http;

pub mod app;
