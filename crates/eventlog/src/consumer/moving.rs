//! Followers of a log that was moved: their places in the log that holds the same events now.

use super::lease::{halves, position};
use crate::Position;
use deadpool_postgres::GenericClient;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Why the followers stay where they are. Nothing was changed: roll back.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("{0} is being worked on")]
    Working(String),
    #[error("{0} has done other events than it had when the archive was made")]
    Elsewhere(String),
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
}

/// Where a follower was in the old log, and where that is in the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub old: Position,
    pub new: Position,
}

/// Puts the followers where they are in the new log, within a transaction, once for each archive; the
/// names of those that it was done for.
///
/// One that has not done anything yet here is put there only if `carried` says so: what it keeps
/// came along. Nobody may work meanwhile.
pub async fn follow(
    transaction: &impl GenericClient,
    archive: Uuid,
    places: &BTreeMap<String, Place>,
    carried: impl Fn(&str) -> bool,
) -> Result<BTreeSet<String>, MoveError> {
    let once = "insert into consumers.moves (archive) values ($1) on conflict do nothing";
    if transaction.execute(once, &[&archive]).await? == 0 {
        return Ok(BTreeSet::new());
    }
    // What a view was before its last rebuild follows nothing, and goes with the next.
    let here = transaction
        .query(
            "select name, commit_position, prepare_position,
                    coalesce(owner is not null and expires_at >= now(), false) as working
             from consumers.checkpoints
             where split_part(name, '#', 1) not like '%\\_\\_old' for update",
            &[],
        )
        .await?;
    let mut unbegun: BTreeSet<&String> = places.keys().collect();
    let mut moved = BTreeSet::new();
    for row in &here {
        let (name, at): (String, _) = (row.get("name"), position(row));
        if row.get("working") {
            return Err(MoveError::Working(name));
        }
        match places.get(&name) {
            _ if at == Position::START => continue,
            Some(place) if place.old == at => {}
            Some(_) | None => return Err(MoveError::Elsewhere(name)),
        }
        unbegun.remove(&name);
        moved.insert(name);
    }
    moved.extend(unbegun.into_iter().filter(|name| carried(name)).cloned());
    for (name, place) in places.iter().filter(|(name, _)| moved.contains(*name)) {
        put(transaction, name, place.new).await?;
    }
    Ok(moved)
}

async fn put(
    transaction: &impl GenericClient,
    name: &str,
    position: Position,
) -> Result<(), tokio_postgres::Error> {
    let put = "insert into consumers.checkpoints (name, commit_position, prepare_position)
         values ($1, $2, $3)
         on conflict (name) do update
         set commit_position = $2, prepare_position = $3, owner = null, expires_at = null,
             fence = checkpoints.fence + 1, generation = checkpoints.generation + 1";
    let (commit, prepare) = halves(position);
    transaction.execute(put, &[&name, &commit, &prepare]).await?;
    Ok(())
}
