//! Q1: `GET /cafe/order-status/{id}`, each another order, alone and while the view is rebuilt. The
//! service keeps all views meanwhile, of which nothing changes.

use crate::{
    BenchError, auth,
    limits::Http,
    load::{Load, Outcome, WriteRequest, percentile, run},
    log::{Log, order},
    meter::Meter,
    process::Service,
    rebuild::{Rebuilt, rebuild},
    report::{Limit, Row},
    scale::Scale,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

/// Odd and large, so that numbers one after the other become orders far apart.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// How much longer the slowest may take during a rebuild.
const LONGER: f64 = 2.0;

pub async fn q1(log: &Log, scale: &Scale, l1: &Http) -> Result<Vec<Row>, BenchError> {
    log.follow_from_the_end().await?;
    let service = Service::start_with(&log.environment()).await?;
    log.database.settle().await?;
    let address = service.server.address;
    let (process, server) = (service.server.process(), log.database.server().await?);
    let meter = Meter { address, process, server, database: &log.database };
    let orders = log.orders();
    let write: WriteRequest = Arc::new(move |number, request| ask(number, orders, request));
    let load = Load::new(address, scale.shape, 200, write);

    let before = meter.read().await?;
    let alone = run(load.clone()).await?;
    let costs = meter.costs(&before, &meter.processors()?, alone.answered).await?;
    let (during, rebuilt) = with_rebuilds(log, load).await?;
    let what = format!("queries of one of {orders} rows");
    let mut rows = vec![
        Row::rate("Q1", what, &alone).of(l1.query).at_least(0.6).costing(costs),
        Row::rate("Q1", "the same, during rebuilds", &during).of(l1.query),
        slower(&alone, &during),
    ];
    rows.extend(rebuilt.iter().map(|one| one.row("Q1", ", meanwhile", None)));
    let longest = rebuilt.iter().max_by(|one, other| one.pause.total_cmp(&other.pause));
    rows.extend(longest.map(|one| one.pause_row("Q1")));
    Ok(rows)
}

fn ask(number: u64, orders: u64, request: &mut Vec<u8>) {
    let id = order(number.wrapping_mul(SCATTER) % orders.max(1));
    let token = auth::load();
    let get = format!("GET /cafe/order-status/{id} HTTP/1.1\r\nhost: localhost\r\n{token}\r\n");
    request.extend_from_slice(get.as_bytes());
}

/// Rebuilds, one after the other, at least as long as the load is to be measured.
async fn with_rebuilds(log: &Log, load: Load) -> Result<(Outcome, Vec<Rebuilt>), BenchError> {
    let (stop, measured) = (Arc::new(AtomicBool::new(false)), load.shape.measured);
    let rebuilding = async {
        let (begin, mut rebuilt) = (Instant::now(), Vec::new());
        let ended = loop {
            match rebuild(log).await {
                Ok(one) => rebuilt.push(one),
                Err(error) => break Err(error),
            }
            if begin.elapsed() >= measured {
                break Ok(rebuilt);
            }
        };
        stop.store(true, Relaxed);
        ended
    };
    let (outcome, rebuilt) = tokio::join!(run(load.until(stop.clone())), rebuilding);
    Ok((outcome?, rebuilt?))
}

fn slower(alone: &Outcome, during: &Outcome) -> Row {
    let p99 = |outcome: &Outcome| percentile(&outcome.latencies, 0.99).unwrap_or_default();
    let limit = Limit { name: "alone", figure: p99(alone) };
    let row = Row::plain("Q1", "p99 during rebuilds", p99(during), "ms").of(Some(limit));
    let reached = row.ratio.is_some_and(|ratio| ratio <= LONGER) && during.errors.is_empty();
    row.goal(format!("≤ {LONGER}"), reached)
}
