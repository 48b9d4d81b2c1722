//! Orders against a payment gateway that is almost too slow: with the breaker, and without it.
//!
//! Each user orders, waits for the answer and orders again; after a refusal a little later.

use crate::{
    BenchError,
    client::{Answer, Client},
    load::{micros, percentile},
    process::{Server, Service},
    report, requests,
};
use futures::future::join_all;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Write},
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long a user waits after a refusal.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

const ACCEPTED: &str = "201 accepted";

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How long users order, each time.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How many there are.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    users: u16,
    /// How long the gateway takes, as the payment simulator is told.
    #[arg(long, default_value = "400..620ms")]
    latency: String,
}

/// What users were answered: how long each answer took, in microseconds, by what it was.
#[derive(Debug, Default)]
struct Answers {
    latencies: BTreeMap<String, Vec<u32>>,
    accepted: HashSet<u64>,
}

/// Runs both, and prints a table of each.
pub async fn run(args: Args) -> Result<(), BenchError> {
    for (breaker, what) in [("on", "with the breaker"), ("off", "without it")] {
        let gateway = Server::gateway(&args.latency).await?;
        let environment = [
            ("PAYMENT_URL", format!("http://{}", gateway.address)),
            ("PAYMENT_BREAKER", breaker.to_owned()),
            // What becomes of each payment is counted here; what the breaker does is told.
            ("RUST_LOG", "error,commands::payment::breaker=info".to_owned()),
        ];
        let service = Service::start_with(&environment).await?;
        if breaker == "on" {
            let machine = report::machine(service.data_dir.path());
            machine
                .iter()
                .try_for_each(|(name, value)| writeln!(io::stdout(), "{name:<16} {value}"))?;
        }
        let Args { seconds, users, latency } = &args;
        let head = format!("{what}: {users} users for {seconds} s, the gateway takes {latency}");
        writeln!(io::stdout(), "\n{head}")?;
        let answers = order(service.server.address, &args).await;
        let charged = charged(gateway.address).await?;
        answers.print(*seconds, &charged)?;
    }
    Ok(())
}

async fn order(address: SocketAddr, args: &Args) -> Answers {
    let (turn, end) = (AtomicU64::new(0), Instant::now() + Duration::from_secs(args.seconds));
    let users = join_all((0..args.users).map(|_| user(address, &turn, end))).await;
    users.into_iter().fold(Answers::default(), Answers::merge)
}

async fn user(address: SocketAddr, turn: &AtomicU64, end: Instant) -> Answers {
    let (mut client, mut request) = (Client::new(address), Vec::new());
    let mut answers = Answers::default();
    while Instant::now() < end {
        let number = turn.fetch_add(1, Relaxed);
        request.clear();
        requests::place("breaker", number, &mut request);
        let asked = Instant::now();
        let answer = client.send(&request).await;
        let name = answer.map_or_else(|error| error.kind().to_string(), |answer| name_of(&answer));
        let is_accepted = name == ACCEPTED;
        answers.latencies.entry(name).or_default().push(micros(asked.elapsed()));
        if is_accepted {
            answers.accepted.insert(number);
        } else {
            sleep(AFTER_REFUSAL).await;
        }
    }
    answers
}

/// The status and, if it is a problem, its code.
fn name_of(answer: &Answer) -> String {
    if answer.status == 201 {
        return ACCEPTED.to_owned();
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    format!("{} {}", answer.status, body["code"].as_str().unwrap_or("?"))
}

/// The orders whose charge the gateway knows.
async fn charged(gateway: SocketAddr) -> Result<HashSet<u64>, BenchError> {
    let request = b"GET /charges HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let answer = Client::new(gateway).send(request).await?;
    let listing: Value = serde_json::from_slice(&answer.body).map_err(io::Error::from)?;
    let charges = listing["charges"].as_array().into_iter().flatten();
    let orders = charges
        .filter_map(|charge| charge["reference"].as_str()?.strip_prefix("breaker-")?.parse().ok());
    Ok(orders.collect())
}

impl Answers {
    fn merge(mut self, other: Self) -> Self {
        for (name, latencies) in other.latencies {
            self.latencies.entry(name).or_default().extend(latencies);
        }
        self.accepted.extend(other.accepted);
        self
    }

    fn print(mut self, seconds: u64, charged: &HashSet<u64>) -> io::Result<()> {
        let mut out = io::stdout();
        writeln!(
            out,
            "{:<28} {:>9} {:>8} {:>9} {:>9}",
            "answer", "count", "/s", "p50 ms", "p99 ms"
        )?;
        for (name, latencies) in &mut self.latencies {
            latencies.sort_unstable();
            let per_second = latencies.len() as f64 / seconds as f64;
            let [p50, p99] = [0.5, 0.99].map(|share| percentile(latencies, share).unwrap_or(0.0));
            let count = latencies.len();
            writeln!(out, "{name:<28} {count:>9} {per_second:>8.1} {p50:>9.1} {p99:>9.1}")?;
        }
        let refused: usize = self
            .latencies
            .iter()
            .filter(|(name, _)| *name != ACCEPTED)
            .map(|(_, all)| all.len())
            .sum();
        writeln!(out, "{:<28} {refused:>9}", "refused, all together")?;
        writeln!(out, "{:<28} {:>9}", "reached the gateway", charged.len())?;
        let unpaid = self.accepted.difference(charged).count();
        writeln!(out, "{:<28} {unpaid:>9}", "accepted without a charge")
    }
}
