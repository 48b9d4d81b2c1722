//! Views that are listened to: who asks is told what there is, and then what changes, as server-sent
//! events (`docs/live.md`).
//!
//! Nothing is asked of those who keep the views. A [feed](feed) for each view that somebody listens
//! to follows the log itself: the events say which rows they touch. When the view has come to an
//! event, wherever its worker is, these rows are read once, written as text once, and given to the
//! listeners whom they concern. So whatever a process tells has log positions, and what was changed
//! since one of them is known by the keys of the events behind it.
//!
//! What changes rows otherwise, a rebuild or a parked event that is tried again, counts up the
//! view's generation, and everybody reads anew. So does what changes how they are shown: that somebody
//! is forgotten.

mod board;
mod change;
mod feed;
mod follower;
mod listener;
mod look;
mod mark;
mod opening;
mod past;
mod pending;
mod text;
mod wanted;

pub use listener::Listener;
pub use mark::{InvalidMark, Mark};
pub use wanted::{Owner, Sees, Wanted, What};

use crate::{Engine, Error, Lookups, read_model::ReadModel, registry::VIEWS, row::Opener};
use deadpool_postgres::Pool;
use eventlog::{Position, consumer::handover};
use feed::Feed;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wanted::Scope;

/// How many lists are read anew at once when all have to be.
const READ_ANEW: usize = 4;

/// The views of this process that are, or could be, listened to.
pub struct Live {
    common: Arc<Common>,
    feeds: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// What all feeds use.
pub(crate) struct Common {
    engine: Engine,
    pool: Pool,
    lookups: Lookups,
    opener: Arc<dyn Opener>,
    read_anew: Semaphore,
    stopping: CancellationToken,
}

impl Live {
    /// `pool` is for queries, and `opener` opens what is personal of the rows that are told. All
    /// streams end when `stopping` is cancelled.
    pub fn new(
        engine: Engine,
        pool: Pool,
        opener: Arc<dyn Opener>,
        stopping: CancellationToken,
    ) -> Self {
        let lookups = Lookups::new(pool.clone());
        let read_anew = Semaphore::new(READ_ANEW);
        let common = Arc::new(Common { engine, pool, lookups, opener, read_anew, stopping });
        Self { common, feeds: Mutex::default() }
    }

    /// Begins to listen: to what changed after `since`, where that is known, and otherwise to
    /// everything that is there now. The view is known to show what is at `least`. `None` when a row
    /// is asked for that is not there, or not for this caller.
    pub async fn listen<M: ReadModel>(
        &self,
        wanted: Wanted<M::Row>,
        since: Option<Mark>,
        least: Option<Position>,
    ) -> Result<Option<Listener<M>>, Error> {
        let scope = Scope::of::<M>(wanted)?;
        let mut listener = Listener::join(self.of::<M>(), scope).await?;
        let found = listener.begin(since, least).await?;
        Ok(found.then_some(listener))
    }

    /// Has everybody who listens to what may be personal read anew, in every process: somebody was
    /// forgotten.
    pub async fn read_anew(&self) -> Result<(), Error> {
        let Engine { pool, consumers, .. } = &self.common.engine;
        for view in VIEWS.iter().filter(|view| view.is_personal()) {
            let states = consumers.of_follower(view.name()).await?;
            if let Some(state) = states.first() {
                handover::rewritten(&pool.get().await?, &state.name).await?;
            }
        }
        Ok(())
    }

    fn of<M: ReadModel>(&self) -> Arc<Feed<M>> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds
            .entry(TypeId::of::<M>())
            .or_insert_with(|| Arc::new(Feed::<M>::new(self.common.clone())));
        let feed = feed.clone().downcast();
        feed.unwrap_or_else(|_| unreachable!("the type's own id leads to it"))
    }
}
