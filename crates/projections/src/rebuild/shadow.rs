//! A table that is to take the place of a view's.

use super::{
    Compared, Rebuilt, Stage, Then,
    decode::Chunk,
    indexes::Indexes,
    leases::{self, Leases},
    part::Part,
};
use crate::{Engine, Error, read_model::ReadModel};
use async_trait::async_trait;
use eventlog::{
    Position,
    consumer::{Lease, Share, handover},
};
use futures::future::try_join_all;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};

/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
/// How long a rebuild tries to take over from a view that is kept busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What a table begins with.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Nothing, at the beginning of the log; at most so many rows are kept in memory. The work is
    /// cut into so many shares, or as that of the view is now.
    Anew { rows: usize, then: Then, shares: Option<Vec<Share>> },
    /// What was in place before the last rebuild.
    Old,
}

impl Origin {
    fn suffix(&self) -> &'static str {
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
    pub(super) engine: Engine,
    pub(super) name: String,
    /// One for each share, in their order.
    pub(super) parts: Vec<Part<M>>,
    indexes: Indexes,
    compares: bool,
    rows: u64,
    compared: Option<Compared>,
    swapped: bool,
    took: BTreeMap<&'static str, Duration>,
}

impl<M: ReadModel> Shadow<M> {
    pub(crate) async fn begin(engine: &Engine, origin: Origin) -> Result<Self, Error> {
        let name = format!("{}{}", M::NAME, origin.suffix());
        let live = engine.consumers.shares(M::NAME).await?;
        let (leases, indexes, rows, compares) = match origin {
            Origin::Anew { rows, then, shares } => {
                let shares = shares.unwrap_or(live);
                let mut leases = leases::take_cut::<M>(engine, &name, &shares).await?;
                let indexes = empty::<M>(engine, &name, &mut leases).await?;
                let each = (rows / leases.len()).max(1);
                (leases, indexes, Some(each), then != Then::Swap)
            }
            Origin::Old => {
                must_exist::<M>(engine, &name).await?;
                (leases::take::<M>(engine, &name).await?, Indexes::default(), None, false)
            }
        };
        Ok(Self {
            engine: engine.clone(),
            parts: parts(engine, &name, leases, rows).await?,
            name,
            indexes,
            compares,
            rows: 0,
            compared: None,
            swapped: false,
            took: BTreeMap::new(),
        })
    }

    /// Of all parts.
    pub(super) fn leases(&self) -> Vec<&Lease> {
        self.parts.iter().map(Part::lease).collect()
    }

    /// Everything up to here is in the table.
    pub(super) fn position(&self) -> Position {
        self.parts.iter().map(Part::position).min().unwrap_or_default()
    }

    /// Writes the rows in memory. When the database does not take one, it begins anew in small
    /// steps, which find the event that leads to it.
    async fn write(&mut self) -> Result<(), Error> {
        match try_join_all(self.parts.iter_mut().map(Part::write)).await {
            Ok(rows) => {
                self.rows = rows.iter().sum();
                Ok(())
            }
            Err(error) if error.is_about_the_rows() => {
                tracing::warn!(
                    view = M::NAME,
                    "the database does not take a row: going on in small steps to find it"
                );
                self.begin_small_steps().await
            }
            Err(error) => Err(error),
        }
    }

    async fn begin_small_steps(&mut self) -> Result<(), Error> {
        let engine = self.engine.clone();
        let mut leases: Leases = self.parts.iter().map(Part::held).collect();
        empty::<M>(&engine, &self.name, &mut leases).await?.make_all(&engine.pool).await?;
        self.indexes = Indexes::default();
        self.parts = parts(&engine, &self.name, leases, None).await?;
        let limit = self.limit().await?;
        let end = limit.unwrap_or(engine.log.end().await?);
        self.step_to(end, None).await.map(drop)
    }

    async fn index(&mut self) -> Result<(), Error> {
        let pool = &self.engine.pool;
        self.indexes.make_all(pool).await?;
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
        let stepping = self.parts.iter_mut().map(|part| part.step_to(end, by));
        Ok(try_join_all(stepping).await?.into_iter().all(|there| there))
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
        let mut client = self.engine.pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(&format!("drop table if exists {}", self.name)).await?;
        handover::forget(&transaction, &self.leases()).await?;
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
        let client = self.engine.pool.get().await?;
        let live = handover::checkpoints(&client, M::NAME).await?;
        Ok(live.into_iter().map(|(_, position)| position).min())
    }

    async fn fold(&mut self, chunk: &Chunk) -> Result<(), Error> {
        for part in &mut self.parts {
            part.fold(&mut self.indexes, chunk).await?;
        }
        Ok(())
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
        let end = self.engine.log.end().await?;
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
            position: self.position(),
            compared: self.compared.clone(),
            swapped: self.swapped,
            took: self.took.clone(),
        }
    }

    async fn give_up(&mut self) {
        if !self.swapped {
            leases::release(&self.engine, self.leases().into_iter()).await;
        }
    }
}

async fn parts<M: ReadModel>(
    engine: &Engine,
    name: &str,
    leases: Leases,
    rows: Option<usize>,
) -> Result<Vec<Part<M>>, Error> {
    try_join_all(leases.into_iter().map(|held| Part::open(engine, name, held, rows))).await
}

async fn must_exist<M: ReadModel>(engine: &Engine, name: &str) -> Result<(), Error> {
    let client = engine.pool.get().await?;
    let found = client.query_one("select to_regclass($1::text) is not null", &[&name]).await?;
    let known = handover::checkpoints(&client, name).await?;
    match found.get(0) && !known.is_empty() {
        true => Ok(()),
        false => Err(Error::NoOld(M::NAME.to_owned())),
    }
}

/// An empty table at the beginning of the log, without indexes.
async fn empty<M: ReadModel>(
    engine: &Engine,
    name: &str,
    leases: &mut Leases,
) -> Result<Indexes, Error> {
    let mut client = engine.pool.get().await?;
    let transaction = client.transaction().await?;
    let create = format!(
        "drop table if exists {name}, {live}__gone;
         create table {name} (like {live} including all)",
        live = M::NAME
    );
    transaction.batch_execute(&create).await?;
    let indexes = Indexes::take_off(&transaction, name).await?;
    for (_, lease) in leases {
        handover::restart(&transaction, lease).await?;
    }
    transaction.commit().await?;
    Ok(indexes)
}
