//! The change of places: the new table becomes the view's, in one short transaction.

use super::{PAUSE, Shadow, shadow_name};
use crate::{Error, apply::idle_limit, read_model::ReadModel};
use eventlog::{Position, consumer::handover};
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;

/// How long the view's worker may have to wait for the change of places.
const HOLD: Duration = Duration::from_secs(1);

impl<M: ReadModel> Shadow<'_, M> {
    /// What must not take time later, while others wait.
    pub(super) async fn tidy_up(&mut self) -> Result<(), Error> {
        let client = self.applier.engine.pool.get().await?;
        let statements =
            format!("analyze {}; drop table if exists {}__old", shadow_name::<M>(), M::NAME);
        Ok(client.batch_execute(&statements).await?)
    }

    /// Puts the new table in place. `false` when it is too early, or somebody reads for too long.
    pub(super) async fn swap(&mut self) -> Result<bool, Error> {
        let name = M::NAME;
        let mut client = self.applier.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        // Who writes holds the table and then the checkpoint, so that is the order here.
        let lock = format!(
            "{}; set local lock_timeout = {}; lock table {name} in exclusive mode",
            idle_limit(HOLD * 2),
            HOLD.as_millis()
        );
        if locked(transaction.batch_execute(&lock).await)?.is_none() {
            return Ok(false);
        }
        let Some(live) = locked(handover::freeze(&transaction, name).await)? else {
            return Ok(false);
        };
        if !self.reach(live.unwrap_or_default()).await? {
            return Ok(false);
        }
        let table = name.split_once('.').map_or(name, |(_, table)| table);
        let rename = format!(
            "alter table {name} rename to {table}__old; alter table {name}__shadow rename to {table}"
        );
        if locked(transaction.batch_execute(&rename).await)?.is_none() {
            return Ok(false);
        }
        handover::replace(&transaction, name, &self.applier.lease).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Folds up to where the view is, if that does not take too long.
    async fn reach(&mut self, live: Position) -> Result<bool, Error> {
        let deadline = Instant::now() + HOLD;
        while self.applier.lease.position < live && Instant::now() < deadline {
            self.step(PAUSE).await?;
        }
        Ok(self.applier.lease.position >= live)
    }

    pub(super) async fn behind(&mut self) -> Result<Error, Error> {
        let client = self.applier.engine.pool.get().await?;
        let live = handover::checkpoint(&client, M::NAME).await?.unwrap_or_default();
        Ok(Error::Behind { view: M::NAME.to_owned(), live, shadow: self.applier.lease.position })
    }
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
