//! The table of parked events, as their consumer and a person use it.

use super::{Parked, TRY_FIRST};
use crate::{StreamName, consumer::lease::position};
use deadpool_postgres::{Pool, PoolError};
use std::collections::{HashMap, HashSet};
use tokio_postgres::Row;

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

    /// How many streams with parked events each follower has; those without are left out.
    pub async fn counts(&self) -> Result<HashMap<String, usize>, PoolError> {
        let client = self.pool.get().await?;
        let select = "select split_part(consumer, '#', 1), count(distinct stream)
             from consumers.parked where split_part(consumer, '#', 1) not like '%\\_\\_old'
             group by 1";
        let rows = client.query(&client.prepare_cached(select).await?, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as usize)).collect())
    }

    /// The first parked event of each stream, of at most `limit` streams of each consumer.
    pub async fn heads(&self, limit: i64) -> Result<Vec<Parked>, PoolError> {
        let from = "(select *, row_number() over (partition by consumer order by stream) as place
             from (select distinct on (consumer, stream) * from consumers.parked
                   where split_part(consumer, '#', 1) not like '%\\_\\_old'
                   order by consumer, stream, version) as head) as placed
             where place <= $1";
        self.select(from, &[&limit]).await
    }

    /// At most `limit` streams whose first event may be tried now: its time has come, the part it
    /// waits for is not in `paused`, or what it stood behind has just been skipped.
    pub async fn due(
        &self,
        consumer: &str,
        paused: &[String],
        limit: i64,
    ) -> Result<Vec<StreamName>, PoolError> {
        let client = self.pool.get().await?;
        let select = "select stream from (
                 select distinct on (stream) stream, state, part, due from consumers.parked
                 where consumer = $1 order by stream, version) as head
             where state = 'behind' or state = 'retry' and due <= now()
                or state = 'waiting' and part <> all($2)
             order by due limit $3";
        let rows = client.query(select, &[&consumer, &paused, &limit]).await?;
        let stream = |row: &Row| StreamName::stored(row.get::<_, String>(0));
        Ok(rows.iter().map(stream).collect())
    }

    /// The consumers of a follower for which a stream is parked: one, or those with a share of its
    /// work.
    pub async fn consumers(
        &self,
        follower: &str,
        stream: &StreamName,
    ) -> Result<Vec<String>, PoolError> {
        let client = self.pool.get().await?;
        let select = "select distinct consumer from consumers.parked
             where stream = $2 and $1 in (consumer, split_part(consumer, '#', 1)) order by 1";
        let rows = client.query(select, &[&follower, &stream.as_str()]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// A stream's parked events, first one first.
    pub async fn of_stream(
        &self,
        consumer: &str,
        stream: &StreamName,
    ) -> Result<Vec<Parked>, PoolError> {
        let from = "consumers.parked where consumer = $1 and stream = $2";
        self.select(from, &[&consumer, &stream.as_str()]).await
    }

    /// All parked events, by consumer and stream, without those of a view as it was before its last
    /// rebuild.
    pub async fn all(&self) -> Result<Vec<Parked>, PoolError> {
        self.select(
            "consumers.parked where split_part(consumer, '#', 1) not like '%\\_\\_old'",
            &[],
        )
        .await
    }

    /// Lets the first event of a parked stream be tried at once. `false` when nothing is parked.
    pub async fn retry(&self, consumer: &str, stream: &StreamName) -> Result<bool, PoolError> {
        let client = self.pool.get().await?;
        let touched = client.execute(TRY_FIRST, &[&consumer, &stream.as_str()]).await?;
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
             select split_part(consumer, '#', 1), stream, version, event_id, $3 from gone
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
        from: &'static str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Parked>, PoolError> {
        let client = self.pool.get().await?;
        let select = format!(
            "select consumer, stream, version, event_id, event_type, commit_position,
                    prepare_position, state, reason, attempts, due, parked_at
             from {from} order by consumer, stream, version"
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
        due: row.get("due"),
        parked_at: row.get("parked_at"),
    }
}
