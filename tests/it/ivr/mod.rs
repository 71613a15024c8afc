//! Scripts against the flow machine and tables against its validator.

mod interpreter;
mod validate;
