//! Measures the service beside its limit, in one run: `make bench`; and what the payment breaker
//! does: `make breaker`. What is added as more is asked: `bench parts`, `bench scaling`. See `docs/performance.md`.

mod asked;
mod auth;
mod breaker;
mod client;
mod database;
mod limits;
mod listeners;
mod live;
mod load;
mod log;
mod meter;
mod open_loop;
mod process;
mod queries;
mod rebuild;
mod report;
mod requests;
mod run;
mod scale;
mod scaling;

use clap::Parser;
use scale::Scale;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// Where runs are kept.
const RESULTS: &str = "bench/results";

#[derive(Debug, Parser)]
#[command(about = "Measures the service beside its limit and prints a table")]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// How long each load is measured, after two seconds to warm up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Connections of each load.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Threads that make the load. [default: half as many as there are cores]
    #[arg(long)]
    client_threads: Option<usize>,
    /// Only these, as C1p,R1, and the limits that they are given as parts of.
    #[arg(long, value_delimiter = ',', value_parser = asked::IDS)]
    only: Vec<String>,
    /// Everything small and short, to see that it works. The figures mean nothing.
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// The service asks for tokens, and each request has one.
    #[arg(long)]
    auth: bool,
    /// The name of the results' file. [default: the time now]
    #[arg(long)]
    date: Option<String>,
    /// Where results go. [default: bench/results, or with --quick a folder for temporary files]
    #[arg(long)]
    results: Option<PathBuf>,
    /// Be the limit server.
    #[arg(long, hide = true)]
    limit_server: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Orders against a slow payment gateway, with the breaker and without it
    Breaker(breaker::Args),
    /// Registering items, while thousands listen to the view of it and without them
    Listeners(listeners::Args),
    /// What each part costs for each order and each query: an api, a worker, PostgreSQL
    Parts(scaling::parts::Args),
    /// From that, what has to be added as more is asked
    Scaling(scaling::Args),
}

impl Args {
    fn scale(&self) -> io::Result<Scale> {
        let cores = std::thread::available_parallelism()?.get();
        let threads = self.client_threads.unwrap_or(cores / 2).max(1);
        let connections = self.connections.into();
        Ok(match self.quick {
            true => Scale::quick(connections, threads),
            false => Scale::full(connections, threads, self.seconds),
        })
    }

    fn results(&self) -> PathBuf {
        let usual = || if self.quick { std::env::temp_dir() } else { PathBuf::from(RESULTS) };
        self.results.clone().unwrap_or_else(usual)
    }
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("{program} cannot be measured: {why}")]
    Start { program: String, why: String },
    #[error("the service's PostgreSQL was not found")]
    NoDatabase,
    #[error("{0} is off: figures without durable commits mean nothing")]
    NotDurable(&'static str),
    #[error("the followers of the log did not come to its end in {} s", database::PATIENCE.as_secs())]
    Unsettled,
    #[error("the date is not known: give --date")]
    NoDate,
    #[error("stopped")]
    Stopped,
    #[error("PostgreSQL cannot be asked: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error("a fact of the log cannot be read: {0}")]
    Decode(#[from] domain::stored::DecodeError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ended = match args.limit_server {
        true => limits::http::serve().await.map_err(BenchError::from),
        // Given up, it ends the processes that it started.
        false => tokio::select! {
            ended = run(args) => ended,
            () = stop_signal() => Err(BenchError::Stopped),
        },
    };
    let Err(error) = ended else { return ExitCode::SUCCESS };
    // Nothing is left to do when nobody reads it.
    let _ = writeln!(io::stderr(), "bench: {error}");
    ExitCode::FAILURE
}

async fn stop_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn run(mut args: Args) -> Result<(), BenchError> {
    match args.command.take() {
        Some(Command::Breaker(args)) => breaker::run(args).await,
        Some(Command::Listeners(args)) => listeners::run(args).await,
        Some(Command::Parts(args)) => scaling::parts::run(args).await,
        Some(Command::Scaling(args)) => scaling::run(&args),
        None => run::measure(args).await,
    }
}
