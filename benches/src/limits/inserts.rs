//! L2: one connection inserts the same rows as the log's writer, into a table of the same shape with
//! the same indexes, so many per statement, each statement a durable commit. It checks nothing.

use crate::{
    BenchError,
    log::{Fact, Log, facts},
};
use domain::Instant as Time;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// Rows per commit.
const BATCH: u64 = 500;

const MAKE: &str = "create schema if not exists bench; drop table if exists bench.events;
    create table bench.events (like eventlog.events including all)";

const INSERT: &str = "insert into bench.events
    select position, stream, version, id, type, schema_version, payload::json, command_id,
        correlation_id, causation_id, actor, at
    from unnest($1::int8[], $2::text[], $3::int8[], $4::uuid[], $5::text[], $6::int2[], $7::text[],
        $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::timestamptz[])
        e(position, stream, version, id, type, schema_version, payload, command_id,
          correlation_id, causation_id, actor, at)";

/// Rows per second; making them is not counted.
pub async fn insert(log: &Log, rows: u64) -> Result<f64, BenchError> {
    let client = &log.database.client;
    client.batch_execute(MAKE).await?;
    let statement = client.prepare(INSERT).await?;
    let mut took = Duration::ZERO;
    for first in (0..rows).step_by(BATCH as usize) {
        let columns: Columns = facts(first..rows.min(first + BATCH)).collect();
        let begin = Instant::now();
        client.execute(&statement, &columns.params()).await?;
        took += begin.elapsed();
    }
    client.batch_execute("drop table bench.events").await?;
    Ok(rows as f64 / took.as_secs_f64())
}

/// One array for each column.
#[derive(Default)]
struct Columns {
    position: Vec<i64>,
    stream: Vec<String>,
    version: Vec<i64>,
    id: Vec<Uuid>,
    event_type: Vec<String>,
    schema_version: Vec<i16>,
    payload: Vec<String>,
    command_id: Vec<Uuid>,
    correlation_id: Vec<Uuid>,
    causation_id: Vec<Option<Uuid>>,
    actor: Vec<&'static str>,
    at: Vec<Time>,
}

impl FromIterator<Fact> for Columns {
    fn from_iter<T: IntoIterator<Item = Fact>>(facts: T) -> Self {
        let mut columns = Self::default();
        for fact in facts {
            columns.position.push(fact.position);
            columns.stream.push(fact.stream);
            columns.version.push(fact.version);
            columns.id.push(fact.id);
            columns.event_type.push(fact.encoded.event_type);
            columns.schema_version.push(fact.encoded.schema_version as i16);
            columns.payload.push(fact.encoded.payload);
            columns.command_id.push(fact.command_id);
            columns.correlation_id.push(fact.correlation_id);
            columns.causation_id.push(fact.causation_id);
            columns.actor.push(fact.actor);
            columns.at.push(fact.at);
        }
        columns
    }
}

impl Columns {
    fn params(&self) -> [&(dyn ToSql + Sync); 12] {
        [
            &self.position,
            &self.stream,
            &self.version,
            &self.id,
            &self.event_type,
            &self.schema_version,
            &self.payload,
            &self.command_id,
            &self.correlation_id,
            &self.causation_id,
            &self.actor,
            &self.at,
        ]
    }
}
