//! How much is done at once. What comes beyond that is refused at once (503 `overloaded`, with
//! `Retry-After`) instead of waiting longer and longer.
//!
//! Commands and queries have bounds of their own, so that neither starves the other. A command has
//! a place before its body is read, and its turn after that: a client that sends slowly keeps
//! nobody from running. It runs to its end, also when its client hangs up, and has its place until
//! then. Health is always told.

use super::{health, idempotency::is_command, problem::Problem};
use axum::{extract::Request, http::Extensions};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::timeout,
};

/// How long a command waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands that run.
    pub commands: usize,
    /// Commands that wait for their turn.
    pub waiting: usize,
    /// Queries.
    pub queries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { commands: 256, waiting: 1024, queries: 4096 }
    }
}

/// Gives out the places.
#[derive(Debug)]
pub struct Intake {
    /// Of commands that run or wait.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    queries: Semaphore,
}

/// A command's place, in line or running.
#[derive(Clone, Debug)]
pub struct Place {
    turns: Arc<Semaphore>,
    _place: Arc<OwnedSemaphorePermit>,
}

/// The right to run, until dropped. Without the layer everybody may.
#[derive(Debug, Default)]
pub struct Turn {
    turn: Option<OwnedSemaphorePermit>,
    place: Option<Place>,
}

impl Intake {
    pub fn new(limits: Limits) -> Self {
        let Limits { commands, waiting, queries } = limits;
        let places = commands.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            turns: Arc::new(Semaphore::new(commands)),
            queries: Semaphore::new(queries),
        }
    }

    /// Lets in as many as can be served: a query for as long as what is given is kept, a command
    /// for as long as its request has a [`Place`].
    pub fn admit(&self, request: &mut Request) -> Result<Option<SemaphorePermit<'_>>, Problem> {
        if request.uri().path().starts_with(health::PATH) {
            return Ok(None);
        }
        if !is_command(request.method()) {
            return self.queries.try_acquire().map(Some).map_err(|_| overloaded());
        }
        let place = self.command()?;
        request.extensions_mut().insert(place);
        Ok(None)
    }

    fn command(&self) -> Result<Place, Problem> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| overloaded())?;
        Ok(Place { turns: self.turns.clone(), _place: Arc::new(place) })
    }
}

impl Turn {
    /// Waits for the turn of a request whose place [`Intake::admit`] has put there.
    pub async fn of(extensions: &mut Extensions) -> Result<Self, Problem> {
        let mut turn = Self { turn: None, place: extensions.remove() };
        turn.resume().await?;
        Ok(turn)
    }

    /// Lets others run while this one waits for something else; its place stays.
    pub fn rest(&mut self) {
        self.turn = None;
    }

    /// Waits for the next turn, if this one has none.
    pub async fn resume(&mut self) -> Result<(), Problem> {
        let Some(place) = self.place.as_ref().filter(|_| self.turn.is_none()) else {
            return Ok(());
        };
        match timeout(PATIENCE, place.turns.clone().acquire_owned()).await {
            Ok(Ok(turn)) => {
                self.turn = Some(turn);
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(overloaded()),
        }
    }
}

fn overloaded() -> Problem {
    tracing::debug!("refused: too much is under way");
    let detail = "too much is asked at once; nothing was done, ask again in a moment";
    Problem::unavailable("overloaded", detail, RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use futures::FutureExt;

    fn intake(commands: usize, waiting: usize) -> Intake {
        Intake::new(Limits { commands, waiting, queries: 1 })
    }

    /// What the layer leaves with a command's request.
    fn admitted(intake: &Intake) -> Result<Extensions, Problem> {
        let mut extensions = Extensions::new();
        extensions.insert(intake.command()?);
        Ok(extensions)
    }

    #[tokio::test]
    async fn so_many_run_so_many_wait_and_the_rest_is_refused_at_once() {
        let intake = intake(2, 1);
        let mut running = Vec::new();
        for _ in 0..2 {
            running.push(Turn::of(&mut admitted(&intake).unwrap()).await.unwrap());
        }
        let mut third = admitted(&intake).unwrap();
        let mut waits = Box::pin(Turn::of(&mut third));
        assert!(waits.as_mut().now_or_never().is_none());
        let refused = admitted(&intake).unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::SERVICE_UNAVAILABLE, "overloaded")
        );
        assert_eq!(refused.document()["retryAfter"], 1);

        running.pop();
        waits.await.unwrap();
        assert!(admitted(&intake).is_ok());
    }

    #[tokio::test]
    async fn whoever_has_a_place_and_no_turn_yet_keeps_nobody_from_running() {
        let intake = intake(1, 5);
        let _still_sending = [admitted(&intake), admitted(&intake), admitted(&intake)];
        let turn = Turn::of(&mut admitted(&intake).unwrap()).now_or_never();
        assert!(turn.expect("at once").is_ok());
    }

    #[tokio::test]
    async fn whoever_leaves_the_line_makes_room() {
        let intake = intake(1, 1);
        let _runs = Turn::of(&mut admitted(&intake).unwrap()).await.unwrap();
        let mut waits = admitted(&intake).unwrap();
        assert!(Turn::of(&mut waits).now_or_never().is_none());
        drop(waits);
        assert!(admitted(&intake).is_ok());
    }

    #[tokio::test]
    async fn whoever_rests_lets_another_run_and_has_its_place_still() {
        let intake = intake(1, 1);
        let mut first = Turn::of(&mut admitted(&intake).unwrap()).await.unwrap();
        first.rest();
        let second = Turn::of(&mut admitted(&intake).unwrap()).now_or_never();
        let second = second.expect("at once").unwrap();
        assert!(admitted(&intake).is_err());
        assert!(first.resume().now_or_never().is_none());
        drop(second);
        assert!(first.resume().now_or_never().expect("at once").is_ok());
    }

    #[tokio::test]
    async fn without_the_layer_everybody_may_run() {
        assert!(Turn::of(&mut Extensions::new()).await.is_ok());
    }
}
