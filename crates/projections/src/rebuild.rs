//! Rebuilding views while they are read and kept up: new tables are folded from the beginning of the
//! log, in one pass for all of them, and then each takes the place of the old one.
//!
//! A new table, `<table>__shadow`, has a consumer of its own with the same name: checkpoint, lease
//! and parked events. The change of places is one short transaction, in which nobody writes to the
//! view and in which the new table is at least where the old one is. The old one stays as
//! `<table>__old`, with its checkpoint, until the next rebuild, and can be put back. A rebuild that
//! was killed begins anew: rows that were folded by another version of the program must not be
//! mixed with today's.

mod build;
mod bulk;
mod compare;
mod decode;
mod indexes;
mod leases;
mod part;
mod pass;
mod plan;
mod renewal;
mod shadow;
mod swap;

pub(crate) use build::{Build, Origin};
pub use compare::Compared;
pub use plan::Plan;
pub(crate) use shadow::Shadow;

use crate::{Engine, Error, View};
use eventlog::{Position, consumer::Share};
use std::{collections::BTreeMap, time::Duration};

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Folds what the log held when the rebuild began.
    Folding,
    /// Writes the rows that are in memory.
    Writing,
    /// Makes the indexes, and counts for the planner.
    Indexing,
    /// Folds what came since.
    CatchingUp,
    /// Compares the new table with the view, both at one position.
    Comparing,
    /// Puts the new table in place.
    Swapping,
    Done,
}

impl Stage {
    /// In camel case, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Folding => "folding",
            Self::Writing => "writing",
            Self::Indexing => "indexing",
            Self::CatchingUp => "catchingUp",
            Self::Comparing => "comparing",
            Self::Swapping => "swapping",
            Self::Done => "done",
        }
    }
}

/// How far a rebuild is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub stage: Stage,
    /// Those it is about: all of them while the log is folded, then one after the other.
    pub views: Vec<&'static str>,
    /// Read from the log so far.
    pub events: u64,
    pub position: Position,
    /// Where the log ended when the rebuild began.
    pub end: Position,
}

/// Told at each stage, and while the log is folded after each page.
pub type OnProgress<'a> = &'a mut (dyn FnMut(&Progress) + Send);

/// What becomes of the new tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// They take the places of the views.
    Swap,
    /// The same, but only where both have the same rows.
    SwapIfEqual,
    /// They are compared with the views, and dropped.
    Compare,
}

/// What a view's rebuild came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuilt {
    pub view: &'static str,
    /// Of all that were rebuilt together.
    pub events: u64,
    /// In the new table.
    pub rows: u64,
    /// Up to where it is folded.
    pub position: Position,
    /// What was found, if it was asked for.
    pub compared: Option<Compared>,
    /// Whether the new table is in place.
    pub swapped: bool,
    /// What took how long; reading, folding and writing overlap. `swap` is how long the view could
    /// not be read at most.
    pub took: BTreeMap<&'static str, Duration>,
}

impl Engine {
    /// Folds the views anew, in one pass over the log. Queries and the views' workers go on
    /// throughout. Fails when a rebuild of one of them is running; then nothing was changed.
    pub async fn rebuild(
        &self,
        views: &[&'static dyn View],
        then: Then,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Rebuilt>, Error> {
        self.build_all(views, then, None, on_progress).await
    }

    /// Rebuilds the views, and cuts the work of keeping them into `shares` of their keys, which as
    /// many workers can do side by side. What a view's shares are is kept with its checkpoints, so
    /// all workers agree, and learn of it by themselves.
    pub async fn cut(
        &self,
        views: &[&'static dyn View],
        shares: &[Share],
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Rebuilt>, Error> {
        self.build_all(views, Then::Swap, Some(shares), on_progress).await
    }

    /// Puts the table back that a view had before its last rebuild, after it has caught up with the
    /// log. What is now in place can be put back in the same way.
    pub async fn roll_back(
        &self,
        view: &'static dyn View,
        on_progress: OnProgress<'_>,
    ) -> Result<Rebuilt, Error> {
        let mut build = view.build(self, Origin::Old).await?;
        let mut progress = Progress {
            stage: Stage::CatchingUp,
            views: vec![view.name()],
            events: 0,
            position: Position::START,
            end: self.log.end().await?,
        };
        on_progress(&progress);
        let put_back = async {
            build.catch_up().await?;
            build.count().await?;
            tell(&mut progress, Stage::Swapping, on_progress);
            build.swap().await
        };
        if let Err(error) = put_back.await {
            build.give_up().await;
            return Err(error);
        }
        tell(&mut progress, Stage::Done, on_progress);
        Ok(build.rebuilt(0))
    }

    async fn build_all(
        &self,
        views: &[&'static dyn View],
        then: Then,
        shares: Option<&[Share]>,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Rebuilt>, Error> {
        let mut builds = Vec::with_capacity(views.len());
        let rows = (self.options.rebuild_rows / views.len().max(1)).max(1);
        let origin = Origin::Anew { rows, then, shares: shares.map(<[Share]>::to_vec) };
        let built = async {
            for view in views {
                builds.push(view.build(self, origin.clone()).await?);
            }
            self.finish_all(&mut builds, then, on_progress).await
        };
        let built = built.await;
        if built.is_err() {
            for build in &mut builds {
                build.give_up().await;
            }
        }
        built
    }

    async fn finish_all(
        &self,
        builds: &mut [Box<dyn Build>],
        then: Then,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Rebuilt>, Error> {
        let mut progress = Progress {
            stage: Stage::Folding,
            views: builds.iter().map(|build| build.view()).collect(),
            events: 0,
            position: Position::START,
            end: Position::START,
        };
        let took = pass::fold_all(self, builds, &mut progress, on_progress).await?;
        let mut rebuilt = Vec::with_capacity(builds.len());
        for build in builds {
            progress.views = vec![build.view()];
            build.finish(then, &mut |stage| tell(&mut progress, stage, on_progress)).await?;
            let mut done = build.rebuilt(progress.events);
            done.took.extend(&took);
            rebuilt.push(done);
        }
        tell(&mut progress, Stage::Done, on_progress);
        Ok(rebuilt)
    }
}

fn tell(progress: &mut Progress, stage: Stage, on_progress: &mut (dyn FnMut(&Progress) + Send)) {
    progress.stage = stage;
    on_progress(progress);
}
