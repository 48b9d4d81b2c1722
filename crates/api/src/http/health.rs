//! `/health/live`: the process runs. `/health/ready`: it can do its work, and if not, why.
//! `/health`: what it is, for operators.
//!
//! It is not ready (503) before all that is opened at the start is there and everything that follows
//! the log has somebody who runs it, and not any more once it was asked to end.
//!
//! A dependency that does not answer makes it *down* (503), too. A follower of the log that nobody runs,
//! that lags or that has parked events makes it *degraded* (200), and so does a payment gateway that
//! is left alone: commands still work, or some of them. Lag is measured against the log's end: for how
//! long the first event that a follower has not done has been on record.

mod breaker;
mod details;
mod notices;
mod own;

pub use details::Process;
pub use own::Own;

use super::{
    access::{Access, OPERATORS},
    operation::{Routes, question},
};
use crate::followers::{Followers, events};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use commands::{clock::Clock, payment::Breaker};
use deadpool_postgres::{Pool, PoolError};
use eventlog::{
    EventLog,
    consumer::{ConsumerState, Standing},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};

/// What begins like this is told to everybody, always.
pub const PATH: &str = "/health/";

/// How long a dependency may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How far behind the log's end a follower may be without a word.
const LAG: Duration = Duration::from_secs(5);

/// How long the start waits for those who follow the log. One that cannot be run must not keep the
/// rest from being used.
const START: Duration = Duration::from_secs(5);

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

const LIVE: &str = "/health/live";
const READY: &str = "/health/ready";

pub fn routes() -> Routes<Arc<Health>> {
    let asking = |summary| question(summary, Access::Open).gives::<Report>();
    let down = asking("Whether it can do its work, and if not, why");
    let details = question("What runs here, and how it stands", OPERATORS);
    Routes::default()
        .get(LIVE, live, asking("Whether the process runs"))
        .get(READY, ready, down.or_with(StatusCode::SERVICE_UNAVAILABLE))
        .get("/health", details::details, details.gives::<details::Details>())
}

/// What is answered while nothing else is there yet, if this is about health.
pub fn starting(path: &str) -> Option<Response> {
    match path {
        LIVE => Some(Json(Report::of(Vec::new())).into_response()),
        READY => {
            let reason = "it is starting: the log and the views are being opened";
            let report = Report::of(vec![Check::not_up("service", Status::Down, reason)]);
            Some((StatusCode::SERVICE_UNAVAILABLE, Json(report)).into_response())
        }
        _ => None,
    }
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "HealthStatus")]
pub enum Status {
    Up,
    Degraded,
    Down,
}

/// How the service stands: as badly as the worst of its checks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub struct Report {
    pub status: Status,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HealthCheck")]
pub struct Check {
    /// `log`, `database`, `connections`, `notices`, `workers`, `breaker`, `service`, or the name of a
    /// follower of the log.
    pub name: String,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happened since the start, where that is counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Option<BTreeMap<&'static str, u64>>")]
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
    pub log: Arc<dyn EventLog>,
    /// For workers and commands.
    pub pool: Pool,
    pub queries: Pool,
    pub followers: Followers,
    /// The followers of the log that should run, here or in another process.
    pub expected: Vec<String>,
    /// In front of the payment gateway, if there is one.
    pub breaker: Option<Arc<Breaker>>,
    pub process: Process,
    pub own: Own,
    pub clock: Arc<dyn Clock>,
}

impl Health {
    /// Asks every dependency.
    pub async fn report(&self) -> Report {
        let (log, database, connections, notices, mut checks) = tokio::join!(
            self.check_log(),
            self.check_database(),
            own::check_connections(&self.pool),
            notices::check(&self.queries),
            self.check_followers(),
        );
        checks.splice(0..0, [log, database, connections]);
        checks.extend(notices);
        checks.extend(self.breaker.as_deref().map(breaker::check));
        checks.extend(self.own.checks());
        Report::of(checks)
    }

    /// Comes back when somebody runs each follower, or after a while.
    pub async fn until_followed(&self) {
        let followed = async {
            while !self.is_followed().await {
                sleep(LOOK_EVERY).await;
            }
        };
        if timeout(START, followed).await.is_err() {
            tracing::warn!("not all that follow the log run yet; /health/ready says which");
        }
    }

    async fn is_followed(&self) -> bool {
        let Ok(standings) = self.followers.standings().await else { return false };
        let mut expected = self.expected.iter();
        expected.all(|name| {
            let mut shares = standings.followers.iter().filter(|one| one.follower() == name);
            shares.next().is_some_and(|first| {
                first.state.owner.is_some() && shares.all(|one| one.state.owner.is_some())
            })
        })
    }

    async fn check_log(&self) -> Check {
        match timeout(PATIENCE, self.log.end()).await {
            Ok(Ok(_)) => Check::up("log"),
            Ok(Err(error)) => Check::not_up("log", Status::Down, error.to_string()),
            Err(_) => Check::not_up("log", Status::Down, "it does not answer"),
        }
    }

    async fn check_database(&self) -> Check {
        let ask =
            async { Ok::<_, PoolError>(self.queries.get().await?.simple_query("select 1").await?) };
        match timeout(PATIENCE, ask).await {
            Ok(Ok(_)) => Check::up("database"),
            Ok(Err(_)) => Check::not_up("database", Status::Down, "it cannot be reached"),
            Err(_) => {
                let reason = own::in_use(&self.queries);
                let reason = reason.unwrap_or_else(|| "it does not answer".to_owned());
                Check::not_up("database", Status::Down, reason)
            }
        }
    }

    /// Says nothing of the followers while the log or the database is away: these have checks of
    /// their own.
    async fn check_followers(&self) -> Vec<Check> {
        let Ok(Ok(standings)) = timeout(PATIENCE, self.followers.standings()).await else {
            return Vec::new();
        };
        let checks = self.expected.iter().flat_map(|name| {
            let shares = standings.followers.iter().filter(|one| one.follower() == name);
            let checks: Vec<_> = shares.map(check_of).collect();
            if checks.is_empty() { vec![unowned(name)] } else { checks }
        });
        checks.collect()
    }
}

fn check_of(standing: &Standing) -> Check {
    let Standing { state, backlog, lag } = standing;
    let ConsumerState { name, position, waiting_streams, poisoned_streams, .. } = state;
    let degraded = |reason: String| Check::not_up(name, Status::Degraded, reason);
    if state.owner.is_none() {
        return unowned(name);
    }
    if *poisoned_streams > 0 {
        return degraded(format!("{poisoned_streams} streams need a person: see `jangteo parked`"));
    }
    if *lag > LAG {
        let (events, seconds) = (events(backlog), lag.as_secs());
        let behind = format!("it is {events} events behind the log, the first {seconds} s old");
        return degraded(format!("{behind}; its checkpoint is {position}"));
    }
    if *waiting_streams > 0 {
        let wait = "streams wait for a paused part or their next try";
        return degraded(format!("{waiting_streams} {wait}"));
    }
    Check::up(name)
}

fn unowned(name: &str) -> Check {
    Check::not_up(name, Status::Degraded, "no worker runs it")
}

#[cfg(test)]
mod tests;
