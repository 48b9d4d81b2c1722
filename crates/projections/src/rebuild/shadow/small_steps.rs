//! Folding as the view's worker does: from the checkpoint, a batch and a transaction at a time.

use super::{PAUSE, Shadow, begin::empty};
use crate::{
    Error,
    apply::Applier,
    read_model::{ReadModel, categories},
    rebuild::{Build, indexes::Indexes},
    table::Table,
};
use eventlog::{Delivery, Position, Subscription};
use tokio::time::{Instant, timeout};

impl<M: ReadModel> Shadow<M> {
    /// Begins anew, with an empty table that has its indexes, and folds to the end.
    pub(super) async fn begin_small_steps(&mut self) -> Result<(), Error> {
        let engine = self.applier.engine.clone();
        let mut lease = self.applier.lease.clone();
        empty::<M>(&engine, &self.name, &mut lease).await?.make_all(&engine.pool).await?;
        self.indexes = Indexes::default();
        self.applier = Applier::open(&engine, Table::named(&self.name), lease).await?;
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
        if self.applier.lease.position >= end {
            return Ok(true);
        }
        let log = &self.applier.engine.log;
        let mut subscription = log.subscribe(self.applier.lease.position, categories::<M>());
        while self.applier.lease.position < end {
            if by.is_some_and(|by| Instant::now() >= by) {
                return Ok(false);
            }
            self.step(&mut subscription, end).await?;
        }
        Ok(true)
    }

    /// Folds the next delivery, as far as it does not go beyond `end`.
    async fn step(&mut self, subscription: &mut Subscription, end: Position) -> Result<(), Error> {
        let from = self.applier.lease.position;
        let (events, to) = match timeout(PAUSE, subscription.next()).await {
            Err(_) => return Ok(()),
            Ok(None) => return Err(Error::LogClosed),
            Ok(Some(Delivery::CaughtUp)) => (Vec::new(), end),
            Ok(Some(Delivery::Checkpoint(position))) => (Vec::new(), position),
            Ok(Some(Delivery::Events(mut events))) => {
                let last = events.last().map_or(from, |last| last.position);
                events.retain(|event| event.position > from && event.position <= end);
                (events, last)
            }
        };
        self.applier.apply(events, to.clamp(from, end.max(from))).await
    }
}
