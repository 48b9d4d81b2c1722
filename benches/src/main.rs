//! Measures the service beside its limit, in one run: `make bench`; and what the payment breaker
//! does: `make breaker`. See `docs/performance.md`.

mod breaker;
mod cafe;
mod client;
mod database;
mod limit;
mod load;
mod process;
mod report;
mod visible;

use cafe::Bench;
use clap::Parser;
use database::Database;
use load::Shape;
use process::{Server, Service};
use report::{Report, Row};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

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
    /// Only these, as L1,C1p. L1 is always measured: the others are given as parts of it.
    #[arg(long, value_delimiter = ',', value_parser = ["L1", "C1p", "C2", "P1"])]
    only: Vec<String>,
    /// The name of the results' file. [default: the time now]
    #[arg(long)]
    date: Option<String>,
    /// Where results go.
    #[arg(long, default_value = "benches/results")]
    results: PathBuf,
    /// Be the limit server.
    #[arg(long, hide = true)]
    limit_server: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Orders against a slow payment gateway, with the breaker and without it
    Breaker(breaker::Args),
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
    #[error("the service's PostgreSQL cannot be asked: {0}")]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ended = match args.limit_server {
        true => limit::serve().await.map_err(BenchError::from),
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
        None => measure(args).await,
    }
}

async fn measure(args: Args) -> Result<(), BenchError> {
    let date = args.date.clone().or_else(report::date).ok_or(BenchError::NoDate)?;
    let cores = std::thread::available_parallelism()?.get();
    let threads = args.client_threads.unwrap_or(cores / 2).max(1);
    let shape = Shape {
        connections: args.connections.into(),
        threads,
        measured: Duration::from_secs(args.seconds),
    };
    let mut rows = vec![limit(shape).await?];
    let service = Service::start().await?;
    rows.push(Row::plain(
        "start",
        "first start, until it listens",
        service.start.as_secs_f64() * 1000.0,
        "ms",
    ));
    let database = Database::of(service.data_dir.path()).await?;
    let bench =
        Bench { address: service.server.address, shape, l1: rows[0].figure, database: &database };
    let mut conditions = database.settings().await?;
    conditions.extend(report::machine(service.data_dir.path()));
    conditions.insert("load".to_owned(), format!("{shape}"));
    let ended = bench.all(&args.only, &mut rows).await;
    drop(service);
    let report = Report { date, conditions, rows };
    report.print()?;
    // What was measured before something failed is shown, and not kept.
    ended?;
    let file = report.write(&args.results)?;
    writeln!(io::stdout(), "\n{}", file.display())?;
    Ok(())
}

async fn limit(shape: Shape) -> Result<Row, BenchError> {
    progress("L1");
    let server = Server::limit().await?;
    let outcome = load::run(cafe::orders("l1", server.address, shape)).await?;
    Ok(Row::of("L1", "an order parsed, checked, answered", &outcome, None))
}

impl Bench<'_> {
    /// The benchmarks that were asked for, one after the other on one service.
    async fn all(&self, only: &[String], rows: &mut Vec<Row>) -> Result<(), BenchError> {
        let asked = |id: &str| {
            let asked = only.is_empty() || only.iter().any(|one| one == id);
            asked.then(|| progress(id)).is_some()
        };
        if asked("C1p") {
            self.c1p(rows).await?;
        }
        if asked("C2") {
            rows.push(self.c2().await?);
        }
        if asked("P1") {
            rows.extend(self.p1().await?);
        }
        Ok(())
    }
}

/// Measuring goes on when nobody reads it.
fn progress(id: &str) {
    let _ = writeln!(io::stdout(), "measuring {id}");
}
