//! A table that is to take the place of a view's.

mod begin;
mod small_steps;

use super::{
    Build, Compared, Rebuilt, Stage, Then, decode::Chunk, indexes::Indexes, leases, part::Part,
};
use crate::{Engine, Error, read_model::ReadModel};
use async_trait::async_trait;
use eventlog::{
    Position,
    consumer::{Lease, handover},
};
use futures::future::try_join_all;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};

/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
/// How long a rebuild tries to take over from a view that is kept busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Shadow<M: ReadModel> {
    pub(super) engine: Engine,
    pub(super) name: String,
    /// One for each share, in their order.
    pub(super) parts: Vec<Part<M>>,
    /// Those that are still to be made.
    indexes: Indexes,
    /// Whether it is compared with the view, and so must not pass it before.
    compares: bool,
    rows: u64,
    compared: Option<Compared>,
    swapped: bool,
    took: BTreeMap<&'static str, Duration>,
}

impl<M: ReadModel> Shadow<M> {
    /// Of all parts.
    pub(super) fn leases(&self) -> Vec<&Lease> {
        self.parts.iter().map(Part::lease).collect()
    }

    /// Everything up to here is in the table.
    pub(super) fn position(&self) -> Position {
        self.parts.iter().map(Part::position).min().unwrap_or_default()
    }

    /// Writes the rows in memory. When the database does not take one, or did not when it was moved
    /// out of memory, it begins anew in small steps, which find the event that leads to it.
    async fn write(&mut self) -> Result<(), Error> {
        match try_join_all(self.parts.iter_mut().map(Part::write)).await {
            Ok(rows) => {
                self.rows = rows.iter().sum();
                return Ok(());
            }
            Err(error) if error.is_about_the_rows() => tracing::warn!(
                view = M::NAME,
                "the database does not take a row: beginning anew in small steps to find it"
            ),
            Err(error) => return Err(error),
        }
        self.begin_small_steps().await?;
        self.count().await
    }

    async fn index(&mut self) -> Result<(), Error> {
        let pool = &self.engine.pool;
        self.indexes.make_all(pool).await?;
        // What must not take time later, while others wait.
        let analyze = format!("analyze {}", self.name);
        Ok(pool.get().await?.batch_execute(&analyze).await?)
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

    async fn count(&mut self) -> Result<(), Error> {
        let client = self.engine.pool.get().await?;
        let count = format!("select count(*) from {}", self.name);
        let rows: i64 = client.query_one(&count, &[]).await?.get(0);
        self.rows = rows as u64;
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
