//! Scripts in virtual time against the distributor.

mod choice;
mod properties;
mod reservation;
mod script;
mod waiting;
mod world;
