//! What is wrong in a document of reference data.

pub use crate::base::fault::Fault;
