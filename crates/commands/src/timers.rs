//! Timers: what is to be asked at a later time, table `commands.timers`.
//!
//! A timer fires at least once, so what it asks must be harmless to ask again. What that is, is
//! not known here: it is JSON.

mod worker;

pub use worker::Timers;

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use domain::Context;
use serde::Serialize;
use std::error::Error;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

const SET: &str = "
    insert into commands.timers (key, context, due, ask, cause)
    select key, context, due, ask::jsonb,
        jsonb_build_object('factId', fact_id, 'correlationId', correlation_id)
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::uuid[], $6::uuid[])
        as timer (key, context, due, ask, fact_id, correlation_id)
    on conflict (key) do nothing";

/// Whoever waits for rows here takes them in the order of their keys, so that two never wait for
/// each other.
const CANCEL: &str = "
    with these as (
        select key from commands.timers where key = any($1)
        order by key for update)
    delete from commands.timers using these where timers.key = these.key";

/// Something to ask once its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// What makes it the same timer: `accept/<order id>`.
    pub key: String,
    /// The context whose worker fires it.
    pub context: String,
    /// When it fires. After a failed try, when the next one does.
    pub due: DateTime<Utc>,
    /// JSON. Comes back with the same meaning, not the same letters.
    pub ask: String,
    pub cause: Cause,
}

impl Timer {
    /// What a fact of a context asks for later.
    ///
    /// # Panics
    /// Never for a request that is plain data.
    pub fn new(
        context: Context,
        key: &str,
        due: DateTime<Utc>,
        ask: &impl Serialize,
        cause: Cause,
    ) -> Self {
        Self {
            key: Self::key_of(context, key),
            context: context.name().to_owned(),
            due,
            ask: serde_json::to_string(ask).expect("a request is plain data"),
            cause,
        }
    }

    /// All contexts share one table of timers.
    pub fn key_of(context: Context, key: &str) -> String {
        format!("{}/{key}", context.name())
    }
}

/// The fact that set a timer, so that what comes of it can be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub fact_id: Uuid,
    pub correlation_id: Uuid,
}

/// Why a timer could not be fired. It is tried again, for ever.
#[derive(Debug, thiserror::Error)]
pub enum TimerError {
    /// The part it asks is down. Looked at again every second, and not worth a line in the log.
    #[error("the part that the timer asks is down")]
    PartDown,
    /// Tried again after a second, then two, up to a minute.
    #[error("what the timer asks was not done")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl TimerError {
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}

/// Sets timers, with the transaction of `client` if it is one. One whose key is set already keeps
/// what it has.
pub async fn set(
    client: &impl GenericClient,
    timers: &[Timer],
) -> Result<(), tokio_postgres::Error> {
    if timers.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = timers.iter().map(|timer| &*timer.key).collect();
    let contexts: Vec<_> = timers.iter().map(|timer| &*timer.context).collect();
    let dues: Vec<_> = timers.iter().map(|timer| timer.due).collect();
    let asks: Vec<_> = timers.iter().map(|timer| &*timer.ask).collect();
    let facts: Vec<_> = timers.iter().map(|timer| timer.cause.fact_id).collect();
    let correlations: Vec<_> = timers.iter().map(|timer| timer.cause.correlation_id).collect();
    let statement = client.prepare_cached(SET).await?;
    let columns: [&(dyn ToSql + Sync); 6] = [&keys, &contexts, &dues, &asks, &facts, &correlations];
    client.execute(&statement, &columns).await.map(drop)
}

/// Forgets timers. One that is not set, or was fired, is no error.
pub async fn cancel(
    client: &impl GenericClient,
    keys: &[String],
) -> Result<(), tokio_postgres::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(CANCEL).await?;
    client.execute(&statement, &[&keys]).await.map(drop)
}
