//! Where the log goes.

/// Starts logging to standard error.
pub fn start() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
}
