//! A closed loop: so many connections, each of which sends its next request when it has the answer
//! to the one before.

use crate::client::Client;
use eventlog::Position;
use futures::future::join_all;
use std::{
    collections::BTreeMap,
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{runtime::Builder, sync::oneshot, time::sleep};

/// Writes the request of this number.
pub type WriteRequest = Arc<dyn Fn(u64, &mut Vec<u8>) + Send + Sync>;

/// How long a connection waits after an error of its own, so that a server that is gone is not
/// called without pause.
const AFTER_ERROR: Duration = Duration::from_millis(10);

/// A load that ends by itself, or is ended, does so before.
const LONG: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub connections: usize,
    /// On how many threads of ours.
    pub threads: usize,
    /// How long it runs before it is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub measured: Duration,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, threads, warm_up, measured } = self;
        write!(
            f,
            "{connections} connections on {threads} threads, measured for {} s after {} s",
            measured.as_secs_f64(),
            warm_up.as_secs_f64()
        )
    }
}

#[derive(Clone)]
pub struct Load {
    pub address: SocketAddr,
    pub shape: Shape,
    pub expected: u16,
    /// So many requests at most.
    pub requests: u64,
    pub write: WriteRequest,
    /// Ends it early when it is true.
    pub stop: Arc<AtomicBool>,
}

impl Load {
    /// Requests as long as the shape says.
    pub fn new(address: SocketAddr, shape: Shape, expected: u16, write: WriteRequest) -> Self {
        Self { address, shape, expected, requests: u64::MAX, write, stop: Arc::default() }
    }

    /// So many requests, from the first on, however long they take.
    pub fn only(self, requests: u64) -> Self {
        let shape = Shape { warm_up: Duration::ZERO, measured: LONG, ..self.shape };
        Self { shape, requests, ..self }
    }

    /// From the first request on until it is stopped.
    pub fn until(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop, ..self.only(u64::MAX) }
    }
}

/// What came of it. Only what was answered as expected, in the measured time, has a latency.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Microseconds, sorted.
    pub latencies: Vec<u32>,
    pub errors: BTreeMap<String, u64>,
    /// All that were answered as expected, from the first on.
    pub answered: u64,
    /// The measured time, in seconds.
    pub seconds: f64,
    /// The answer with the highest position.
    pub last: Option<Acknowledged>,
}

#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    pub number: u64,
    pub position: Position,
    pub at: Instant,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        if self.latencies.is_empty() { 0.0 } else { self.latencies.len() as f64 / self.seconds }
    }

    pub fn count_error(&mut self, what: String) {
        *self.errors.entry(what).or_default() += 1;
    }

    fn note(&mut self, acknowledged: Acknowledged) {
        if self.last.is_none_or(|last| last.position < acknowledged.position) {
            self.last = Some(acknowledged);
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.latencies.extend(other.latencies);
        self.answered += other.answered;
        for (what, count) in other.errors {
            *self.errors.entry(what).or_default() += count;
        }
        self.seconds = self.seconds.max(other.seconds);
        other.last.into_iter().for_each(|last| self.note(last));
        self
    }
}

/// The latency that this share of the requests did not exceed, in milliseconds; `sorted` is in
/// microseconds.
pub fn percentile(sorted: &[u32], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map(|micros| f64::from(*micros) / 1000.0)
}

pub fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// Runs it on threads of its own.
pub async fn run(load: Load) -> io::Result<Outcome> {
    let (start, turn) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let threads = load.shape.threads.clamp(1, load.shape.connections);
    let mut running = Vec::new();
    for thread in 0..threads {
        let (load, turn) = (load.clone(), turn.clone());
        let (done, outcome) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().spawn(move || {
            let ours = (thread..load.shape.connections).step_by(threads);
            let outcomes = runtime.block_on(join_all(ours.map(|_| drive(&load, &turn, start))));
            // Nobody waits any more when the run was given up.
            let _ = done.send(outcomes.into_iter().fold(Outcome::default(), Outcome::merge));
        })?;
        running.push(outcome);
    }
    let outcomes =
        join_all(running).await.into_iter().map(|outcome| outcome.map_err(io::Error::other));
    let mut outcome = outcomes
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .fold(Outcome::default(), Outcome::merge);
    outcome.latencies.sort_unstable();
    Ok(outcome)
}

/// One connection.
async fn drive(load: &Load, turn: &AtomicU64, start: Instant) -> Outcome {
    let begin = start + load.shape.warm_up;
    let measured = begin..begin + load.shape.measured;
    let (mut client, mut request) = (Client::new(load.address), Vec::new());
    let mut outcome = Outcome::default();
    let mut asked = Instant::now();
    while asked < measured.end && !load.stop.load(Relaxed) {
        let number = turn.fetch_add(1, Relaxed);
        if number >= load.requests {
            break;
        }
        request.clear();
        (load.write)(number, &mut request);
        let answer = client.send(&request).await;
        let at = Instant::now();
        match answer {
            Ok(answer) if answer.status == load.expected => {
                outcome.answered += 1;
                answer
                    .position
                    .into_iter()
                    .for_each(|position| outcome.note(Acknowledged { number, position, at }));
                if measured.contains(&at) {
                    outcome.latencies.push(micros(at - asked));
                    outcome.seconds = (at - measured.start).as_secs_f64();
                }
            }
            Ok(answer) => outcome.count_error(format!("status {}", answer.status)),
            Err(error) => {
                outcome.count_error(error.kind().to_string());
                sleep(AFTER_ERROR).await;
            }
        }
        asked = Instant::now();
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        let sorted: Vec<u32> = (1..=100).map(|number| number * 1000).collect();
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|share| percentile(&sorted, share)),
            [1.0, 50.0, 99.0, 100.0].map(Some)
        );
        assert_eq!(percentile(&[], 0.5), None);
    }
}
