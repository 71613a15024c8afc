//! The `rexian` program: everything is in the library; this maps its end to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    rexian::app::cli::main()
}
