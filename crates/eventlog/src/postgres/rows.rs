//! Reading events.

use crate::{LogError, Metadata, Position, RecordedEvent, StreamName};
use deadpool_postgres::{Client, Pool};
use tokio_postgres::{Row, types::ToSql};

pub(super) const COLUMNS: &str =
    "position, stream, version, id, type, schema_version, payload::text,
     command_id, correlation_id, causation_id, actor, at";

/// A position of this engine.
pub(super) fn at(number: i64) -> Position {
    let number = number as u64;
    Position { commit: number, prepare: number }
}

pub(super) async fn head(pool: &Pool) -> Result<Position, LogError> {
    let rows = query(pool, "select position from eventlog.head", &[]).await?;
    let head = rows.first().map(|row| at(row.get(0)));
    head.ok_or_else(|| LogError::Foreign("eventlog.head is empty".to_owned()))
}

/// The next `limit` events after a position.
pub(super) async fn after(
    pool: &Pool,
    position: u64,
    limit: i64,
) -> Result<Vec<RecordedEvent>, LogError> {
    let select = format!(
        "select {COLUMNS} from eventlog.events where position > $1 order by position limit $2"
    );
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let rows = query(pool, &select, &[&position, &limit]).await?;
    Ok(rows.iter().map(recorded).collect())
}

/// Connections are not tested before use, which would double the round trips: one that turns out to
/// be dead is given up for another, until the pool has no old one left.
pub(super) async fn query(
    pool: &Pool,
    select: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, LogError> {
    let mut old_ones = pool.status().size;
    loop {
        let client = pool.get().await.map_err(LogError::unreachable)?;
        match query_with(&client, select, params).await {
            Ok(rows) => return Ok(rows),
            Err(_) if client.is_closed() && old_ones > 0 => old_ones -= 1,
            Err(error) => return Err(LogError::unreachable(error)),
        }
    }
}

async fn query_with(
    client: &Client,
    select: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = client.prepare_cached(select).await?;
    client.query(&statement, params).await
}

pub(super) fn recorded(row: &Row) -> RecordedEvent {
    RecordedEvent {
        position: at(row.get(0)),
        stream: StreamName::stored(row.get::<_, &str>(1)),
        version: row.get::<_, i64>(2) as u64,
        id: row.get(3),
        event_type: row.get(4),
        schema_version: row.get::<_, i16>(5) as u16,
        payload: row.get(6),
        metadata: Metadata {
            command_id: row.get(7),
            correlation_id: row.get(8),
            causation_id: row.get(9),
            actor: row.get(10),
            at: row.get(11),
        },
    }
}
