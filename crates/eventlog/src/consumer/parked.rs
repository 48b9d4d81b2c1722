//! Events that a consumer could not handle yet. They wait in the order of their stream, and nothing
//! else waits for them.

use super::lease::{halves, position};
use crate::{EventPlace, Position, StreamName};
use chrono::{DateTime, Utc};
use deadpool_postgres::{GenericClient, Pool, PoolError};
use std::{collections::HashSet, time::Duration};
use tokio_postgres::Row;
use uuid::Uuid;

/// Why an event is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A part is paused: go on when it is resumed.
    Waiting { part: String },
    /// A dependency failed: try again after the delay.
    Retry { after: Duration, reason: String },
    /// It cannot be handled by this program: a person must look.
    Poison { reason: String },
    /// An earlier event of its stream is parked.
    Behind,
}

impl Hold {
    fn state(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Retry { .. } => "retry",
            Self::Poison { .. } => "poison",
            Self::Behind => "behind",
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Waiting { part } => format!("{part} is paused"),
            Self::Retry { reason, .. } | Self::Poison { reason } => reason.clone(),
            Self::Behind => "an earlier event of the stream is parked".to_owned(),
        }
    }

    fn part(&self) -> Option<&str> {
        match self {
            Self::Waiting { part } => Some(part),
            Self::Retry { .. } | Self::Poison { .. } | Self::Behind => None,
        }
    }

    fn delay(&self) -> f64 {
        match self {
            Self::Retry { after, .. } => after.as_secs_f64(),
            Self::Waiting { .. } | Self::Poison { .. } | Self::Behind => 0.0,
        }
    }
}

/// A parked event. Its content stays in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    pub consumer: String,
    pub stream: StreamName,
    pub version: u64,
    pub event_id: Uuid,
    pub event_type: String,
    pub position: Position,
    /// `waiting`, `retry`, `poison` or `behind`.
    pub state: String,
    pub reason: String,
    pub attempts: i32,
    pub parked_at: DateTime<Utc>,
}

/// Parks an event for a consumer, or says anew why it is parked.
pub async fn park(
    client: &impl GenericClient,
    consumer: &str,
    event: &EventPlace,
    hold: &Hold,
) -> Result<(), tokio_postgres::Error> {
    let statement = client
        .prepare_cached(
            "insert into consumers.parked
                 (consumer, stream, version, event_id, event_type, commit_position,
                  prepare_position, state, part, reason, due)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11 * interval '1 second')
             on conflict (consumer, stream, version) do update
             set state = excluded.state, part = excluded.part, reason = excluded.reason,
                 due = excluded.due, attempts = parked.attempts + 1",
        )
        .await?;
    let (commit, prepare) = halves(event.position);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 11] = [
        &consumer,
        &event.stream.as_str(),
        &(event.version as i64),
        &event.id,
        &event.event_type,
        &commit,
        &prepare,
        &hold.state(),
        &hold.part(),
        &hold.reason(),
        &hold.delay(),
    ];
    client.execute(&statement, &params).await?;
    Ok(())
}

/// The first event of a stream is done: it is no longer parked, and the one behind it may be tried
/// at once.
pub async fn unpark(
    client: &impl GenericClient,
    parked: &Parked,
) -> Result<(), tokio_postgres::Error> {
    let version = parked.version as i64;
    let stream = parked.stream.as_str();
    let delete = "delete from consumers.parked
                  where consumer = $1 and stream = $2 and version = $3";
    client.execute(delete, &[&parked.consumer, &stream, &version]).await?;
    client.execute(TRY_FIRST, &[&parked.consumer, &stream]).await?;
    Ok(())
}

/// Lets the first parked event of a stream be tried at once.
const TRY_FIRST: &str = "update consumers.parked set state = 'retry', due = now()
     where consumer = $1 and stream = $2 and version = (
         select min(version) from consumers.parked where consumer = $1 and stream = $2)";

/// The table of parked events.
#[derive(Clone, Debug)]
pub struct ParkedEvents {
    pool: Pool,
}

impl ParkedEvents {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// The streams of which a consumer has parked events.
    pub async fn streams(&self, consumer: &str) -> Result<HashSet<String>, PoolError> {
        let client = self.pool.get().await?;
        let select = "select distinct stream from consumers.parked where consumer = $1";
        let rows = client.query(select, &[&consumer]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// At most `limit` streams whose first event may be tried now: its time has come, or the part
    /// it waits for is not in `paused`.
    pub async fn due(
        &self,
        consumer: &str,
        paused: &[String],
        limit: i64,
    ) -> Result<Vec<StreamName>, PoolError> {
        let client = self.pool.get().await?;
        let select = "select stream from consumers.parked
             where consumer = $1 and (state = 'retry' and due <= now()
                                      or state = 'waiting' and part <> all($2))
             order by due limit $3";
        let rows = client.query(select, &[&consumer, &paused, &limit]).await?;
        let stream = |row: &Row| StreamName::stored(row.get::<_, String>(0));
        Ok(rows.iter().map(stream).collect())
    }

    /// A stream's parked events, first one first.
    pub async fn of_stream(
        &self,
        consumer: &str,
        stream: &StreamName,
    ) -> Result<Vec<Parked>, PoolError> {
        let filter = "where consumer = $1 and stream = $2";
        self.select(filter, &[&consumer, &stream.as_str()]).await
    }

    /// All parked events, by consumer and stream, without those of a view as it was before its last
    /// rebuild.
    pub async fn all(&self) -> Result<Vec<Parked>, PoolError> {
        self.select("where consumer not like '%\\_\\_old'", &[]).await
    }

    /// Lets the first event of a parked stream be tried at once. `false` when nothing is parked.
    pub async fn retry(&self, consumer: &str, stream: &StreamName) -> Result<bool, PoolError> {
        let client = self.pool.get().await?;
        let update = "update consumers.parked set state = 'retry', due = now()
             where consumer = $1 and stream = $2 and version = (
                 select min(version) from consumers.parked where consumer = $1 and stream = $2)";
        let touched = client.execute(update, &[&consumer, &stream.as_str()]).await?;
        Ok(touched > 0)
    }

    /// Gives the first event of a parked stream up, for a stated reason, which is kept; the next
    /// one may be tried at once. `false` when nothing is parked.
    pub async fn skip(
        &self,
        consumer: &str,
        stream: &StreamName,
        reason: &str,
    ) -> Result<bool, PoolError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let give_up = "with gone as (
                 delete from consumers.parked
                 where consumer = $1 and stream = $2 and version = (
                     select min(version) from consumers.parked where consumer = $1 and stream = $2)
                 returning *)
             insert into consumers.skipped (consumer, stream, version, event_id, reason)
             select consumer, stream, version, event_id, $3 from gone
             on conflict (consumer, stream, version) do update set reason = excluded.reason";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&consumer, &stream.as_str(), &reason];
        let skipped = transaction.execute(give_up, &params).await?;
        transaction.execute(TRY_FIRST, &[&consumer, &stream.as_str()]).await?;
        transaction.commit().await?;
        Ok(skipped > 0)
    }

    async fn select(
        &self,
        filter: &'static str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Parked>, PoolError> {
        let client = self.pool.get().await?;
        let select = format!(
            "select consumer, stream, version, event_id, event_type, commit_position,
                    prepare_position, state, reason, attempts, parked_at
             from consumers.parked {filter} order by consumer, stream, version"
        );
        let rows = client.query(&select, params).await?;
        Ok(rows.iter().map(parked_of).collect())
    }
}

fn parked_of(row: &Row) -> Parked {
    Parked {
        consumer: row.get("consumer"),
        stream: StreamName::stored(row.get::<_, String>("stream")),
        version: row.get::<_, i64>("version") as u64,
        event_id: row.get("event_id"),
        event_type: row.get("event_type"),
        position: position(row),
        state: row.get("state"),
        reason: row.get("reason"),
        attempts: row.get("attempts"),
        parked_at: row.get("parked_at"),
    }
}
