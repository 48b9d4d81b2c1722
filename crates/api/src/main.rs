//! The program `jangteo`.

use api::cli::{Cli, run};
use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// Commands are many small allocations on many threads, where the system's own costs a fifth of all
/// processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::given();
    tracing_subscriber::fmt()
        .with_env_filter(filter(&cli.logged()))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do when nobody reads it.
            let _ = writeln!(std::io::stderr(), "jangteo: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// One that cannot be read is told of.
fn filter(wanted: &str) -> EnvFilter {
    EnvFilter::try_new(wanted).unwrap_or_else(|error| {
        let _ = writeln!(
            std::io::stderr(),
            "jangteo: RUST_LOG is {wanted:?}, which is not used: {error}. Give it as info or \
             info,commands=debug."
        );
        EnvFilter::new("info")
    })
}
