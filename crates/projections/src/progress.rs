//! How far each view is, and waiting for it: read your own writes.

use crate::{Engine, Error, Work};
use eventlog::{Position, consumer::handover};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

/// How the view's worker in this process is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// There is none.
    #[default]
    Absent,
    /// Ready to take over from the worker of another process.
    Standby,
    Working,
    /// Something it needs fails: it tries again and again.
    Degraded(String),
}

/// A view as this process knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    pub condition: Condition,
    /// Everything up to here shows.
    pub position: Position,
    /// Streams with parked events.
    pub parked_streams: usize,
}

/// What the workers of this process tell the rest of it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    views: Mutex<HashMap<&'static str, watch::Sender<Local>>>,
    /// Streams with parked events by view, as the database last told.
    pub(crate) parked: RwLock<HashMap<String, usize>>,
    pub(crate) work: Mutex<BTreeMap<&'static str, Arc<Work>>>,
}

impl Progress {
    pub(crate) fn of(&self, view: &'static str) -> watch::Sender<Local> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.entry(view).or_default().clone()
    }
}

/// Why a view does not show what it was asked to show.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    #[error("{view} is only at {at}")]
    Late { view: &'static str, at: Position },
    #[error("{view} is at {at}, and no worker keeps it")]
    Unowned { view: &'static str, at: Position },
    #[error("the change is parked for {view}")]
    Parked { view: &'static str },
    #[error("{view} cannot be asked how far it is")]
    Unknown {
        view: &'static str,
        #[source]
        source: Error,
    },
}

/// How often the checkpoint of a worker elsewhere is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long the database has at least for an answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// Waits until `view` shows everything up to `position`, at most for `patience`. Says at once
    /// when that will not happen by itself: nobody keeps the view, or that very change is parked.
    pub async fn wait_for(
        &self,
        view: &'static str,
        position: Position,
        patience: Duration,
    ) -> Result<(), NotReached> {
        let mut local = self.progress.of(view).subscribe();
        let deadline = Instant::now() + patience;
        loop {
            let now = local.borrow_and_update().clone();
            if now.condition == Condition::Working && now.position >= position {
                return self.unless_parked(view, position, now.parked_streams > 0).await;
            }
            let (mut at, mut next_look) = (now.position, deadline);
            if now.condition != Condition::Working {
                let (reached, owned) = self.elsewhere(view, patience).await?;
                if reached >= position {
                    return self.unless_parked(view, position, true).await;
                }
                at = reached;
                if !owned && now.condition == Condition::Absent {
                    return Err(NotReached::Unowned { view, at });
                }
                next_look = deadline.min(Instant::now() + LOOK_EVERY);
            }
            if Instant::now() >= deadline {
                return Err(NotReached::Late { view, at });
            }
            tokio::select! {
                // The sender is in `self.progress`, so this does not fail.
                _ = local.changed() => {}
                () = sleep_until(next_look) => {}
            }
        }
    }

    /// The checkpoint of a view, and whether anybody keeps it.
    async fn elsewhere(
        &self,
        view: &'static str,
        patience: Duration,
    ) -> Result<(Position, bool), NotReached> {
        let asked = timeout(patience.max(LEAST_PATIENCE), self.consumers.state(view)).await;
        let state = asked
            .map_err(|_| unknown(view, Error::Silent))?
            .map_err(|error| unknown(view, error))?;
        Ok(state.map_or((Position::START, false), |state| (state.position, state.owner.is_some())))
    }

    async fn unless_parked(
        &self,
        view: &'static str,
        position: Position,
        possible: bool,
    ) -> Result<(), NotReached> {
        if !possible {
            return Ok(());
        }
        let client = self.pool.get().await.map_err(|error| unknown(view, error))?;
        match handover::is_parked(&client, view, position).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(NotReached::Parked { view }),
            Err(error) => Err(unknown(view, error)),
        }
    }
}

fn unknown(view: &'static str, error: impl Into<Error>) -> NotReached {
    NotReached::Unknown { view, source: error.into() }
}
