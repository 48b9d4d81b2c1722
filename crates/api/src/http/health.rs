//! `/health/live`: the process runs. `/health/ready`: it can do its work, and if not, why.
//!
//! A dependency that does not answer makes it *down* (503). A follower of the log that nobody runs,
//! that lags or that has parked events makes it *degraded* (200), and so does a payment gateway that
//! is left alone: commands still work, or some of them. Lag is measured against the log's end, never
//! against our own mark.

mod breaker;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use commands::payment::Breaker;
use deadpool_postgres::{Pool, PoolError};
use eventlog::{
    EventLog, Position,
    consumer::{ConsumerState, Consumers},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What begins like this is told to everybody, always.
pub const PATH: &str = "/health/";

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far behind the log's end a follower may be without a word.
const LAG: Duration = Duration::from_secs(5);

/// How often the log's end is noted, to measure lag against.
const NOTED_EVERY: Duration = Duration::from_secs(1);

pub fn routes(health: Arc<Health>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready).with_state(health))
}

async fn live() -> Json<Report> {
    Json(Report::of(Vec::new()))
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let report = health.report().await;
    let status = match report.status {
        Status::Up | Status::Degraded => StatusCode::OK,
        Status::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report)).into_response()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Up,
    Degraded,
    Down,
}

/// How the service stands: as badly as the worst of its checks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub status: Status,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// `log`, `database`, `breaker`, `service`, or the name of a follower of the log.
    pub name: String,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happened since the start, where that is counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
}

impl Report {
    fn of(checks: Vec<Check>) -> Self {
        let worst = checks.iter().map(|check| check.status).max();
        Self { status: worst.unwrap_or(Status::Up), checks }
    }
}

impl Check {
    fn up(name: &str) -> Self {
        Self { name: name.to_owned(), status: Status::Up, reason: None, counts: BTreeMap::new() }
    }

    fn not_up(name: &str, status: Status, reason: impl Into<String>) -> Self {
        Self { status, reason: Some(reason.into()), ..Self::up(name) }
    }
}

/// What the service depends on.
pub struct Health {
    log: Arc<dyn EventLog>,
    pool: Pool,
    consumers: Consumers,
    /// The followers of the log that should be there.
    followers: Vec<String>,
    /// In front of the payment gateway, if there is one.
    breaker: Option<Arc<Breaker>>,
    stopping: CancellationToken,
    /// Where the log ended at some moments of the last seconds, oldest first.
    ends: Mutex<VecDeque<(Instant, Position)>>,
}

impl Health {
    /// `followers` are those of the log that should run, here or in another process. Not ready any
    /// more once `stopping` is cancelled.
    pub fn new(
        log: Arc<dyn EventLog>,
        pool: Pool,
        followers: Vec<String>,
        breaker: Option<Arc<Breaker>>,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let consumers = Consumers::new(pool.clone());
        let ends = Mutex::default();
        Arc::new(Self { log, pool, consumers, followers, breaker, stopping, ends })
    }

    /// Notes the log's end from time to time, until the service stops.
    pub async fn watch(self: Arc<Self>) {
        while self.stopping.run_until_cancelled(sleep(NOTED_EVERY)).await.is_some() {
            self.check_log().await;
        }
    }

    /// Asks every dependency.
    pub async fn report(&self) -> Report {
        let (log, database, mut checks) =
            tokio::join!(self.check_log(), self.check_database(), self.check_followers());
        checks.splice(0..0, [log, database]);
        checks.extend(self.breaker.as_deref().map(breaker::check));
        if self.stopping.is_cancelled() {
            checks.push(Check::not_up("service", Status::Down, "it is shutting down"));
        }
        Report::of(checks)
    }

    async fn check_log(&self) -> Check {
        match timeout(PATIENCE, self.log.end()).await {
            Ok(Ok(end)) => {
                self.note_end(end);
                Check::up("log")
            }
            Ok(Err(error)) => Check::not_up("log", Status::Down, error.to_string()),
            Err(_) => Check::not_up("log", Status::Down, "it does not answer"),
        }
    }

    async fn check_database(&self) -> Check {
        let ask =
            async { Ok::<_, PoolError>(self.pool.get().await?.simple_query("select 1").await?) };
        match timeout(PATIENCE, ask).await {
            Ok(Ok(_)) => Check::up("database"),
            Ok(Err(_)) => Check::not_up("database", Status::Down, "it cannot be reached"),
            Err(_) => Check::not_up("database", Status::Down, "it does not answer"),
        }
    }

    /// Says nothing of the followers while the database is away: that has a check of its own.
    async fn check_followers(&self) -> Vec<Check> {
        let Ok(Ok(states)) = timeout(PATIENCE, self.consumers.states()).await else {
            return Vec::new();
        };
        let due = self.end_before(LAG);
        let checks = self.followers.iter().map(|name| {
            let state = states.iter().find(|state| state.name == *name);
            state.map_or_else(|| unowned(name), |state| check_of(state, due))
        });
        checks.collect()
    }

    fn note_end(&self, end: Position) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push_back((Instant::now(), end));
        while ends.len() > 2 && ends[1].0.elapsed() > LAG {
            ends.pop_front();
        }
    }

    /// Where the log ended so long ago that every follower should have come there.
    fn end_before(&self, ago: Duration) -> Position {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let old = ends.iter().rev().find(|(at, _)| at.elapsed() >= ago);
        old.map_or(Position::START, |(_, end)| *end)
    }
}

fn check_of(state: &ConsumerState, due: Position) -> Check {
    let name = &state.name;
    if state.owner.is_none() {
        return unowned(name);
    }
    if state.poisoned_streams > 0 {
        let reason =
            format!("{} streams need a person: see `jangteo parked`", state.poisoned_streams);
        return Check::not_up(name, Status::Degraded, reason);
    }
    if state.position < due {
        let reason =
            format!("it is at {} and behind the log since {}", state.position, state.progressed_at);
        return Check::not_up(name, Status::Degraded, reason);
    }
    if state.waiting_streams > 0 {
        let reason =
            format!("{} streams wait for a paused part or their next try", state.waiting_streams);
        return Check::not_up(name, Status::Degraded, reason);
    }
    Check::up(name)
}

fn unowned(name: &str) -> Check {
    Check::not_up(name, Status::Degraded, "no worker runs it")
}

#[cfg(test)]
mod tests;
