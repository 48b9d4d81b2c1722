//! Waiting until a view shows a change: read your own writes.

use crate::{Engine, Error, progress::Condition};
use eventlog::{Position, consumer::handover};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Why a view does not show what it was asked to show.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    #[error("{view} is only at {at}")]
    Late { view: &'static str, at: Position },
    #[error("{view} is at {at}, and no worker keeps it")]
    Unowned { view: &'static str, at: Position },
    #[error("the log ends at {end}, so nothing was ever answered with this position")]
    Beyond { end: Position },
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
/// How long a view may be behind before the log is asked whether there is such a position at all.
const DOUBT: Duration = Duration::from_millis(250);
/// How long the database has at least for an answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// Waits until `view` shows everything up to `position`, at most for `patience`. Does not wait
    /// for what will not happen by itself: nobody keeps the view for longer than a worker needs to
    /// take over from another, that very change is parked, or the log ends before it.
    pub async fn wait_for(
        &self,
        view: &'static str,
        position: Position,
        patience: Duration,
    ) -> Result<(), NotReached> {
        let mut local = self.progress.of(view).all.subscribe();
        let deadline = Instant::now() + patience;
        let mut unowned_since = None;
        let mut doubt = Some(Instant::now() + DOUBT);
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
            let is_late = Instant::now() >= deadline;
            if doubt.take_if(|doubt| is_late || Instant::now() >= *doubt).is_some() {
                self.must_exist(position, patience).await?;
            }
            if is_late {
                return Err(NotReached::Late { view, at });
            }
            tokio::select! {
                // The sender is in `self.progress`, so this does not fail.
                _ = local.changed() => {}
                () = sleep_until(doubt.unwrap_or(next_look).min(next_look)) => {}
            }
        }
    }

    /// Of a log that does not answer nothing is known: then it is only late.
    async fn must_exist(&self, position: Position, patience: Duration) -> Result<(), NotReached> {
        match timeout(patience.max(LEAST_PATIENCE), self.log.end()).await {
            Ok(Ok(end)) if end < position => Err(NotReached::Beyond { end }),
            Ok(Ok(_) | Err(_)) | Err(_) => Ok(()),
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
