//! P1, an open loop: orders come at a steady rate, whether or not those before are answered, and
//! each is asked for when it is answered, with the position of its answer.

use super::Live;
use crate::{
    BenchError,
    client::Answer,
    load::{Outcome, percentile},
    open_loop::{Pool, steady},
    report::Row,
    requests::{get, place},
};
use eventlog::Position;
use std::time::Instant;

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
        let rate = steady(RATE, number, |number, due| {
            let (orders, queries) = (orders.clone(), queries.clone());
            async move {
                if let Some((position, acknowledged)) = order(&orders, number, due).await {
                    see(&queries, number, position, acknowledged).await;
                }
            }
        })
        .await;
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

/// The position of the order's answer, and when it came.
async fn order(pool: &Pool, number: u64, due: Instant) -> Option<(Position, Instant)> {
    let mut request = Vec::new();
    place(PREFIX, number, &mut request);
    let placed = |answer: &Answer| answer.position.filter(|_| answer.status == 201);
    pool.send(&request, due, placed).await
}

/// Counts the time from the order's answer to the one that shows it.
async fn see(pool: &Pool, number: u64, position: Position, acknowledged: Instant) {
    let request = get("order-status", PREFIX, number, &format!("min-position: {position}\r\n"));
    let shown =
        |answer: &Answer| (answer.status == 200 && answer.contains("pay_success")).then_some(());
    pool.send(&request, acknowledged, shown).await;
}
