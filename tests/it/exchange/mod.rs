//! Scripts in virtual time against the exchange: what trunks, phones, media and people do, and what comes of it.

mod calls;
mod calls_out;
mod offers;
mod profile;
mod refusals;
mod rig;
mod talks;
mod work;
