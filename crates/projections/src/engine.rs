//! What the views run on, and the handle by which the rest of the program uses them.

use crate::progress::Progress;
use deadpool_postgres::Pool;
use eventlog::{
    EventLog,
    consumer::{Consumers, ParkedEvents, Roster},
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use uuid::Uuid;

/// How the workers work. The defaults are for production.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a worker that is not heard of keeps its view.
    pub lease: Duration,
    /// How many events are folded in one transaction, about.
    pub batch: usize,
    /// How often the checkpoint moves at most when nothing but other categories goes on.
    pub idle_checkpoint: Duration,
    /// How many rows a rebuild keeps in memory.
    pub rebuild_rows: usize,
    /// How long one step on the database may take.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(5),
            batch: 1000,
            idle_checkpoint: Duration::from_millis(250),
            rebuild_rows: 250_000,
            patience: Duration::from_secs(30),
        }
    }
}

/// The log, the database, and who we are: everything a view's worker needs.
#[derive(Clone)]
pub struct Engine {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) pool: Pool,
    pub(crate) consumers: Consumers,
    pub(crate) parked: ParkedEvents,
    pub(crate) owner: Uuid,
    pub(crate) roster: Roster,
    pub(crate) options: Options,
    pub(crate) progress: Arc<Progress>,
    /// Counts the rebuilds of this process.
    pub(crate) rebuilds: Arc<AtomicU64>,
}

impl Engine {
    /// `owner` names this process in the leases; `pool` is the database of the views, where
    /// [`migrate`](crate::migrate) and the consumers' own migration have run.
    pub fn new(log: Arc<dyn EventLog>, pool: Pool, owner: Uuid, options: Options) -> Self {
        Self {
            log,
            consumers: Consumers::new(pool.clone()),
            parked: ParkedEvents::new(pool.clone()),
            roster: Roster::new(pool.clone(), owner),
            pool,
            owner,
            options,
            progress: Arc::default(),
            rebuilds: Arc::default(),
        }
    }

    /// Which followers this process would be: the reactors of the same process belong to it, too.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }
}
