//! How far each view is, and waiting for it: read your own writes.

use crate::{Engine, Error, Work};
use eventlog::{
    Position,
    consumer::{ConsumerState, Share, handover},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

/// How a view's worker in this process is.
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

/// A view as this process knows it. When the view's work is cut into shares, it works here when all
/// of them do.
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
    views: Mutex<HashMap<&'static str, Arc<OfView>>>,
    /// Streams with parked events by view, as the database last told.
    pub(crate) parked: RwLock<HashMap<String, usize>>,
    pub(crate) work: Mutex<BTreeMap<&'static str, Arc<Work>>>,
}

/// What those of one view tell.
#[derive(Debug, Default)]
pub(crate) struct OfView {
    shares: Mutex<BTreeMap<Share, Local>>,
    all: watch::Sender<Local>,
}

/// Where the worker of one share tells how it is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    view: Arc<OfView>,
    share: Share,
}

impl Progress {
    pub(crate) fn of(&self, view: &'static str) -> Arc<OfView> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.entry(view).or_default().clone()
    }
}

impl OfView {
    /// From now on these shares are kept here, or are to be, and no others.
    pub(crate) fn cut(&self, shares: &[Share]) {
        self.change(|known| {
            known.retain(|share, _| shares.contains(share));
            for share in shares {
                known.entry(*share).or_default().condition = Condition::Standby;
            }
        });
    }

    pub(crate) fn place(self: &Arc<Self>, share: Share) -> Place {
        Place { view: self.clone(), share }
    }

    pub(crate) fn all(&self) -> Local {
        self.all.borrow().clone()
    }

    fn shares(&self) -> MutexGuard<'_, BTreeMap<Share, Local>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<Share, Local>)) {
        let mut shares = self.shares();
        change(&mut shares);
        self.all.send_replace(together(&shares));
    }

    /// How far a share is that is kept here.
    fn reached(&self, consumer: &ConsumerState, view: &str) -> Option<Position> {
        let shares = self.shares();
        let mut working = shares.iter().filter(|(_, local)| local.condition == Condition::Working);
        working
            .find(|(share, _)| share.consumer(view) == consumer.name)
            .map(|(_, local)| local.position)
    }
}

impl Place {
    pub(crate) fn tell(&self, local: Local) {
        self.view.change(|shares| {
            shares.insert(self.share, local);
        });
    }

    pub(crate) fn tell_condition(&self, condition: Condition) {
        self.view.change(|shares| shares.entry(self.share).or_default().condition = condition);
    }
}

/// The view as a whole.
fn together(shares: &BTreeMap<Share, Local>) -> Local {
    let conditions = || shares.values().map(|local| &local.condition);
    let degraded = conditions().find(|condition| matches!(condition, Condition::Degraded(_)));
    let condition = if let Some(degraded) = degraded {
        degraded.clone()
    } else if conditions().all(|condition| *condition == Condition::Absent) {
        Condition::Absent
    } else if conditions().all(|condition| *condition == Condition::Working) {
        Condition::Working
    } else {
        Condition::Standby
    };
    Local {
        condition,
        position: shares.values().map(|local| local.position).min().unwrap_or_default(),
        parked_streams: shares.values().map(|local| local.parked_streams).sum(),
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
/// How long nobody may keep a view while one worker takes over from another.
const HANDOVER: Duration = Duration::from_millis(1500);
/// How long the database has at least for an answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// Waits until `view` shows everything up to `position`, at most for `patience`. Does not wait
    /// for what will not happen by itself: nobody keeps the view for longer than a worker needs to
    /// take over from another, or that very change is parked.
    pub async fn wait_for(
        &self,
        view: &'static str,
        position: Position,
        patience: Duration,
    ) -> Result<(), NotReached> {
        let mut local = self.progress.of(view).all.subscribe();
        let deadline = Instant::now() + patience;
        let mut unowned_since = None;
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
                if owned || now.condition != Condition::Absent {
                    unowned_since = None;
                } else if unowned_since.get_or_insert_with(Instant::now).elapsed() >= HANDOVER {
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

    /// How far a view is that others keep, too, and whether all of it is kept.
    async fn elsewhere(
        &self,
        view: &'static str,
        patience: Duration,
    ) -> Result<(Position, bool), NotReached> {
        let asked = timeout(patience.max(LEAST_PATIENCE), self.consumers.of_follower(view)).await;
        let states = asked
            .map_err(|_| unknown(view, Error::Silent))?
            .map_err(|error| unknown(view, error))?;
        let here = self.progress.of(view);
        // A worker here is ahead of its checkpoint.
        let reached = states
            .iter()
            .map(|state| state.position.max(here.reached(state, view).unwrap_or_default()));
        let owned = !states.is_empty() && states.iter().all(|state| state.owner.is_some());
        Ok((reached.min().unwrap_or_default(), owned))
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

#[cfg(test)]
mod tests {
    use super::{Condition, Local, OfView};
    use eventlog::{Position, consumer::Share};
    use std::sync::Arc;

    fn working(commit: u64) -> Local {
        let position = Position { commit, prepare: commit };
        Local { condition: Condition::Working, position, parked_streams: 1 }
    }

    #[test]
    fn a_view_works_when_all_its_shares_do_and_is_where_the_last_one_is() {
        let view = Arc::new(OfView::default());
        assert_eq!(view.all().condition, Condition::Absent);
        let shares = Share::cut(2).unwrap();
        view.cut(&shares);
        view.place(shares[0]).tell(working(7));
        assert_eq!(view.all().condition, Condition::Standby);
        view.place(shares[1]).tell(working(5));
        assert_eq!(view.all(), Local { parked_streams: 2, ..working(5) });
        view.place(shares[0]).tell_condition(Condition::Degraded("gone".to_owned()));
        assert_eq!(view.all().condition, Condition::Degraded("gone".to_owned()));
    }

    #[test]
    fn a_view_that_is_cut_anew_forgets_its_shares() {
        let view = Arc::new(OfView::default());
        view.cut(&[Share::WHOLE]);
        view.place(Share::WHOLE).tell(working(7));
        view.cut(&Share::cut(2).unwrap());
        assert_eq!(view.all(), Local { condition: Condition::Standby, ..Local::default() });
    }
}
