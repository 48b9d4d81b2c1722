//! Closed loops on the café: C1p orders, C2 accepts. Both leave the service settled.

use crate::{
    BenchError,
    client::Client,
    database::{Database, Look, PATIENCE},
    load::{Acknowledged, Load, Shape, WriteRequest, run},
    report::Row,
};
use std::{
    io::Write,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

const WARM_UP: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(2);
const ACCEPTED: u64 = 10_000;

/// A limited number of requests ends by itself.
const LONG: Duration = Duration::from_secs(600);

const VIEW: &str = "cafe.order_status";
const TICKETS: &str = "cafe.tickets";
const REACTOR: &str = "reactor.cafe";

/// Against what, and with how much.
pub struct Bench<'a> {
    pub address: SocketAddr,
    pub shape: Shape,
    pub database: &'a Database,
    pub l1: f64,
}

/// Orders without end. Both L1 and C1p are this load.
pub fn orders(prefix: &'static str, address: SocketAddr, shape: Shape) -> Load {
    let write: WriteRequest = Arc::new(move |number, request| place(prefix, number, request));
    Load { address, shape, expected: 201, warm_up: WARM_UP, requests: u64::MAX, write }
}

impl Bench<'_> {
    pub async fn c1p(&self, rows: &mut Vec<Row>) -> Result<(), BenchError> {
        let load = run(orders("c1p", self.address, self.shape));
        let (outcome, looks) = tokio::join!(load, self.looks());
        let (outcome, looks) = (outcome?, looks?);
        rows.push(Row::of("C1p", "orders paid, views kept", &outcome, Some(self.l1)));
        // At once: nothing else may take time between the load's end and this.
        let followed = match outcome.last {
            Some(last) => self.followed(last).await,
            None => Ok(Vec::new()),
        };
        rows.extend(self.kept_up(&looks).await?);
        rows.extend(followed?);
        Ok(())
    }

    /// While the load is measured, its first and last moment included.
    async fn looks(&self) -> Result<Vec<Look>, BenchError> {
        sleep(WARM_UP).await;
        let (begin, mut looks) = (Instant::now(), vec![self.database.look().await?]);
        while begin.elapsed() < self.shape.measured {
            sleep(LOOK_EVERY.min(self.shape.measured.saturating_sub(begin.elapsed()))).await;
            looks.push(self.database.look().await?);
        }
        Ok(looks)
    }

    /// How long after the load's end the last acknowledged order is to be seen, and all is done.
    async fn followed(&self, last: Acknowledged) -> Result<Vec<Row>, BenchError> {
        let (status, ticket) = tokio::join!(
            self.until_seen("order-status", "pay_success", last),
            self.until_seen("tickets", "order_get", last)
        );
        let rows = [
            ("then: last order in order-status", status?),
            ("then: its ticket in tickets", ticket?),
            ("then: every follower at the log's end", self.database.settle().await?),
        ];
        Ok(rows.map(|(what, done)| Row::plain("C1p", what, millis(last.at, done), "ms")).into())
    }

    async fn until_seen(
        &self,
        view: &str,
        literal: &str,
        last: Acknowledged,
    ) -> Result<Instant, BenchError> {
        let mut client = Client::new(self.address);
        let request = get(view, "c1p", last.number, "");
        while last.at.elapsed() < PATIENCE {
            let answer = client.send(&request).await?;
            if answer.status == 200 && contains(&answer.body, literal) {
                return Ok(Instant::now());
            }
            sleep(POLL).await;
        }
        Err(BenchError::Unsettled)
    }

    /// What the view folded while the load ran, against what the load made.
    async fn kept_up(&self, looks: &[Look]) -> Result<Vec<Row>, BenchError> {
        let (Some(first), Some(last)) = (looks.first(), looks.last()) else {
            return Ok(Vec::new());
        };
        let seconds = (last.at - first.at).as_secs_f64();
        let at = |look: &Look| look.end - look.lag(VIEW);
        let folded = self.database.order_facts(at(first), at(last)).await? as f64 / seconds;
        let made = self.database.order_facts(first.end, last.end).await? as f64 / seconds;
        let all = (last.end - first.end) as f64 / seconds;
        let mut rows = vec![
            Row::plain("C1p", "facts appended meanwhile, all streams", all, "/s"),
            Row::plain("P1", "facts of orders made during C1p", made, "/s"),
            Row::plain("P1", "facts folded into order_status during C1p", folded, "/s"),
        ];
        for follower in [VIEW, TICKETS, REACTOR] {
            let largest = looks.iter().map(|look| look.lag(follower)).max().unwrap_or_default();
            rows.push(Row::plain(
                "C1p",
                format!("{follower} behind, at most"),
                largest as f64,
                "facts",
            ));
        }
        Ok(rows)
    }

    pub async fn c2(&self) -> Result<Row, BenchError> {
        let load = orders("c2", self.address, Shape { measured: LONG, ..self.shape });
        let existing = Load { requests: ACCEPTED, warm_up: Duration::ZERO, ..load };
        let ordered = run(existing.clone()).await?;
        self.database.settle().await?;
        let write: WriteRequest = Arc::new(|number, request| accept("c2", number, request));
        let outcome = run(Load { expected: 200, write, ..existing }).await?;
        self.database.settle().await?;
        let what = format!("accepts, each of one of {ACCEPTED} existing orders");
        let mut row = Row::of("C2", what, &outcome, Some(self.l1));
        row.errors.extend(
            ordered.errors.into_iter().map(|(what, count)| (format!("ordering: {what}"), count)),
        );
        Ok(row)
    }
}

fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}

/// Order `<prefix>-<number>`.
pub fn place(prefix: &str, number: u64, request: &mut Vec<u8>) {
    let body = format!(
        r#"{{"orderId":"{prefix}-{number}","product":"IceAmericano","qty":1,"price":2000}}"#
    );
    post(request, "/cafe/orders", &body);
}

fn accept(prefix: &str, number: u64, request: &mut Vec<u8>) {
    post(request, &format!("/cafe/tickets/{prefix}-{number}/accept"), "");
}

fn post(request: &mut Vec<u8>, path: &str, body: &str) {
    let length = body.len();
    // Writing to memory does not fail.
    let _ = write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
}

/// One row of a view; `headers` are whole lines.
pub fn get(view: &str, prefix: &str, number: u64, headers: &str) -> Vec<u8> {
    format!("GET /cafe/{view}/{prefix}-{number} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n")
        .into_bytes()
}

/// Whether a body has this text in quotes.
pub fn contains(body: &[u8], literal: &str) -> bool {
    String::from_utf8_lossy(body).contains(&format!("\"{literal}\""))
}
