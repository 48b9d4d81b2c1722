//! The program `jangteo`.

use api::{
    cli::{Cli, run},
    telemetry::logs,
};
use std::{io::Write, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Commands are many small allocations on many threads, where the system's own costs a fifth of all
/// processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::given();
    logs::begin(cli.log_format(), filter(&cli.logged()));
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do when nobody reads it.
            let _ = writeln!(std::io::stderr(), "jangteo: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The database's client logs what it sends, which is personal: only who asks for that by its name gets
/// to see it.
fn kept_quiet(wanted: &str) -> String {
    let is_loud = |one: &str| matches!(&*one.trim().to_ascii_lowercase(), "debug" | "trace");
    match wanted.split(',').any(is_loud) {
        true => format!("tokio_postgres=info,{wanted}"),
        false => wanted.to_owned(),
    }
}

/// One that cannot be read is told of.
fn filter(wanted: &str) -> EnvFilter {
    EnvFilter::try_new(kept_quiet(wanted)).unwrap_or_else(|error| {
        let _ = writeln!(
            std::io::stderr(),
            "jangteo: RUST_LOG is {wanted:?}, which is not used: {error}. Give it as info or \
             info,commands=debug."
        );
        EnvFilter::new("info")
    })
}
