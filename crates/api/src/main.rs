//! The program `jangteo`.

use api::cli::{Cli, run};
use clap::Parser;
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
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(filter(cli.default_filter()))
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

/// What `RUST_LOG` says; one that cannot be read is told of.
fn filter(default: &str) -> EnvFilter {
    let wanted = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.is_empty());
    let Some(wanted) = wanted else { return EnvFilter::new(default) };
    EnvFilter::try_new(&wanted).unwrap_or_else(|error| {
        let _ = writeln!(
            std::io::stderr(),
            "jangteo: RUST_LOG is {wanted:?}, which is not used: {error}. Give it as info or \
             info,commands=debug."
        );
        EnvFilter::new(default)
    })
}
