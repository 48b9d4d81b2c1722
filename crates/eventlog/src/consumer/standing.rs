//! How followers stand against the end of the log. Whoever shows, measures or judges them asks here.

use super::{ConsumerState, Consumers, follower_of};
use crate::{Backlog, EventLog, LogError, Position};
use chrono::{DateTime, Utc};
use deadpool_postgres::{Pool, PoolError};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

/// How many followers are measured at once.
const SIDE_BY_SIDE: usize = 4;

/// The followers of one log.
#[derive(Clone)]
pub struct Followers {
    log: Arc<dyn EventLog>,
    consumers: Consumers,
}

/// How all of them stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Standings {
    /// Where the log ended.
    pub end: Position,
    /// By name.
    pub followers: Vec<Standing>,
}

/// How one of them stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub state: ConsumerState,
    /// What it has not done yet. Parked events are not among it: the checkpoint passed them.
    pub backlog: Backlog,
    /// How long the first of that has been on record.
    pub lag: Duration,
}

/// Why nobody knows how they stand.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the followers' table cannot be read")]
    Followers(#[from] PoolError),
}

impl Followers {
    /// `pool` is the database of the consumers' table.
    pub fn new(log: Arc<dyn EventLog>, pool: Pool) -> Self {
        Self { log, consumers: Consumers::new(pool) }
    }

    /// All followers that ever began. One that is where the log ends costs nothing more.
    pub async fn standings(&self, now: DateTime<Utc>) -> Result<Standings, StandingError> {
        // The end first: who has passed it by the time that its state is read has nothing to do.
        let end = self.log.end().await?;
        let states = self.consumers.states().await?;
        let behind = states.iter().map(|state| state.position).filter(|position| *position < end);
        let backlogs = self.backlogs(behind.collect()).await?;
        let standing = |state: ConsumerState| {
            let backlog = backlogs.get(&state.position).copied().unwrap_or(Backlog::NONE);
            Standing { lag: backlog.age(now), backlog, state }
        };
        Ok(Standings { end, followers: states.into_iter().map(standing).collect() })
    }

    /// Many stand at the same position, which is asked for once.
    async fn backlogs(
        &self,
        positions: BTreeSet<Position>,
    ) -> Result<HashMap<Position, Backlog>, LogError> {
        let asking = positions.into_iter().map(|position| {
            let log = self.log.clone();
            async move { Ok((position, log.backlog(position).await?)) }
        });
        stream::iter(asking).buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }
}

impl Standing {
    /// Whom it works for: a consumer that has a share of a view's work is named after the view, with
    /// the share behind a `#`.
    pub fn follower(&self) -> &str {
        follower_of(&self.state.name)
    }
}
