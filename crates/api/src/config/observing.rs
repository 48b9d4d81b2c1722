//! What the service tells of itself.

use super::values::or_default;
use clap::Args;

/// What `serve` logs unless it is told otherwise.
const LOGGED: &str = "info,refinery_core=warn,tokio_postgres=warn";

/// As flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub struct ObservingArgs {
    /// What is logged to standard error, as info or info,commands=debug.
    #[arg(long = "log", env = "RUST_LOG", default_value = LOGGED)]
    log: String,
}

impl ObservingArgs {
    /// What is logged.
    pub fn log(&self) -> &str {
        or_default(&self.log, LOGGED)
    }
}
