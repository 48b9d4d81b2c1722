//! What a consumer needs whose effects are rows in this same database: parked events that leave in
//! the transaction of their effects, and a checkpoint that is handed over together with a table.

use super::lease::{AdvanceError, Lease, halves, position};
use crate::{Position, StreamName};
use deadpool_postgres::{GenericClient, Transaction};
use std::collections::{HashMap, HashSet};
use tokio_postgres::{Error, Row};

/// The streams whose first parked event may be tried now, at most `limit`.
///
/// One that stands behind nothing (what was before it has just been skipped) may be tried too.
pub async fn retryable(
    client: &impl GenericClient,
    consumer: &str,
    limit: i64,
) -> Result<Vec<StreamName>, Error> {
    let select = "select stream from (
             select distinct on (stream) stream, state, due from consumers.parked
             where consumer = $1 order by stream, version) as head
         where state = 'behind' or state = 'retry' and due <= now() limit $2";
    let rows = client.query(select, &[&consumer, &limit]).await?;
    Ok(rows.iter().map(|row| StreamName::stored(row.get::<_, String>(0))).collect())
}

/// Whether the event at this position is parked for a consumer.
pub async fn is_parked(
    client: &impl GenericClient,
    consumer: &str,
    at: Position,
) -> Result<bool, Error> {
    let select = "select exists (select from consumers.parked
         where consumer = $1 and commit_position = $2 and prepare_position = $3)";
    let (commit, prepare) = halves(at);
    Ok(client.query_one(select, &[&consumer, &commit, &prepare]).await?.get(0))
}

/// The events that a person gave up for a consumer: stream and version.
pub async fn skipped(
    client: &impl GenericClient,
    consumer: &str,
) -> Result<HashSet<(StreamName, u64)>, Error> {
    let select = "select stream, version from consumers.skipped where consumer = $1";
    let rows = client.query(select, &[&consumer]).await?;
    Ok(rows.iter().map(event).collect())
}

/// The streams with parked events of a consumer, each with the version of the first.
pub async fn parked_from(
    client: &impl GenericClient,
    consumer: &str,
) -> Result<HashMap<StreamName, u64>, Error> {
    let select =
        "select stream, min(version) from consumers.parked where consumer = $1 group by stream";
    let rows = client.query(select, &[&consumer]).await?;
    Ok(rows.iter().map(event).collect())
}

/// A consumer's checkpoint. `None` when there is no such consumer.
pub async fn checkpoint(
    client: &impl GenericClient,
    consumer: &str,
) -> Result<Option<Position>, Error> {
    let select =
        "select commit_position, prepare_position from consumers.checkpoints where name = $1";
    Ok(client.query_opt(select, &[&consumer]).await?.as_ref().map(position))
}

/// A consumer's checkpoint, which nobody moves until the transaction ends. `None` when there is no
/// such consumer.
pub async fn freeze(
    transaction: &Transaction<'_>,
    consumer: &str,
) -> Result<Option<Position>, Error> {
    let select = "select commit_position, prepare_position from consumers.checkpoints
         where name = $1 for update";
    Ok(transaction.query_opt(select, &[&consumer]).await?.as_ref().map(position))
}

/// Forgets all a consumer did: it starts before the first event, nothing parked.
pub async fn restart(transaction: &Transaction<'_>, lease: &mut Lease) -> Result<(), AdvanceError> {
    let back = "update consumers.checkpoints set commit_position = 0, prepare_position = 0
         where name = $1 and fence = $2 and owner is not null";
    if transaction.execute(back, &[&lease.name, &lease.fence]).await? == 0 {
        return Err(AdvanceError::Fenced(lease.name.clone()));
    }
    transaction.execute("delete from consumers.parked where consumer = $1", &[&lease.name]).await?;
    lease.position = Position::START;
    Ok(())
}

/// Puts the consumer of `by` in the place of another, checkpoint and parked events, and keeps what
/// the other had under the name `old`, which may be that of `by`. Whoever held the other's lease has
/// lost it and acquires it anew; whoever holds that of `by` has lost it, too.
pub async fn replace(
    transaction: &Transaction<'_>,
    consumer: &str,
    by: &Lease,
    old: &str,
) -> Result<(), AdvanceError> {
    let hold = "select from consumers.checkpoints
         where name = $1 and fence = $2 and owner is not null for update";
    if transaction.query_opt(hold, &[&by.name, &by.fence]).await?.is_none() {
        return Err(AdvanceError::Fenced(by.name.clone()));
    }
    let was = format!("{consumer}__was");
    if by.name != old {
        remove(transaction, old).await?;
    }
    rename(transaction, consumer, &was).await?;
    rename(transaction, &by.name, consumer).await?;
    rename(transaction, &was, old).await
}

/// Forgets the consumer of a lease.
pub async fn forget(transaction: &Transaction<'_>, lease: &Lease) -> Result<(), AdvanceError> {
    let hold = "select from consumers.checkpoints where name = $1 and fence = $2 for update";
    if transaction.query_opt(hold, &[&lease.name, &lease.fence]).await?.is_none() {
        return Err(AdvanceError::Fenced(lease.name.clone()));
    }
    remove(transaction, &lease.name).await
}

async fn remove(transaction: &Transaction<'_>, consumer: &str) -> Result<(), AdvanceError> {
    transaction.execute("delete from consumers.parked where consumer = $1", &[&consumer]).await?;
    transaction.execute("delete from consumers.checkpoints where name = $1", &[&consumer]).await?;
    Ok(())
}

/// Gives all of a consumer to another, new one, which nobody has the lease of. Its fence grows
/// beyond that of either.
async fn rename(transaction: &Transaction<'_>, from: &str, to: &str) -> Result<(), AdvanceError> {
    let insert = "insert into consumers.checkpoints
             (name, commit_position, prepare_position, fence, progressed_at)
         select $2, commit_position, prepare_position,
             1 + (select max(fence) from consumers.checkpoints), now()
         from consumers.checkpoints where name = $1";
    transaction.execute(insert, &[&from, &to]).await?;
    let parked = "update consumers.parked set consumer = $2 where consumer = $1";
    transaction.execute(parked, &[&from, &to]).await?;
    remove(transaction, from).await
}

/// Stream and version.
fn event(row: &Row) -> (StreamName, u64) {
    (StreamName::stored(row.get::<_, String>(0)), row.get::<_, i64>(1) as u64)
}
