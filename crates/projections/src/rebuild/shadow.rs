//! A table that is to take the place of a view's.

use super::{
    Compared, Rebuilt, Stage, Then, bulk::Bulk, decode::Chunk, indexes::Indexes, renewal::Renewal,
};
use crate::{
    Engine, Error,
    apply::Applier,
    read_model::{ReadModel, categories},
    table::Table,
};
use async_trait::async_trait;
use eventlog::{
    Delivery, Position, Subscription,
    consumer::{Lease, handover},
};
use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
/// How long a rebuild tries to take over from a view that is kept busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What a table begins with.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// Nothing, at the beginning of the log; at most so many rows are kept in memory.
    Anew { rows: usize, then: Then },
    /// What was in place before the last rebuild.
    Old,
}

impl Origin {
    fn suffix(self) -> &'static str {
        match self {
            Self::Anew { .. } => "__shadow",
            Self::Old => "__old",
        }
    }
}

/// A [`Shadow`] whose row type does not matter.
#[async_trait]
pub trait Build: Send {
    fn view(&self) -> &'static str;
    fn categories(&self) -> &'static [&'static str];
    /// How far it may be folded in bulk, if not to the end of the log.
    async fn limit(&mut self) -> Result<Option<Position>, Error>;
    /// Folds the events that follow what is folded.
    async fn fold(&mut self, chunk: &Chunk) -> Result<(), Error>;
    /// Writes what is in memory, and does with the table what is to be done.
    async fn finish(
        &mut self,
        then: Then,
        tell: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<(), Error>;
    /// Folds what is in the log now, in small steps.
    async fn catch_up(&mut self) -> Result<(), Error>;
    /// Puts the table in place.
    async fn swap(&mut self) -> Result<(), Error>;
    /// What it came to; `events` were read for it.
    fn rebuilt(&self, events: u64) -> Rebuilt;
    /// Gives the lease back. Best effort: without it, the next rebuild waits until it runs out.
    async fn give_up(&mut self);
}

pub(crate) struct Shadow<M: ReadModel> {
    pub(super) applier: Applier<M>,
    pub(super) name: String,
    /// Until it is written.
    bulk: Option<Bulk<M>>,
    indexes: Indexes,
    compares: bool,
    rows: u64,
    compared: Option<Compared>,
    swapped: bool,
    took: BTreeMap<&'static str, Duration>,
    _renewal: Renewal,
}

impl<M: ReadModel> Shadow<M> {
    pub(crate) async fn begin(engine: &Engine, origin: Origin) -> Result<Self, Error> {
        let name = format!("{}{}", M::NAME, origin.suffix());
        engine.consumers.register(&[M::NAME]).await?;
        if matches!(origin, Origin::Old) {
            must_exist::<M>(engine, &name).await?;
        }
        let mut lease = lease::<M>(engine, &name).await?;
        let renewal = Renewal::of(engine, &lease);
        let (bulk, indexes, compares) = match origin {
            Origin::Anew { rows, then } => {
                let indexes = empty::<M>(engine, &name, &mut lease).await?;
                (Some(Bulk::new(rows)), indexes, then != Then::Swap)
            }
            Origin::Old => (None, Indexes::default(), false),
        };
        Ok(Self {
            applier: Applier::open(engine, Table::named(&name), lease).await?,
            name,
            bulk,
            indexes,
            compares,
            rows: 0,
            compared: None,
            swapped: false,
            took: BTreeMap::new(),
            _renewal: renewal,
        })
    }

    /// Writes the rows in memory. When the database does not take one, it begins anew in small
    /// steps, which find the event that leads to it.
    async fn write(&mut self) -> Result<(), Error> {
        let Some(bulk) = self.bulk.take() else {
            return Ok(());
        };
        self.rows = bulk.count();
        match bulk.finish(&mut self.applier).await {
            Err(error) if error.is_about_the_rows() => {
                tracing::warn!(
                    view = M::NAME,
                    "the database does not take a row: going on in small steps to find it"
                );
                self.begin_small_steps().await
            }
            written => written,
        }
    }

    async fn begin_small_steps(&mut self) -> Result<(), Error> {
        let engine = self.applier.engine.clone();
        let mut lease = self.applier.lease.clone();
        empty::<M>(&engine, &self.name, &mut lease).await?.make_all(&engine.pool).await?;
        self.indexes = Indexes::default();
        self.applier = Applier::open(&engine, Table::named(&self.name), lease).await?;
        let limit = self.limit().await?;
        let end = limit.unwrap_or(engine.log.end().await?);
        self.step_to(end, None).await.map(drop)
    }

    async fn index(&mut self) -> Result<(), Error> {
        let pool = self.applier.engine.pool.clone();
        self.indexes.make_all(&pool).await?;
        // What must not take time later, while others wait.
        let analyze = format!("analyze {}", self.name);
        Ok(pool.get().await?.batch_execute(&analyze).await?)
    }

    /// Folds all events up to `end`, and none behind it. `false` when that is not done by then.
    pub(super) async fn step_to(
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

    /// Notes how long a stage took.
    fn took(&mut self, what: &'static str, since: Instant) {
        *self.took.entry(what).or_default() += since.elapsed();
    }

    /// `false` when the tables differ and that is a reason to leave the view as it is.
    async fn may_swap(
        &mut self,
        then: Then,
        tell: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<bool, Error> {
        if then == Then::Swap {
            return Ok(true);
        }
        tell(Stage::Comparing);
        let since = Instant::now();
        let compared = self.compare().await?;
        let equal = compared.is_equal();
        self.compared = Some(compared);
        self.took("compare", since);
        Ok(equal && then == Then::SwapIfEqual)
    }

    async fn put_to_use(
        &mut self,
        then: Then,
        tell: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<(), Error> {
        tell(Stage::Writing);
        let since = Instant::now();
        self.write().await?;
        self.took("write", since);
        tell(Stage::Indexing);
        let since = Instant::now();
        self.index().await?;
        self.took("index", since);
        if !self.may_swap(then, tell).await? {
            return self.discard().await;
        }
        tell(Stage::CatchingUp);
        self.catch_up().await?;
        tell(Stage::Swapping);
        self.swap().await
    }

    async fn discard(&mut self) -> Result<(), Error> {
        let mut client = self.applier.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(&format!("drop table if exists {}", self.name)).await?;
        handover::forget(&transaction, &self.applier.lease).await?;
        Ok(transaction.commit().await?)
    }
}

#[async_trait]
impl<M: ReadModel> Build for Shadow<M> {
    fn view(&self) -> &'static str {
        M::NAME
    }

    fn categories(&self) -> &'static [&'static str] {
        M::CATEGORIES
    }

    async fn limit(&mut self) -> Result<Option<Position>, Error> {
        if !self.compares {
            return Ok(None);
        }
        let client = self.applier.engine.pool.get().await?;
        Ok(handover::checkpoint(&client, M::NAME).await?)
    }

    async fn fold(&mut self, chunk: &Chunk) -> Result<(), Error> {
        match &mut self.bulk {
            Some(bulk) => bulk.fold(&mut self.applier, &mut self.indexes, chunk).await,
            None => Ok(()),
        }
    }

    async fn finish(
        &mut self,
        then: Then,
        tell: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<(), Error> {
        match self.put_to_use(then, tell).await {
            // The next rebuild, which has the lease now, drops and makes it anew.
            Err(error) if error.is_about_a_missing_table() => Err(Error::Fenced(self.name.clone())),
            finished => finished,
        }
    }

    async fn catch_up(&mut self) -> Result<(), Error> {
        let since = Instant::now();
        let end = self.applier.engine.log.end().await?;
        self.step_to(end, None).await?;
        self.took("catchUp", since);
        Ok(())
    }

    async fn swap(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(pause) = self.try_swap().await? {
                self.swapped = true;
                self.took.insert("swap", pause);
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(self.behind().await?);
            }
            sleep(PAUSE).await;
            self.catch_up().await?;
        }
    }

    fn rebuilt(&self, events: u64) -> Rebuilt {
        Rebuilt {
            view: M::NAME,
            events,
            rows: self.rows,
            position: self.applier.lease.position,
            compared: self.compared.clone(),
            swapped: self.swapped,
            took: self.took.clone(),
        }
    }

    async fn give_up(&mut self) {
        if !self.swapped {
            let released = self.applier.engine.consumers.release(&self.applier.lease).await;
            released.unwrap_or_else(
                |error| tracing::debug!(%error, "a rebuild's lease runs out by itself"),
            );
        }
    }
}

async fn must_exist<M: ReadModel>(engine: &Engine, name: &str) -> Result<(), Error> {
    let client = engine.pool.get().await?;
    let found = client.query_one("select to_regclass($1::text) is not null", &[&name]).await?;
    let known = handover::checkpoint(&client, name).await?;
    match found.get(0) && known.is_some() {
        true => Ok(()),
        false => Err(Error::NoOld(M::NAME.to_owned())),
    }
}

/// A rebuild that was killed may still hold the lease for a while.
async fn lease<M: ReadModel>(engine: &Engine, name: &str) -> Result<Lease, Error> {
    engine.consumers.register(&[name]).await?;
    let deadline = Instant::now() + engine.options.lease + Duration::from_secs(1);
    // Rebuilds of one process exclude each other too, so each is an owner of its own.
    let number = engine.rebuilds.fetch_add(1, Ordering::Relaxed);
    let owner = Uuid::new_v5(&engine.owner, &number.to_be_bytes());
    while Instant::now() < deadline {
        if let Some(lease) = engine.consumers.acquire(name, owner, engine.options.lease).await? {
            return Ok(lease);
        }
        sleep(PAUSE).await;
    }
    Err(Error::Rebuilding(M::NAME.to_owned()))
}

/// An empty table at the beginning of the log, without indexes.
async fn empty<M: ReadModel>(
    engine: &Engine,
    name: &str,
    lease: &mut Lease,
) -> Result<Indexes, Error> {
    let mut client = engine.pool.get().await?;
    let transaction = client.transaction().await?;
    let create = format!(
        "drop table if exists {name}; create table {name} (like {} including all)",
        M::NAME
    );
    transaction.batch_execute(&create).await?;
    let indexes = Indexes::take_off(&transaction, name).await?;
    handover::restart(&transaction, lease).await?;
    transaction.commit().await?;
    Ok(indexes)
}
