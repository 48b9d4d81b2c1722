//! `/health`: for operators, what runs here and how it stands.

use super::{Health, Report};
use crate::config::{Config, Database};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// This process.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    pub version: &'static str,
    pub since: DateTime<Utc>,
    /// `all`, `api` or `worker`.
    pub role: &'static str,
    pub contexts: Vec<&'static str>,
    /// Where the log is: `postgresql` or `eventstoredb`.
    pub log: &'static str,
    /// Whose the database of the views is: `embedded`, which is this process's own, or `given`.
    pub database: &'static str,
}

impl Process {
    pub fn of(config: &Config, since: DateTime<Utc>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            since,
            role: config.role.as_str(),
            contexts: config.contexts.iter().map(|context| context.name()).collect(),
            log: match config.store.eventstore_url {
                Some(_) => "eventstoredb",
                None => "postgresql",
            },
            database: match config.store.database {
                Database::Embedded => "embedded",
                Database::Given(_) => "given",
            },
        }
    }
}

/// A process, and how all stands that it needs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "HealthDetails")]
pub(super) struct Details {
    #[serde(flatten)]
    process: Process,
    uptime_seconds: i64,
    pools: Vec<Connections>,
    health: Report,
}

/// A pool of connections to the database.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Connections {
    /// `work` or `queries`.
    name: &'static str,
    limit: usize,
    open: usize,
    free: usize,
    /// Who waits for one.
    waiting: usize,
}

impl Connections {
    fn of(name: &'static str, pool: &Pool) -> Self {
        let status = pool.status();
        let (limit, open, free) = (status.max_size, status.size, status.available);
        Self { name, limit, open, free, waiting: status.waiting }
    }
}

pub(super) async fn details(State(health): State<Arc<Health>>) -> Json<Details> {
    let process = health.process.clone();
    let uptime_seconds = (health.clock.now() - process.since).num_seconds();
    // Before the checks, which need connections themselves.
    let pools =
        vec![Connections::of("work", &health.pool), Connections::of("queries", &health.queries)];
    Json(Details { process, uptime_seconds, pools, health: health.report().await })
}
