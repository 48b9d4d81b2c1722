//! The followers of the log, as `views`, `/projections`, `/metrics` and `/health/ready` tell of them:
//! one computation, [`Followers::standings`], and one form, [`Shown`].

use chrono::{DateTime, Utc};
use commands::{clock::Clock, reactor::consumer_name};
use deadpool_postgres::Pool;
use domain::Context;
use eventlog::{
    Backlog, EventLog,
    consumer::{self, ConsumerState, Parked, ParkedEvents, Standing, StandingError, Standings},
};
use projections::{registry::VIEWS, timeline};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// How many parked streams of each follower are shown.
const PARKED_STREAMS: i64 = 100;

#[derive(Clone)]
pub struct Followers {
    followers: consumer::Followers,
    parked: ParkedEvents,
    clock: Arc<dyn Clock>,
}

impl Followers {
    /// `pool` is the database of the views.
    pub fn new(log: Arc<dyn EventLog>, pool: Pool, clock: Arc<dyn Clock>) -> Self {
        let followers = consumer::Followers::new(log, pool.clone());
        Self { followers, parked: ParkedEvents::new(pool), clock }
    }

    /// How all of them stand now.
    pub async fn standings(&self) -> Result<Standings, StandingError> {
        self.followers.standings(self.clock.now()).await
    }

    /// All of them by name, each with the first of its parked streams.
    pub async fn shown(&self) -> Result<Vec<Shown>, StandingError> {
        let standings = self.standings().await?;
        let parked = self.parked.heads(PARKED_STREAMS).await?;
        let shown = |standing: &Standing| {
            let own = parked.iter().filter(|parked| parked.consumer == standing.state.name);
            Shown::of(standing, own.map(ShownParked::of).collect())
        };
        Ok(standings.followers.iter().map(shown).collect())
    }
}

/// Who should follow the log for these contexts, here or elsewhere.
pub fn expected(contexts: &[Context]) -> Vec<String> {
    let reactors = contexts.iter().map(|context| consumer_name(*context));
    let views = VIEWS.iter().map(|view| view.name());
    let views = views.filter(|name| {
        Context::of_category(name).is_some_and(|context| contexts.contains(&context))
    });
    let views = views.chain([timeline::NAME]);
    reactors.chain(views.map(str::to_owned)).collect()
}

/// How many events: `3`, or `1000+` when that is not all.
pub fn events(backlog: &Backlog) -> String {
    let Backlog { events, is_all, .. } = backlog;
    format!("{events}{}", if *is_all { "" } else { "+" })
}

/// A follower, in JSON.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Follower")]
pub struct Shown {
    pub name: String,
    /// The checkpoint: everything up to here is done or parked.
    pub position: String,
    /// What the log holds after that.
    pub events_behind: u64,
    /// `false`: there are at least so many.
    pub is_all: bool,
    /// How long ago the first of these was recorded; 0 when there is none.
    pub seconds_behind: f64,
    pub last_progress_at: DateTime<Utc>,
    /// The process that works on it; none when nobody does.
    pub owner: Option<Uuid>,
    pub fence: i64,
    pub waiting_streams: i64,
    pub poisoned_streams: i64,
    /// At most 100.
    pub parked: Vec<ShownParked>,
}

/// A stream of which an event is parked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ParkedStream")]
pub struct ShownParked {
    pub stream: String,
    /// Of the first parked event.
    pub version: u64,
    pub event_type: String,
    /// `waiting`, `retry`, `poison` or `behind`.
    pub state: String,
    pub reason: String,
    pub attempts: i32,
    pub since: DateTime<Utc>,
}

impl Shown {
    fn of(standing: &Standing, parked: Vec<ShownParked>) -> Self {
        let Standing { state, backlog, lag } = standing;
        let ConsumerState { name, position, owner, fence, progressed_at, .. } = state;
        Self {
            name: name.clone(),
            position: position.to_string(),
            events_behind: backlog.events,
            is_all: backlog.is_all,
            seconds_behind: lag.as_secs_f64(),
            last_progress_at: *progressed_at,
            owner: *owner,
            fence: *fence,
            waiting_streams: state.waiting_streams,
            poisoned_streams: state.poisoned_streams,
            parked,
        }
    }
}

impl ShownParked {
    fn of(parked: &Parked) -> Self {
        Self {
            stream: parked.stream.to_string(),
            version: parked.version,
            event_type: parked.event_type.clone(),
            state: parked.state.clone(),
            reason: parked.reason.clone(),
            attempts: parked.attempts,
            since: parked.parked_at,
        }
    }
}
