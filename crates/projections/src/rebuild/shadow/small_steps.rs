//! Folding as the view's workers do: from the checkpoints, a batch and a transaction at a time.

use super::{
    Shadow,
    begin::{empty, parts},
};
use crate::{
    Error,
    read_model::ReadModel,
    rebuild::{Build, indexes::Indexes, leases::Leases, part::Part},
};
use eventlog::Position;
use futures::future::try_join_all;
use tokio::time::Instant;

impl<M: ReadModel> Shadow<M> {
    /// Begins anew, with an empty table that has its indexes, and folds to the end.
    pub(super) async fn begin_small_steps(&mut self) -> Result<(), Error> {
        let engine = self.engine.clone();
        let mut leases: Leases = self.parts.iter().map(Part::held).collect();
        empty::<M>(&engine, &self.name, &mut leases).await?.make_all(&engine.pool).await?;
        self.indexes = Indexes::default();
        self.parts = parts(&engine, &self.name, leases, None).await?;
        let limit = self.limit().await?;
        let end = limit.unwrap_or(engine.log.end().await?);
        self.step_to(end, None).await.map(drop)
    }

    /// Folds all events up to `end`, and none behind it. `false` when that is not done by then.
    pub(in crate::rebuild) async fn step_to(
        &mut self,
        end: Position,
        by: Option<Instant>,
    ) -> Result<bool, Error> {
        let stepping = self.parts.iter_mut().map(|part| part.step_to(end, by));
        Ok(try_join_all(stepping).await?.into_iter().all(|there| there))
    }
}
