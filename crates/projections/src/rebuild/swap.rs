//! The change of places: the new table becomes the view's, in one short transaction.

use super::{build::OLD, shadow::Shadow};
use crate::{Error, apply::idle_limit, pipelined::Pipelined, read_model::ReadModel};
use deadpool_postgres::GenericClient;
use eventlog::{
    Position,
    consumer::{Share, handover},
};
use std::time::Duration;
use tokio::time::Instant;

/// How long the view's worker may have to wait for a comparison or the change of places.
pub(super) const HOLD: Duration = Duration::from_secs(1);
/// How long queries may have to wait for it.
const PAUSE_LIMIT: Duration = Duration::from_millis(40);

impl<M: ReadModel> Shadow<M> {
    /// Puts the table in place, and gives how long the view could not be read meanwhile, at most.
    /// `None` when it is too early, or somebody reads for too long.
    pub(super) async fn try_swap(&mut self) -> Result<Option<Duration>, Error> {
        let engine = self.engine.clone();
        let transaction = Pipelined::on(&engine.pool).await?;
        let client = transaction.client()?;
        client.batch_execute("begin").await?;
        let Some(live) = stop_writers(client, M::NAME).await? else {
            return Ok(None);
        };
        let live = live.into_iter().map(|(_, position)| position).max().unwrap_or_default();
        if !self.step_to(live, Some(Instant::now() + HOLD)).await? {
            return Ok(None);
        }
        let old = format!("{}{OLD}", M::NAME);
        handover::replace(client, M::NAME, &self.leases(), &old).await?;
        // From here on queries wait, so it is one round trip.
        let since = Instant::now();
        if unless_locked(transaction.commit_with(&self.rename()).await)?.is_none() {
            return Ok(None);
        }
        let pause = since.elapsed();
        let drop = format!("drop table if exists {}__gone", M::NAME);
        engine.pool.get().await?.batch_execute(&drop).await?;
        Ok(Some(pause))
    }

    /// The live table becomes the old one, even if it is the old one that becomes the live one.
    fn rename(&self) -> String {
        let (live, new) = (M::NAME, &self.name);
        let table = live.split_once('.').map_or(live, |(_, table)| table);
        format!(
            "set local lock_timeout = {};
             alter table {live} rename to {table}__was;
             alter table {new} rename to {table};
             alter table if exists {live}{OLD} rename to {table}__gone;
             alter table {live}__was rename to {table}{OLD}",
            PAUSE_LIMIT.as_millis()
        )
    }

    /// Why it never was where the view is.
    pub(super) async fn behind(&mut self) -> Result<Error, Error> {
        let client = self.engine.pool.get().await?;
        let live = handover::checkpoints(&client, M::NAME).await?;
        let live = live.into_iter().map(|(_, position)| position).max().unwrap_or_default();
        Ok(Error::Behind { view: M::NAME.to_owned(), live, shadow: self.position() })
    }
}

/// Until the transaction ends, nobody writes to the view; where its shares are. `None` when that
/// cannot be had soon. Who writes holds the table and then the checkpoint, so that is the order here.
pub(super) async fn stop_writers(
    transaction: &impl GenericClient,
    view: &str,
) -> Result<Option<Vec<(Share, Position)>>, Error> {
    let lock = format!(
        "{}; set local lock_timeout = {}; lock table {view} in exclusive mode",
        idle_limit(HOLD * 2),
        HOLD.as_millis()
    );
    let stopped = transaction.batch_execute(&lock).await.map_err(Error::from);
    if unless_locked(stopped)?.is_none() {
        return Ok(None);
    }
    unless_locked(handover::freeze(transaction, view).await.map_err(Error::from))
}

/// What a statement gave, or `None` when it did not get its lock in time.
fn unless_locked<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_about_a_lock() => Ok(None),
        Err(error) => Err(error),
    }
}
