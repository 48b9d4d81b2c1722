//! Checkpoints under a lease. Time is the database's.

use super::share::Share;
use crate::Position;
use crate::postgres::{Change, MigrateError, migrate};
use chrono::{DateTime, Utc};
use deadpool_postgres::{GenericClient, Pool, PoolError};
use std::time::Duration;
use tokio_postgres::Row;
use uuid::Uuid;

mod embedded {
    refinery::embed_migrations!("migrations/consumers");
}

/// The right to move one consumer's checkpoint, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub owner: Uuid,
    /// Grows with each new owner.
    pub fence: i64,
    /// The checkpoint: everything up to here is done.
    pub position: Position,
}

/// How a consumer stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerState {
    pub name: String,
    pub position: Position,
    /// Who holds the lease now.
    pub owner: Option<Uuid>,
    pub fence: i64,
    /// Grows whenever what it keeps was changed by something else than what follows its checkpoint.
    pub generation: i64,
    /// When the checkpoint last moved.
    pub progressed_at: DateTime<Utc>,
    /// Streams that wait for a paused part or for their next try.
    pub waiting_streams: i64,
    /// Streams that need a person.
    pub poisoned_streams: i64,
}

/// Why a checkpoint did not move. Roll back.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Another owner took the lease, or moved the checkpoint.
    #[error("the lease of {0} is lost")]
    Fenced(String),
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
}

/// The consumers' table.
#[derive(Clone, Debug)]
pub struct Consumers {
    pool: Pool,
}

impl Consumers {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Creates or updates the schema `consumers`.
    pub async fn migrate(pool: &Pool) -> Result<Vec<Change>, MigrateError> {
        migrate(pool, "consumers", embedded::migrations::runner()).await
    }

    /// Makes sure that the consumers exist; new ones start before the first event.
    pub async fn register(&self, names: &[&str]) -> Result<(), PoolError> {
        let client = self.pool.get().await?;
        let insert = "insert into consumers.checkpoints (name) select unnest($1::text[])
                      on conflict do nothing";
        client.execute(insert, &[&names]).await?;
        Ok(())
    }

    /// The shares into which a follower's work is cut, in order. One that is new does all of it.
    pub async fn shares(&self, follower: &str) -> Result<Vec<Share>, PoolError> {
        let client = self.pool.get().await?;
        let insert = "insert into consumers.checkpoints (name) select $1::text
             where not exists (
                 select from consumers.checkpoints where split_part(name, '#', 1) = $1)
             on conflict do nothing";
        let select = "select name from consumers.checkpoints where split_part(name, '#', 1) = $1";
        let mut rows = client.query(select, &[&follower]).await?;
        if rows.is_empty() {
            client.execute(insert, &[&follower]).await?;
            rows = client.query(select, &[&follower]).await?;
        }
        let mut shares: Vec<_> =
            rows.iter().filter_map(|row| Share::of_consumer(row.get(0))).collect();
        shares.sort_unstable();
        Ok(shares)
    }

    /// Takes a lease that is free, expired or already `owner`'s. `None` while another holds it.
    pub async fn acquire(
        &self,
        name: &str,
        owner: Uuid,
        ttl: Duration,
    ) -> Result<Option<Lease>, PoolError> {
        let client = self.pool.get().await?;
        let take = "update consumers.checkpoints
             set owner = $2, fence = fence + 1, expires_at = now() + $3 * interval '1 second'
             where name = $1 and (owner is null or owner = $2 or expires_at < now())
             returning fence, commit_position, prepare_position";
        let row = client.query_opt(take, &[&name, &owner, &ttl.as_secs_f64()]).await?;
        Ok(row.map(|row| Lease {
            name: name.to_owned(),
            owner,
            fence: row.get("fence"),
            position: position(&row),
        }))
    }

    /// Prolongs a lease; `false` when it is lost.
    pub async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<bool, PoolError> {
        let client = self.pool.get().await?;
        let prolong =
            "update consumers.checkpoints set expires_at = now() + $3 * interval '1 second'
                       where name = $1 and fence = $2 and owner is not null";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&lease.name, &lease.fence, &ttl.as_secs_f64()];
        Ok(client.execute(prolong, &params).await? == 1)
    }

    /// Gives a lease back, so that another may take it at once.
    pub async fn release(&self, lease: &Lease) -> Result<(), PoolError> {
        let client = self.pool.get().await?;
        let free = "update consumers.checkpoints set owner = null, expires_at = null
                    where name = $1 and fence = $2";
        client.execute(free, &[&lease.name, &lease.fence]).await?;
        Ok(())
    }

    /// The checkpoint of one consumer and whether somebody works on it.
    pub async fn state(&self, name: &str) -> Result<Option<ConsumerState>, PoolError> {
        let states = self.select("where c.name = $1", &[&name]).await?;
        Ok(states.into_iter().next())
    }

    /// All who do the work of a follower, by name.
    pub async fn of_follower(&self, follower: &str) -> Result<Vec<ConsumerState>, PoolError> {
        self.select("where split_part(c.name, '#', 1) = $1", &[&follower]).await
    }

    /// All consumers by name.
    pub async fn states(&self) -> Result<Vec<ConsumerState>, PoolError> {
        // What a view was before its last rebuild follows nothing.
        self.select("where split_part(c.name, '#', 1) not like '%\\_\\_old'", &[]).await
    }

    async fn select(
        &self,
        filter: &'static str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<ConsumerState>, PoolError> {
        let client = self.pool.get().await?;
        let select = format!(
            "select c.name, c.commit_position, c.prepare_position, c.fence, c.generation, c.progressed_at,
                    case when c.expires_at >= now() then c.owner end as owner,
                    (select count(*) from consumers.parked p
                     where p.consumer = c.name and p.state in ('waiting', 'retry')) as waiting,
                    (select count(*) from consumers.parked p
                     where p.consumer = c.name and p.state = 'poison') as poisoned
             from consumers.checkpoints c {filter} order by c.name"
        );
        let rows = client.query(&select, params).await?;
        Ok(rows.iter().map(state_of).collect())
    }
}

/// Moves the checkpoint within the consumer's own transaction, on its connection, and prolongs the
/// lease.
///
/// `lease.position` is moved too: when the transaction is then rolled back, the lease is to be
/// acquired anew.
pub async fn advance(
    transaction: &impl GenericClient,
    lease: &mut Lease,
    to: Position,
    ttl: Duration,
) -> Result<(), AdvanceError> {
    let statement = transaction
        .prepare_cached(
            "update consumers.checkpoints
             set commit_position = $5, prepare_position = $6, progressed_at = now(),
                 expires_at = now() + $7 * interval '1 second'
             where name = $1 and fence = $2 and owner is not null
               and commit_position = $3 and prepare_position = $4",
        )
        .await?;
    let (from_commit, from_prepare) = halves(lease.position);
    let (to_commit, to_prepare) = halves(to);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
        &lease.name,
        &lease.fence,
        &from_commit,
        &from_prepare,
        &to_commit,
        &to_prepare,
        &ttl.as_secs_f64(),
    ];
    if transaction.execute(&statement, &params).await? == 0 {
        return Err(AdvanceError::Fenced(lease.name.clone()));
    }
    lease.position = to;
    Ok(())
}

/// Both halves as PostgreSQL holds them.
pub(super) fn halves(position: Position) -> (i64, i64) {
    (position.commit as i64, position.prepare as i64)
}

pub(super) fn position(row: &Row) -> Position {
    let half = |name| row.get::<_, i64>(name) as u64;
    Position { commit: half("commit_position"), prepare: half("prepare_position") }
}

fn state_of(row: &Row) -> ConsumerState {
    ConsumerState {
        name: row.get("name"),
        position: position(row),
        owner: row.get("owner"),
        fence: row.get("fence"),
        generation: row.get("generation"),
        progressed_at: row.get("progressed_at"),
        waiting_streams: row.get("waiting"),
        poisoned_streams: row.get("poisoned"),
    }
}
