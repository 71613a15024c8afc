//! The `rexian` program: everything is in the library; this maps its end to an exit code.

use std::process::ExitCode;

/// Small pieces of many sizes are made by one thread and freed by another, for months.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rexian::app::cli::main()
}
