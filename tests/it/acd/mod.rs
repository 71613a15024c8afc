//! Scripts in virtual time against the distributor.

mod reservation;
