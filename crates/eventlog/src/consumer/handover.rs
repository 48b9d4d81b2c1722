//! What a consumer needs whose effects are rows in this same database: parked events that leave in
//! the transaction of their effects, and a checkpoint that is handed over together with a table.

use super::{
    lease::{AdvanceError, Lease, halves, position},
    share::{Share, follower_of},
};
use crate::{Position, StreamName};
use deadpool_postgres::GenericClient;
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

/// Whether the event at this position is parked for a follower.
pub async fn is_parked(
    client: &impl GenericClient,
    follower: &str,
    at: Position,
) -> Result<bool, Error> {
    let select = "select exists (select from consumers.parked
         where split_part(consumer, '#', 1) = $1
           and commit_position = $2 and prepare_position = $3)";
    let (commit, prepare) = halves(at);
    Ok(client.query_one(select, &[&follower, &commit, &prepare]).await?.get(0))
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

/// A follower's checkpoints, in the order of its shares.
pub async fn checkpoints(
    client: &impl GenericClient,
    follower: &str,
) -> Result<Vec<(Share, Position)>, Error> {
    let select = "select name, commit_position, prepare_position from consumers.checkpoints
         where split_part(name, '#', 1) = $1";
    Ok(in_order(client.query(select, &[&follower]).await?))
}

/// A follower's checkpoints, which nobody moves until the transaction ends.
pub async fn freeze(
    transaction: &impl GenericClient,
    follower: &str,
) -> Result<Vec<(Share, Position)>, Error> {
    let select = "select name, commit_position, prepare_position from consumers.checkpoints
         where split_part(name, '#', 1) = $1 order by name for update";
    Ok(in_order(transaction.query(select, &[&follower]).await?))
}

fn in_order(rows: Vec<Row>) -> Vec<(Share, Position)> {
    let checkpoint = |row: &Row| Some((Share::of_consumer(row.get("name"))?, position(row)));
    let mut checkpoints: Vec<_> = rows.iter().filter_map(checkpoint).collect();
    checkpoints.sort_unstable();
    checkpoints
}

/// Forgets all a consumer did: it starts before the first event, nothing parked.
pub async fn restart(
    transaction: &impl GenericClient,
    lease: &mut Lease,
) -> Result<(), AdvanceError> {
    let back = "update consumers.checkpoints set commit_position = 0, prepare_position = 0
         where name = $1 and fence = $2 and owner is not null";
    if transaction.execute(back, &[&lease.name, &lease.fence]).await? == 0 {
        return Err(AdvanceError::Fenced(lease.name.clone()));
    }
    transaction.execute("delete from consumers.parked where consumer = $1", &[&lease.name]).await?;
    lease.position = Position::START;
    Ok(())
}

/// Puts the consumers of `by`, which do all the work of one follower, in the place of those of
/// another, checkpoints and parked events, and keeps what the other had under the name `old`, which
/// may be that of `by`. Whoever held a lease of the other has lost it and acquires it anew; whoever
/// holds those of `by` has lost them, too.
pub async fn replace(
    transaction: &impl GenericClient,
    follower: &str,
    by: &[&Lease],
    old: &str,
) -> Result<(), AdvanceError> {
    for lease in by {
        must_hold(transaction, lease).await?;
    }
    let new = by.first().map_or(old, |lease| follower_of(&lease.name));
    let was = format!("{follower}__was");
    if new != old {
        remove(transaction, old).await?;
    }
    rename(transaction, follower, &was).await?;
    rename(transaction, new, follower).await?;
    rename(transaction, &was, old).await
}

/// Forgets the follower of whose consumers these leases are.
pub async fn forget(
    transaction: &impl GenericClient,
    leases: &[&Lease],
) -> Result<(), AdvanceError> {
    for lease in leases {
        must_hold(transaction, lease).await?;
    }
    match leases.first() {
        Some(lease) => remove(transaction, follower_of(&lease.name)).await,
        None => Ok(()),
    }
}

/// Cuts the work of a follower that nobody does into these shares, all at the beginning.
pub async fn cut(
    transaction: &impl GenericClient,
    follower: &str,
    shares: &[Share],
) -> Result<(), AdvanceError> {
    remove(transaction, follower).await?;
    let names: Vec<_> = shares.iter().map(|share| share.consumer(follower)).collect();
    let insert = "insert into consumers.checkpoints (name, fence)
         select name, 1 + (select coalesce(max(fence), 0) from consumers.checkpoints)
         from unnest($1::text[]) as name";
    transaction.execute(insert, &[&names]).await?;
    Ok(())
}

/// Nobody takes the lease until the transaction ends.
async fn must_hold(transaction: &impl GenericClient, lease: &Lease) -> Result<(), AdvanceError> {
    let hold = "select from consumers.checkpoints
         where name = $1 and fence = $2 and owner is not null for update";
    match transaction.query_opt(hold, &[&lease.name, &lease.fence]).await? {
        Some(_) => Ok(()),
        None => Err(AdvanceError::Fenced(lease.name.clone())),
    }
}

async fn remove(transaction: &impl GenericClient, follower: &str) -> Result<(), AdvanceError> {
    let parked = "delete from consumers.parked where split_part(consumer, '#', 1) = $1";
    transaction.execute(parked, &[&follower]).await?;
    let checkpoints = "delete from consumers.checkpoints where split_part(name, '#', 1) = $1";
    transaction.execute(checkpoints, &[&follower]).await?;
    Ok(())
}

/// Gives all of a follower to another, new one, of which nobody has a lease. The fences grow beyond
/// all others.
async fn rename(
    transaction: &impl GenericClient,
    from: &str,
    to: &str,
) -> Result<(), AdvanceError> {
    let insert = "insert into consumers.checkpoints
             (name, commit_position, prepare_position, fence, generation, progressed_at)
         select $2::text || substr(name, length($1::text) + 1), commit_position, prepare_position,
             1 + (select max(fence) from consumers.checkpoints),
             1 + (select max(generation) from consumers.checkpoints), now()
         from consumers.checkpoints where split_part(name, '#', 1) = $1";
    transaction.execute(insert, &[&from, &to]).await?;
    let parked =
        "update consumers.parked set consumer = $2::text || substr(consumer, length($1::text) + 1)
         where split_part(consumer, '#', 1) = $1";
    transaction.execute(parked, &[&from, &to]).await?;
    remove(transaction, from).await
}

/// Notes that what a consumer keeps is changed by something else than what follows its checkpoint.
pub async fn rewritten(transaction: &impl GenericClient, consumer: &str) -> Result<(), Error> {
    let note = "update consumers.checkpoints
         set generation = 1 + (select max(generation) from consumers.checkpoints) where name = $1";
    transaction.execute(note, &[&consumer]).await?;
    Ok(())
}

/// Stream and version.
fn event(row: &Row) -> (StreamName, u64) {
    (StreamName::stored(row.get::<_, String>(0)), row.get::<_, i64>(1) as u64)
}
