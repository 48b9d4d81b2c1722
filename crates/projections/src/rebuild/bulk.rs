//! The fast part of a rebuild: rows are kept in memory and written when there are many.

use crate::{
    Error,
    apply::Applier,
    fold::{Step, ToPark, fold},
    read_model::ReadModel,
    table::Rows,
};
use eventlog::{
    Position, RecordedEvent,
    consumer::{advance, park},
};
use std::{collections::HashSet, sync::Arc};

pub(super) struct Bulk<M: ReadModel> {
    rows: Rows<M::Row>,
    to_park: Vec<ToPark>,
    position: Position,
    /// Whether the table may hold rows that are not in memory.
    written: bool,
}

impl<M: ReadModel> Bulk<M> {
    pub(super) fn new(position: Position) -> Self {
        Self { rows: Rows::new(), to_park: Vec::new(), position, written: false }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Nothing to fold up to here.
    pub(super) fn reached(&mut self, position: Position) {
        self.position = self.position.max(position);
    }

    pub(super) async fn fold(
        &mut self,
        applier: &mut Applier<M>,
        events: &[Arc<RecordedEvent>],
    ) -> Result<(), Error> {
        let steps = applier.steps(events);
        if self.written {
            self.load(applier, &steps).await?;
        }
        self.to_park.extend(fold::<M>(&mut self.rows, steps, &mut applier.parked));
        if let Some(last) = events.last() {
            self.reached(last.position);
        }
        if self.rows.len() >= applier.engine.options.rebuild_rows {
            self.flush(applier).await?;
        }
        Ok(())
    }

    async fn load(&mut self, applier: &Applier<M>, steps: &[Step]) -> Result<(), Error> {
        let touched = steps.iter().flat_map(Step::keys).map(String::as_str);
        let missing: HashSet<&str> = touched.filter(|key| !self.rows.contains_key(*key)).collect();
        let client = applier.engine.pool.get().await?;
        let loaded = applier.table.load(&client, missing.into_iter().collect()).await?;
        self.rows.extend(loaded);
        Ok(())
    }

    /// Writes what is in memory, and moves the checkpoint.
    pub(super) async fn flush(&mut self, applier: &mut Applier<M>) -> Result<(), Error> {
        let mut client = applier.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        if self.written {
            applier.table.write(&transaction, &self.rows).await?;
        } else {
            applier.table.fill(&transaction, &self.rows).await?;
        }
        for (event, hold) in &self.to_park {
            park(&transaction, &applier.lease.name, event, hold).await?;
        }
        let mut lease = applier.lease.clone();
        advance(&transaction, &mut lease, self.position, applier.engine.options.lease).await?;
        transaction.commit().await?;
        applier.lease = lease;
        self.rows.clear();
        self.to_park.clear();
        self.written = true;
        Ok(())
    }
}
