//! What is being rebuilt, whatever its rows are.

use super::{Rebuilt, Stage, Then, decode::Chunk};
use crate::Error;
use async_trait::async_trait;
use eventlog::{Position, consumer::Share};

/// Behind the view's name: of the table that is to take its place.
pub(super) const SHADOW: &str = "__shadow";
/// Behind the view's name: of the table that was in place before.
pub(super) const OLD: &str = "__old";

/// What a table begins with.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Nothing, at the beginning of the log; at most so many rows are kept in memory. The work is
    /// cut into these shares, or as that of the view is now.
    Anew { rows: usize, then: Then, shares: Option<Vec<Share>> },
    /// What was in place before the last rebuild.
    Old,
}

impl Origin {
    /// What stands behind the view's name in the table's.
    pub(super) fn suffix(&self) -> &'static str {
        match self {
            Self::Anew { .. } => SHADOW,
            Self::Old => OLD,
        }
    }
}

/// A [`Shadow`](super::Shadow) whose row type does not matter.
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
    /// Counts the rows of the table: takes as long as reading it.
    async fn count(&mut self) -> Result<(), Error>;
    /// Puts the table in place.
    async fn swap(&mut self) -> Result<(), Error>;
    /// What it came to; `events` were read for it.
    fn rebuilt(&self, events: u64) -> Rebuilt;
    /// Gives the leases back. Best effort: without it, the next rebuild waits until they run out.
    async fn give_up(&mut self);
}
