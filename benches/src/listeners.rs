//! Those who listen to live views and hear nothing: what each costs in memory, and what all of them
//! cost those who write. They listen to the very view that the load changes: half of them each to a
//! row, half to a list that nothing of the load is in.

use crate::{
    BenchError,
    client::Client,
    database::Database,
    load::{Load, Outcome, Shape, percentile, run as run_load},
    meter::cpu::memory,
    process::Service,
    report, requests,
};
use futures::{StreamExt, TryStreamExt, stream};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::{
    io::{self, ErrorKind, Write},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

/// So many rows are listened to.
const ROWS: u64 = 100;
/// Connect at once.
const SIDE_BY_SIDE: usize = 32;
/// How long one may take to get ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// All have been told by then that their connections live.
const SETTLE: Duration = Duration::from_secs(20);
/// Nothing is left by then of those who are gone.
const FORGET: Duration = Duration::from_secs(65);

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How many listen.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u16).range(2..=20000))]
    listeners: u16,
    /// How long each load is measured, after two seconds to warm up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How often it is measured without listeners and with them.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    pairs: u8,
    /// Connections of the load.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
}

/// Measures, and prints a table.
pub async fn run(args: Args) -> Result<(), BenchError> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(io::Error::from)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(io::Error::from)?;
    let limit = [("JANGTEO_STREAM_LIMIT", "20000".to_owned())];
    let service = Service::start_with(&limit).await?;
    let database = Database::of(service.data_dir.path()).await?;
    let machine = report::machine(service.data_dir.path());
    machine.iter().try_for_each(|(name, value)| writeln!(io::stdout(), "{name:<16} {value}"))?;
    let (address, process) = (service.server.address, service.server.process());
    items(address).await?;
    let shape = Shape {
        connections: args.connections.into(),
        threads: 1,
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(args.seconds),
    };
    // Once, so that what the first load leaves in memory is not taken for the listeners'.
    let load = |prefix: String| {
        let write = move |number, request: &mut Vec<u8>| {
            requests::register(&prefix, number, request);
        };
        run_load(Load::new(address, shape, 201, std::sync::Arc::new(write)))
    };
    load("warm".to_owned()).await?;
    database.settle().await?;
    writeln!(io::stdout(), "\n{} listen; {shape}\n", args.listeners)?;
    head()?;
    let mut kept = Vec::new();
    for pair in 0..args.pairs {
        let without = load(format!("without-{pair}")).await?;
        line(&format!("{pair} without"), &without, None)?;
        database.settle().await?;
        let before = memory(process).unwrap_or_default();
        let mut all = listen(address, args.listeners.into()).await?;
        sleep(SETTLE).await;
        let grown = memory(process).unwrap_or_default().saturating_sub(before);
        let each = grown as f64 / f64::from(args.listeners) / 1024.0;
        let with = load(format!("with-{pair}")).await?;
        line(&format!("{pair} with"), &with, Some(each))?;
        if let Some(ended) = all.try_join_next() {
            let why = format!("a stream ended: {ended:?}");
            return Err(BenchError::Start { program: "the service".to_owned(), why });
        }
        kept.push(with.per_second() / without.per_second());
        all.shutdown().await;
        database.settle().await?;
        sleep(FORGET).await;
    }
    kept.sort_by(f64::total_cmp);
    let shown: Vec<_> = kept.iter().map(|share| format!("{share:.3}")).collect();
    writeln!(io::stdout(), "\nwith of without: {}", shown.join(", "))?;
    Ok(())
}

async fn items(address: SocketAddr) -> Result<(), BenchError> {
    let (mut client, mut request) = (Client::new(address), Vec::new());
    for number in 0..ROWS {
        request.clear();
        requests::register("listened", number, &mut request);
        let answer = client.send(&request).await?;
        if answer.status != 201 {
            return Err(io::Error::other(format!("an item: {}", answer.status)).into());
        }
    }
    Ok(())
}

/// Everybody who listens, each until its stream ends.
async fn listen(address: SocketAddr, listeners: u64) -> Result<JoinSet<()>, BenchError> {
    let path = |number: u64| match number % 2 {
        0 => format!("/market/item-info/listened-{}/live", number / 2 % ROWS),
        _ => format!("/market/item-info/live?customerId=nobody-{number}"),
    };
    let joining = (0..listeners).map(|number| timeout(PATIENCE, open(address, path(number))));
    let opened = stream::iter(joining).buffer_unordered(SIDE_BY_SIDE);
    let opened: Vec<_> =
        opened.map(|one| one.map_err(|_| ErrorKind::TimedOut)?).try_collect().await?;
    let mut all = JoinSet::new();
    for mut stream in opened {
        all.spawn(async move {
            let mut heard = [0; 512];
            while stream.read(&mut heard).await.is_ok_and(|read| read > 0) {}
        });
    }
    Ok(all)
}

/// A stream that is ready.
async fn open(address: SocketAddr, path: String) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut read, ready) = (Vec::with_capacity(1024), b"event: ready");
    while !read.windows(ready.len()).any(|part| part == ready) {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::Error::other(String::from_utf8_lossy(&read).into_owned()));
        }
    }
    Ok(stream)
}

fn head() -> io::Result<()> {
    writeln!(
        io::stdout(),
        "{:<12} {:>8} {:>9} {:>9} {:>16}",
        "items",
        "/s",
        "p50 ms",
        "p99 ms",
        "KiB per listener"
    )
}

fn line(what: &str, outcome: &Outcome, each: Option<f64>) -> io::Result<()> {
    let [p50, p99] = [0.5, 0.99].map(|share| percentile(&outcome.latencies, share).unwrap_or(0.0));
    let each = each.map(|each| format!("{each:.1}")).unwrap_or_default();
    let rate = outcome.per_second();
    writeln!(io::stdout(), "{what:<12} {rate:>8.0} {p50:>9.1} {p99:>9.1} {each:>16}")?;
    for (what, count) in &outcome.errors {
        writeln!(io::stdout(), "  {count} × {what}")?;
    }
    Ok(())
}
