//! P1, an open loop: orders come at a steady rate, whether or not those before are answered, and
//! each is asked for when it is answered, with the position of its answer.

use super::Live;
use crate::{
    BenchError,
    client::{Answer, Client},
    load::{Outcome, micros, percentile},
    report::Row,
    requests::{get, place},
};
use eventlog::Position;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// Orders per second.
const RATE: u32 = 500;
const PREFIX: &str = "p1";

/// How long it may take until half of the orders show, and until all but one in a hundred do. In
/// milliseconds.
const P50: f64 = 3.0;
const P99: f64 = 10.0;

impl Live<'_> {
    pub(super) async fn p1(&self) -> Result<Vec<Row>, BenchError> {
        let (orders, queries) = (Pool::of(self.address), Pool::of(self.address));
        let number = u64::from(RATE) * self.scale.shape.measured.as_secs();
        let before = self.meter.read().await?;
        let mut ticks = interval(Duration::from_secs(1) / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut running = JoinSet::new();
        let begin = Instant::now();
        for number in 0..number {
            let due = ticks.tick().await.into_std();
            let (orders, queries) = (orders.clone(), queries.clone());
            running.spawn(async move {
                if let Some((position, acknowledged)) = orders.order(number, due).await {
                    queries.see(number, position, acknowledged).await;
                }
            });
        }
        let rate = number as f64 / begin.elapsed().as_secs_f64();
        while running.join_next().await.is_some() {}
        let end = self.meter.processors()?;
        self.database.settle().await?;
        let costs = self.meter.costs(&before, &end, number).await?;
        let (orders, queries) = (orders.sorted(), queries.sorted());
        let what = "orders, from when due to the answer";
        Ok(vec![
            Row::plain("P1", what, rate, "/s").with_latency(&orders).costing(costs),
            Row::plain("P1", "ack-to-visible in order-status", rate, "/s")
                .with_latency(&queries)
                .goal(format!("p50 < {P50} ms, p99 < {P99} ms"), is_quick(&queries)),
        ])
    }
}

fn is_quick(queries: &Outcome) -> bool {
    let within =
        |share, limit| percentile(&queries.latencies, share).is_some_and(|millis| millis < limit);
    queries.errors.is_empty() && within(0.5, P50) && within(0.99, P99)
}

/// Connections that are free, and what came of all requests over them.
struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<Client>>,
    outcome: Mutex<Outcome>,
}

impl Pool {
    fn of(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, idle: Mutex::default(), outcome: Mutex::default() })
    }

    /// The position of the order's answer, and when it came.
    async fn order(&self, number: u64, due: Instant) -> Option<(Position, Instant)> {
        let mut request = Vec::new();
        place(PREFIX, number, &mut request);
        let placed = |answer: &Answer| answer.position.filter(|_| answer.status == 201);
        self.send(&request, due, placed).await
    }

    /// Counts the time from the order's answer to the one that shows it.
    async fn see(&self, number: u64, position: Position, acknowledged: Instant) {
        let request = get("order-status", PREFIX, number, &format!("min-position: {position}\r\n"));
        let shown = |answer: &Answer| {
            (answer.status == 200 && answer.contains("pay_success")).then_some(())
        };
        self.send(&request, acknowledged, shown).await;
    }

    /// Over a free connection, or a new one when there is none. An answer in which nothing was
    /// `found` is an error.
    async fn send<T>(
        &self,
        request: &[u8],
        since: Instant,
        found: impl Fn(&Answer) -> Option<T>,
    ) -> Option<(T, Instant)> {
        let free = lock(&self.idle).pop();
        let mut client = free.unwrap_or_else(|| Client::new(self.address));
        let answer = client.send(request).await;
        let at = Instant::now();
        let found = match &answer {
            Ok(answer) => found(answer).ok_or_else(|| format!("status {}", answer.status)),
            Err(error) => Err(io::Error::kind(error).to_string()),
        };
        lock(&self.idle).push(client);
        let mut outcome = lock(&self.outcome);
        match found {
            Ok(found) => {
                outcome.latencies.push(micros(at.saturating_duration_since(since)));
                Some((found, at))
            }
            Err(what) => {
                outcome.count_error(what);
                None
            }
        }
    }

    fn sorted(&self) -> Outcome {
        let mut outcome = std::mem::take(&mut *lock(&self.outcome));
        outcome.latencies.sort_unstable();
        outcome
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
