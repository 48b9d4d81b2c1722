//! How much time the workers of views spend on what.

use crate::Engine;
use eventlog::Spent;
use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Of one view, in this process. A batch is decoded, its rows are read, it is folded into them, and
/// they are written with the checkpoint.
#[derive(Debug, Default)]
pub struct Work {
    pub decode: Spent,
    pub read: Spent,
    pub fold: Spent,
    pub write: Spent,
    /// How many events were folded.
    events: AtomicU64,
}

impl Work {
    pub(crate) fn took(&self, events: usize) {
        self.events.fetch_add(events as u64, Relaxed);
    }

    /// How many events were folded.
    pub fn events(&self) -> u64 {
        self.events.load(Relaxed)
    }

    /// Each stage by its name.
    pub fn stages(&self) -> [(&'static str, &Spent); 4] {
        let Self { decode, read, fold, write, .. } = self;
        [("decode", decode), ("read", read), ("fold", fold), ("write", write)]
    }
}

impl Engine {
    /// What the views of this process have cost so far, by view.
    pub fn work(&self) -> Vec<(&'static str, Arc<Work>)> {
        let work = self.progress.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.iter().map(|(view, work)| (*view, work.clone())).collect()
    }

    /// Of a view, to be added to.
    pub(crate) fn work_of(&self, view: &'static str) -> Arc<Work> {
        let mut work = self.progress.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.entry(view).or_default().clone()
    }
}
