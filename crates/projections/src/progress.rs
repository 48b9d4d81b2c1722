//! How far each view is, as the workers of this process tell it.

use crate::Work;
use eventlog::{
    Position,
    consumer::{ConsumerState, Share},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};
use tokio::sync::watch;

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
    pub(crate) all: watch::Sender<Local>,
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
    pub(crate) fn reached(&self, consumer: &ConsumerState, view: &str) -> Option<Position> {
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
