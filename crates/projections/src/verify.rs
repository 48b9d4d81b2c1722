//! Is a view what the log says? Row for row, at one position.

use crate::{
    Engine, Error,
    fold::{ParkedStreams, Step, fold},
    read_model::{ReadModel, categories},
    table::{Rows, Table},
};
use eventlog::{Delivery, Position, RecordedEvent, StreamName, consumer::handover};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};
use tokio_postgres::IsolationLevel;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Where both were.
    pub position: Position,
    /// The view's.
    pub rows: usize,
    /// The keys of rows that differ, or that only one of the two has.
    pub differing: Vec<String>,
}

/// The table of a view at its checkpoint, and what is left out of it.
struct Snapshot<R> {
    position: Position,
    rows: Rows<R>,
    parked_from: HashMap<StreamName, u64>,
    skipped: HashSet<(StreamName, u64)>,
}

impl<R> Snapshot<R> {
    fn holds(&self, event: &RecordedEvent) -> bool {
        let parked =
            self.parked_from.get(&event.stream).is_some_and(|first| event.version >= *first);
        let skipped = !self.skipped.is_empty()
            && self.skipped.contains(&(event.stream.clone(), event.version));
        event.position <= self.position && !parked && !skipped
    }
}

impl Engine {
    /// Folds the log up to where the view `M` is, and compares. Parked and skipped events are left
    /// out on both sides. Both tables are held in memory.
    pub async fn verify<M: ReadModel>(&self) -> Result<Verified, Error> {
        let snapshot = self.snapshot::<M>().await?;
        let folded = self.folded(&snapshot, categories::<M>(), |rows, events| {
            let steps = events.into_iter().map(Step::of::<M>).collect();
            // What cannot be folded now, though the view has it, shows as a difference.
            fold::<M>(rows, steps, &mut ParkedStreams::new());
        });
        let folded = folded.await?;
        let keys: BTreeSet<&String> = snapshot.rows.keys().chain(folded.keys()).collect();
        let row = |rows: &Rows<M::Row>, key: &String| rows.get(key).cloned().flatten();
        let differs = |key: &&String| row(&snapshot.rows, key) != row(&folded, key);
        Ok(Verified {
            position: snapshot.position,
            rows: snapshot.rows.len(),
            differing: keys.into_iter().filter(differs).cloned().collect(),
        })
    }

    async fn snapshot<M: ReadModel>(&self) -> Result<Snapshot<M::Row>, Error> {
        let mut client = self.pool.get().await?;
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true);
        let transaction = transaction.start().await?;
        Ok(Snapshot {
            position: handover::checkpoint(&transaction, M::NAME).await?.unwrap_or_default(),
            rows: Table::named(M::NAME).all(&transaction).await?,
            parked_from: handover::parked_from(&transaction, M::NAME).await?,
            skipped: handover::skipped(&transaction, M::NAME).await?,
        })
    }

    async fn folded<R>(
        &self,
        snapshot: &Snapshot<R>,
        categories: Vec<String>,
        fold: impl Fn(&mut Rows<R>, Vec<Arc<RecordedEvent>>),
    ) -> Result<Rows<R>, Error> {
        let mut rows = Rows::new();
        let mut subscription = self.log.subscribe(Position::START, categories);
        let mut at = Position::START;
        while at < snapshot.position {
            match subscription.next().await.ok_or(Error::LogClosed)? {
                Delivery::CaughtUp => break,
                Delivery::Checkpoint(position) => at = at.max(position),
                Delivery::Events(mut events) => {
                    at = events.last().map_or(at, |last| last.position);
                    events.retain(|event| snapshot.holds(event));
                    fold(&mut rows, events);
                }
            }
        }
        Ok(rows)
    }
}
