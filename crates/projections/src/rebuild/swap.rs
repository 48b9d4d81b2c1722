//! The change of places: the new table becomes the view's, in one short transaction.

use super::{build::OLD, shadow::Shadow};
use crate::{Error, apply::idle_limit, read_model::ReadModel};
use deadpool_postgres::Transaction;
use eventlog::consumer::handover;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;

/// How long the view's worker may have to wait for a comparison or the change of places.
pub(super) const HOLD: Duration = Duration::from_secs(1);
/// How long queries may have to wait for it.
const PAUSE_LIMIT: Duration = Duration::from_millis(40);

impl<M: ReadModel> Shadow<M> {
    /// Puts the table in place, and gives how long the view could not be read meanwhile, at most.
    /// `None` when it is too early, or somebody reads for too long.
    pub(super) async fn try_swap(&mut self) -> Result<Option<Duration>, Error> {
        let engine = self.applier.engine.clone();
        let mut client = engine.pool.get().await?;
        let transaction = client.transaction().await?;
        let Some(live) = stop_writers(&transaction, M::NAME).await? else {
            return Ok(None);
        };
        if !self.step_to(live, Some(Instant::now() + HOLD)).await? {
            return Ok(None);
        }
        let since = Instant::now();
        let limit = format!("set local lock_timeout = {}", PAUSE_LIMIT.as_millis());
        transaction.batch_execute(&limit).await?;
        if locked(transaction.batch_execute(&self.rename()).await)?.is_none() {
            return Ok(None);
        }
        let old = format!("{}{OLD}", M::NAME);
        handover::replace(&transaction, M::NAME, &self.applier.lease, &old).await?;
        transaction.commit().await?;
        Ok(Some(since.elapsed()))
    }

    /// The live table becomes the old one, even if it is the old one that becomes the live one.
    fn rename(&self) -> String {
        let (live, new) = (M::NAME, &self.name);
        let table = live.split_once('.').map_or(live, |(_, table)| table);
        format!(
            "alter table {live} rename to {table}__was;
             alter table {new} rename to {table};
             drop table if exists {live}{OLD};
             alter table {live}__was rename to {table}{OLD}"
        )
    }

    /// Why it never was where the view is.
    pub(super) async fn behind(&mut self) -> Result<Error, Error> {
        let client = self.applier.engine.pool.get().await?;
        let live = handover::checkpoint(&client, M::NAME).await?.unwrap_or_default();
        Ok(Error::Behind { view: M::NAME.to_owned(), live, shadow: self.applier.lease.position })
    }
}

/// Until the transaction ends, nobody writes to the view; where it is. `None` when that cannot be had
/// soon. Who writes holds the table and then the checkpoint, so that is the order here.
pub(super) async fn stop_writers(
    transaction: &Transaction<'_>,
    view: &str,
) -> Result<Option<eventlog::Position>, Error> {
    let lock = format!(
        "{}; set local lock_timeout = {}; lock table {view} in exclusive mode",
        idle_limit(HOLD * 2),
        HOLD.as_millis()
    );
    if locked(transaction.batch_execute(&lock).await)?.is_none() {
        return Ok(None);
    }
    let frozen = locked(handover::freeze(transaction, view).await)?;
    Ok(frozen.map(Option::unwrap_or_default))
}

/// What a statement gave, or `None` when it did not get its lock in time.
fn locked<T>(outcome: Result<T, tokio_postgres::Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED) => Ok(None),
            _ => Err(error.into()),
        },
    }
}
