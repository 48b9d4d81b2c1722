//! How far a view is, as its checkpoints say.

use crate::{Engine, Error};
use eventlog::Position;
use std::time::Duration;
use tokio::time::timeout;

/// How long the database has to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Look {
    /// Everything up to here shows.
    pub(super) reached: Position,
    /// See the checkpoints' column.
    pub(super) generation: i64,
    /// Whether somebody keeps all of it.
    pub(super) is_owned: bool,
    /// Whether events wait for a person.
    pub(super) is_parked: bool,
}

impl Engine {
    pub(super) async fn look(&self, view: &'static str) -> Result<Look, Error> {
        let states = timeout(PATIENCE, self.consumers.of_follower(view)).await??;
        let here = self.progress.of(view);
        // A worker here is ahead of its checkpoint.
        let reached = states
            .iter()
            .map(|state| state.position.max(here.reached(state, view).unwrap_or_default()));
        Ok(Look {
            reached: reached.min().unwrap_or_default(),
            generation: states.iter().map(|state| state.generation).max().unwrap_or_default(),
            is_owned: !states.is_empty() && states.iter().all(|state| state.owner.is_some()),
            is_parked: states.iter().any(|one| one.waiting_streams + one.poisoned_streams > 0),
        })
    }
}
