//! Rebuilding a view while it is read and kept up: a new table is folded from the beginning of the
//! log and then takes the place of the old one.
//!
//! The new table, `<table>__shadow`, has a consumer of its own with the same name: checkpoint, lease
//! and parked events. The change of places is one transaction, in which nobody writes to the view
//! and in which the new table is at least where the old one is. The old one stays as
//! `<table>__old` until the next rebuild. A rebuild that was killed begins anew.

mod bulk;
mod swap;

use crate::{
    Engine, Error,
    apply::Applier,
    read_model::{ReadModel, categories},
    table::Table,
};
use bulk::Bulk;
use eventlog::{
    Delivery, Position, Subscription,
    consumer::{Lease, handover},
};
use std::{sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Folds what the log held when the rebuild began.
    Folding,
    /// Folds what came since, and puts the new table in place.
    CatchingUp,
    Done,
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    pub stage: Stage,
    /// Folded so far.
    pub events: u64,
    pub position: Position,
    /// Where the log ended when the rebuild began.
    pub end: Position,
}

/// Told after every step.
pub type OnProgress<'a> = &'a mut (dyn FnMut(&Rebuilt) + Send);

/// Between two tries to take over.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a rebuild tries to take over from a view that is kept busy.
const PATIENCE: Duration = Duration::from_secs(60);
impl Engine {
    /// Folds the view `M` anew and puts the result in its place. Queries and the view's worker go on
    /// throughout. Fails when a rebuild of the view is running.
    pub async fn rebuild<M: ReadModel>(
        &self,
        on_progress: OnProgress<'_>,
    ) -> Result<Rebuilt, Error> {
        self.consumers.register(&[M::NAME]).await?;
        let lease = self.lease_shadow::<M>().await?;
        let mut shadow = Shadow::<M>::begin(self, lease, on_progress).await?;
        let rebuilt = shadow.fill_and_swap().await;
        if rebuilt.is_err() {
            // Best effort: without it, the next rebuild waits for the lease to run out.
            let released = self.consumers.release(&shadow.applier.lease).await;
            released.unwrap_or_else(
                |error| tracing::debug!(%error, "a rebuild's lease runs out by itself"),
            );
        }
        rebuilt
    }

    /// A rebuild that was killed may still hold the lease for a while.
    async fn lease_shadow<M: ReadModel>(&self) -> Result<Lease, Error> {
        let name = shadow_name::<M>();
        self.consumers.register(&[&name]).await?;
        let deadline = Instant::now() + self.options.lease + Duration::from_secs(1);
        // Rebuilds of one process exclude each other too, so each is an owner of its own.
        let number = self.rebuilds.fetch_add(1, Ordering::Relaxed);
        let owner = Uuid::new_v5(&self.owner, &number.to_be_bytes());
        while Instant::now() < deadline {
            if let Some(lease) = self.consumers.acquire(&name, owner, self.options.lease).await? {
                return Ok(lease);
            }
            sleep(PAUSE).await;
        }
        Err(Error::Rebuilding(M::NAME.to_owned()))
    }
}

fn shadow_name<M: ReadModel>() -> String {
    format!("{}__shadow", M::NAME)
}

/// A view that is being rebuilt.
struct Shadow<'a, M: ReadModel> {
    applier: Applier<M>,
    subscription: Subscription,
    /// The end of the log before the subscription began: once that has caught up, all up to here
    /// was delivered.
    end: Position,
    on_progress: OnProgress<'a>,
    progress: Rebuilt,
}

impl<'a, M: ReadModel> Shadow<'a, M> {
    /// An empty table at the beginning of the log.
    async fn begin(
        engine: &Engine,
        mut lease: Lease,
        on_progress: OnProgress<'a>,
    ) -> Result<Self, Error> {
        let name = shadow_name::<M>();
        let mut client = engine.pool.get().await?;
        let transaction = client.transaction().await?;
        let create = format!(
            "drop table if exists {name}; create table {name} (like {} including all)",
            M::NAME
        );
        transaction.batch_execute(&create).await?;
        handover::restart(&transaction, &mut lease).await?;
        transaction.commit().await?;
        let end = engine.log.end().await?;
        let progress = Rebuilt { stage: Stage::Folding, events: 0, position: Position::START, end };
        let applier = Applier::open(engine, Table::named(&name), lease).await?;
        let subscription = engine.log.subscribe(Position::START, categories::<M>());
        Ok(Self { applier, subscription, end, on_progress, progress })
    }

    async fn fill_and_swap(&mut self) -> Result<Rebuilt, Error> {
        match self.fill().await {
            Err(error) if error.is_about_the_rows() => {
                tracing::warn!(
                    view = M::NAME,
                    "the database does not take a row: going on in small steps to find it"
                );
                self.begin_small_steps().await?;
            }
            filled => filled?,
        }
        self.progress.stage = Stage::CatchingUp;
        self.tidy_up().await?;
        let deadline = Instant::now() + PATIENCE;
        while !self.swap().await? {
            if Instant::now() >= deadline {
                return Err(self.behind().await?);
            }
            sleep(PAUSE).await;
            self.catch_up_with_the_end().await?;
        }
        self.progress.stage = Stage::Done;
        self.tell();
        Ok(self.progress)
    }

    /// Forgets what is not written, and goes on from there.
    async fn begin_small_steps(&mut self) -> Result<(), Error> {
        let (engine, lease) = (self.applier.engine.clone(), self.applier.lease.clone());
        self.applier = Applier::open(&engine, Table::named(&shadow_name::<M>()), lease).await?;
        self.catch_up_with_the_end().await
    }

    /// Folds in memory until all that was in the log is folded.
    async fn fill(&mut self) -> Result<(), Error> {
        let mut bulk = Bulk::new(self.progress.position);
        let renew_every = self.applier.engine.options.lease / 3;
        let mut renewed = Instant::now();
        loop {
            match timeout(renew_every, self.subscription.next()).await {
                Ok(None) => return Err(Error::LogClosed),
                Ok(Some(Delivery::CaughtUp)) => break,
                Ok(Some(Delivery::Checkpoint(position))) => bulk.reached(position),
                Ok(Some(Delivery::Events(events))) => {
                    self.progress.events += events.len() as u64;
                    bulk.fold(&mut self.applier, &events).await?;
                    self.progress.position = bulk.position();
                    self.tell();
                }
                Err(_) => {}
            }
            if renewed.elapsed() >= renew_every {
                self.applier.renew().await?;
                renewed = Instant::now();
            }
        }
        bulk.reached(self.end);
        bulk.flush(&mut self.applier).await?;
        self.progress.position = self.applier.lease.position;
        Ok(())
    }

    /// Folds all that is in the log now, in small steps.
    async fn catch_up_with_the_end(&mut self) -> Result<(), Error> {
        let log = &self.applier.engine.log;
        self.end = log.end().await?;
        self.subscription = log.subscribe(self.applier.lease.position, categories::<M>());
        while self.applier.lease.position < self.end {
            self.step(self.applier.engine.options.lease / 3).await?;
        }
        Ok(())
    }

    /// Folds the next delivery, if it comes within `patience`.
    async fn step(&mut self, patience: Duration) -> Result<(), Error> {
        let from = self.applier.lease.position;
        let (events, to) = match timeout(patience, self.subscription.next()).await {
            Ok(None) => return Err(Error::LogClosed),
            Err(_) => return self.applier.renew().await,
            Ok(Some(Delivery::CaughtUp)) => (Vec::new(), from.max(self.end)),
            Ok(Some(Delivery::Checkpoint(position))) => (Vec::new(), from.max(position)),
            Ok(Some(Delivery::Events(mut events))) => {
                events.retain(|event| event.position > from);
                let to = events.last().map_or(from, |last| last.position);
                (events, to)
            }
        };
        self.progress.events += events.len() as u64;
        self.applier.apply(events, to).await?;
        self.progress.position = to;
        self.tell();
        Ok(())
    }

    fn tell(&mut self) {
        (self.on_progress)(&self.progress);
    }
}
