//! One call: legs, flow, offer, talk, hold and end of one interaction.
//!
//! **Invariants.** A call speaks to SIP, media and IVR, and to nothing else; what concerns agents leaves as
//! [`context::CallOutput`]. It ends with exactly one `call.ended` fact. Recording hangs on the customer's leg.
//! **Not here.** Who gets the call (`acd`), which call a message belongs to (`exchange`).

pub mod context;
pub mod dial;
pub mod leg;
pub mod machine;
pub mod offer;
pub mod talk;
