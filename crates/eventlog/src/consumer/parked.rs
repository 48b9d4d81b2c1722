//! Events that a consumer could not handle yet. They wait in the order of their stream, and nothing
//! else waits for them.

mod table;

pub use table::ParkedEvents;

use super::lease::halves;
use crate::{EventLog, EventPlace, LogError, Position, RecordedEvent, StreamName};
use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use std::time::Duration;
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
    /// Of an event that is parked and not in the log any more.
    pub fn gone() -> Self {
        Self::Poison { reason: "the log does not have this event any more".to_owned() }
    }

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
            // PostgreSQL's text holds any character but this one.
            Self::Retry { reason, .. } | Self::Poison { reason } => reason.replace('\0', ""),
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
    /// When it is tried again, for one that is to be tried again by itself.
    pub due: DateTime<Utc>,
    pub parked_at: DateTime<Utc>,
}

impl Parked {
    /// The event itself. `None` when the log does not have it any more.
    pub async fn read(&self, log: &dyn EventLog) -> Result<Option<RecordedEvent>, LogError> {
        match log.read_stream(&self.stream, self.version, 1).await {
            Ok(events) => Ok(events.into_iter().find(|event| event.version == self.version)),
            Err(LogError::Foreign(_)) => Ok(None),
            Err(error @ LogError::Unreachable(_)) => Err(error),
        }
    }
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

/// Says anew why an event is parked, when that is all that is left of it: the log has it no more.
pub async fn hold(
    client: &impl GenericClient,
    parked: &Parked,
    hold: &Hold,
) -> Result<(), tokio_postgres::Error> {
    let update = "update consumers.parked
         set state = $4, part = $5, reason = $6, due = now() + $7 * interval '1 second',
             attempts = attempts + 1
         where consumer = $1 and stream = $2 and version = $3";
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
        &parked.consumer,
        &parked.stream.as_str(),
        &(parked.version as i64),
        &hold.state(),
        &hold.part(),
        &hold.reason(),
        &hold.delay(),
    ];
    client.execute(update, &params).await?;
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
