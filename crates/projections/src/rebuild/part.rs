//! A share of the keys of a table that is being rebuilt: folded in bulk, and then in small steps.

use super::{bulk::Bulk, decode::Chunk, indexes::Indexes, renewal::Renewal, shadow::PAUSE};
use crate::{
    Engine, Error,
    apply::Applier,
    read_model::{ReadModel, categories},
    table::Table,
};
use eventlog::{
    Delivery, Position, Subscription,
    consumer::{Lease, Share},
};
use tokio::time::{Instant, timeout};

pub(super) struct Part<M: ReadModel> {
    pub(super) applier: Applier<M>,
    /// Until it is written.
    bulk: Option<Bulk<M>>,
    /// Why the database did not take a row when it was moved out of memory.
    refused: Option<Error>,
    _renewal: Renewal,
}

impl<M: ReadModel> Part<M> {
    /// Of the table `name`; at most so many rows are kept in memory, `None` if it is not folded in
    /// bulk.
    pub(super) async fn open(
        engine: &Engine,
        name: &str,
        (share, lease): (Share, Lease),
        rows: Option<usize>,
    ) -> Result<Self, Error> {
        Ok(Self {
            _renewal: Renewal::of(engine, &lease),
            applier: Applier::open(engine, Table::named(name), share, lease).await?,
            bulk: rows.map(Bulk::new),
            refused: None,
        })
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.applier.lease
    }

    pub(super) fn held(&self) -> (Share, Lease) {
        (self.applier.share, self.applier.lease.clone())
    }

    pub(super) fn position(&self) -> Position {
        self.applier.lease.position
    }

    /// Folds the events that follow what is folded. After a row was refused it folds none:
    /// [`Part::write`] then fails.
    pub(super) async fn fold(&mut self, indexes: &mut Indexes, chunk: &Chunk) -> Result<(), Error> {
        let Some(bulk) = &mut self.bulk else {
            return Ok(());
        };
        match bulk.fold(&mut self.applier, indexes, chunk).await {
            Err(error) if error.is_about_the_rows() => {
                (self.bulk, self.refused) = (None, Some(error));
                Ok(())
            }
            folded => folded,
        }
    }

    /// Writes the rows in memory, and gives how many there are with those in the table.
    pub(super) async fn write(&mut self) -> Result<u64, Error> {
        if let Some(refused) = self.refused.take() {
            return Err(refused);
        }
        let Some(bulk) = self.bulk.take() else {
            return Ok(0);
        };
        let rows = bulk.count();
        bulk.finish(&mut self.applier).await?;
        Ok(rows)
    }

    /// Folds all events up to `end`, and none behind it. `false` when that is not done by then.
    pub(super) async fn step_to(
        &mut self,
        end: Position,
        by: Option<Instant>,
    ) -> Result<bool, Error> {
        if self.position() >= end {
            return Ok(true);
        }
        let mut subscription =
            self.applier.engine.log.subscribe(self.position(), categories::<M>());
        while self.position() < end {
            if by.is_some_and(|by| Instant::now() >= by) {
                return Ok(false);
            }
            self.step(&mut subscription, end).await?;
        }
        Ok(true)
    }

    /// Folds up to where the same share of the view is. `false` when that is not done by then, or
    /// cannot be done.
    pub(super) async fn meet(
        &mut self,
        (share, live): (Share, Position),
        by: Instant,
    ) -> Result<bool, Error> {
        Ok(share == self.applier.share
            && self.step_to(live, Some(by)).await?
            && self.position() == live)
    }

    /// Folds the next delivery, as far as it does not go beyond `end`.
    async fn step(&mut self, subscription: &mut Subscription, end: Position) -> Result<(), Error> {
        let from = self.position();
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
