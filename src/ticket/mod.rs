//! Work orders (工单): what an agent writes down of a citizen's appeal. Today the draft and its submission.
//!
//! ```text
//!  agent answered ─► Draft ─save─► Draft ─submit─► PendingDispatch
//! ```
//!
//! **Invariants.** Pure: [`decide::decide`] says which facts follow or why not, [`evolve::evolve`] applies them; every
//! fact raises the version by one. Personal values travel beside the facts and are sealed by whoever stores them.
//! **Not here.** Rows and transactions (`engine::ticket_service`, `io::store::tickets`); who may do it (`account`).
//! **Source.** DB1302/T 604—2025 3.2, 3.4, 7.1.2 a.

pub mod article;
pub mod calendar;
pub mod catalogue;
pub mod close_limit;
pub mod command;
pub mod deadline;
pub mod decide;
pub mod evolve;
pub mod fault;
pub mod followup;
pub mod grids;
pub mod key_case;
pub mod key_matter;
pub mod likeness;
pub mod model;
pub mod notices;
pub mod old_orders;
pub mod permission;
pub mod proposal;
pub mod reference;
pub mod refusal;
pub mod reply;
pub mod routing;
pub mod rule_proposal;
pub mod settings;
pub mod settings_id;
pub mod sight;
pub mod table;
pub mod warning;
pub mod words;
