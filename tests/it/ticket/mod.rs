//! The rules of a work order, as scripts in virtual time.

mod change;
mod clocks;
mod closing;
mod co_handling;
mod desk;
mod dispatch;
mod endings;
mod followup;
mod form;
mod handling;
mod help;
mod intake;
mod mark;
mod properties;
mod repeats;
mod request;
mod review;
mod script;
mod standing;
mod supervision;
mod transitions;
mod watch;
