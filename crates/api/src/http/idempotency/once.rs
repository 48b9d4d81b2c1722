//! Running each key once: in this process by joining whoever runs it, among processes by the table.

use super::ledger::{Answer, Claim, KEPT_HEADERS, LEASE, Ledger, LedgerError, Slot};
use crate::http::{
    intake::Turn,
    problem::{self, Problem},
    router::TIME,
};
use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use commands::clock::Clock;
use eventlog::trace::carried;
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long a repeat waits for the answer that is being made: nearly as long as a request may take, so
/// that it is told how things stand before it is told that it takes too long.
const PATIENCE: Duration = TIME.saturating_sub(Duration::from_secs(2));

/// How often a repeat looks whether another process has answered.
const POLL: Duration = Duration::from_millis(100);

/// Runs commands, each key once.
pub struct Once {
    ledger: Ledger,
    running: Mutex<HashMap<Slot, Running>>,
    tasks: TaskTracker,
    patience: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(Clone, Debug)]
struct Running {
    fingerprint: Uuid,
    answer: watch::Receiver<Option<Answer>>,
}

/// A request with a key.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    pub(super) slot: Slot,
    pub(super) fingerprint: Uuid,
}

impl Once {
    /// `tasks` holds the commands under way, so that a shutdown can wait for them.
    pub fn new(ledger: Ledger, tasks: TaskTracker, clock: Arc<dyn Clock>) -> Arc<Self> {
        Self::with_patience(PATIENCE, ledger, tasks, clock)
    }

    /// The same, where a repeat waits so long for the answer that is being made.
    pub fn with_patience(
        patience: Duration,
        ledger: Ledger,
        tasks: TaskTracker,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self { ledger, running: Mutex::default(), tasks, patience, clock })
    }

    /// Runs a command without a key.
    pub(super) async fn run_alone(&self, turn: Turn, request: Request, next: Next) -> Response {
        let run = problem::catch_panic(async move {
            let _until_done = turn;
            next.run(request).await
        });
        let answer = self.tasks.spawn(carried(run)).await;
        answer.unwrap_or_else(|_| Problem::internal().into_response())
    }

    /// Runs a command with a key, or gives the answer that it has or is about to have.
    pub(super) async fn run_keyed(
        self: Arc<Self>,
        keyed: Keyed,
        turn: Turn,
        request: Request,
        next: Next,
    ) -> Response {
        let (running, ours) = match self.join(&keyed) {
            Ok(joined) => joined,
            Err(problem) => return problem.into_response(),
        };
        let Some(ours) = ours else {
            // Whoever waits keeps nobody from running.
            drop(turn);
            return waited(running, self.patience).await;
        };
        let once = self.clone();
        let work = async move {
            let answer = once.claim_and_run(&keyed, turn, request, next).await;
            ours.sender.send_replace(Some(answer));
        };
        self.tasks.spawn(carried(work));
        answered(running).await
    }

    /// Joins the one who is making the answer in this process, or becomes it.
    fn join(self: &Arc<Self>, keyed: &Keyed) -> Result<(Running, Option<Ours>), Problem> {
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = all.get(&keyed.slot) {
            return match running.fingerprint == keyed.fingerprint {
                true => Ok((running.clone(), None)),
                false => Err(reused()),
            };
        }
        let (sender, answer) = watch::channel(None);
        let running = Running { fingerprint: keyed.fingerprint, answer };
        all.insert(keyed.slot.clone(), running.clone());
        let ours = Ours { sender, slot: keyed.slot.clone(), once: self.clone() };
        Ok((running, Some(ours)))
    }

    async fn claim_and_run(
        &self,
        keyed: &Keyed,
        mut turn: Turn,
        request: Request,
        next: Next,
    ) -> Answer {
        let owner = self.clock.new_id();
        let deadline = Instant::now() + self.patience;
        loop {
            match self.ledger.claim(&keyed.slot, keyed.fingerprint, owner).await {
                Ok(Claim::Ours) => return self.run(&keyed.slot, owner, turn, request, next).await,
                Ok(Claim::Answered(answer)) => return answer,
                Ok(Claim::Reused) => return kept_form(reused().into_response()).await,
                Ok(Claim::Running) if Instant::now() < deadline => {
                    turn.rest();
                    sleep(POLL).await;
                }
                Ok(Claim::Running) => return kept_form(still_running().into_response()).await,
                Err(error) => return kept_form(Problem::fault(&error).into_response()).await,
            }
        }
    }

    /// Runs what is ours and keeps its answer, holding the lease meanwhile.
    async fn run(
        &self,
        slot: &Slot,
        owner: Uuid,
        mut turn: Turn,
        request: Request,
        next: Next,
    ) -> Answer {
        let run = async {
            match turn.resume().await {
                Ok(()) => problem::catch_panic(next.run(request)).await,
                Err(overloaded) => overloaded.into_response(),
            }
        };
        let answer = tokio::select! {
            answer = async { kept_form(run.await).await } => answer,
            never = self.stay_owner(slot, owner) => match never {},
        };
        match is_final(&answer) {
            true => self.note(self.ledger.keep(slot, owner, &answer).await),
            false => self.note(self.ledger.release(slot, owner).await),
        }
        answer
    }

    async fn stay_owner(&self, slot: &Slot, owner: Uuid) -> Infallible {
        loop {
            sleep(LEASE / 3).await;
            self.note(self.ledger.renew(slot, owner).await);
        }
    }

    /// What happened, happened: without its row a repeat runs again, and the log knows its id.
    fn note(&self, outcome: Result<(), LedgerError>) {
        if let Err(error) = outcome {
            tracing::warn!(error = %problem::Causes(&error), "an answer could not be kept");
        }
    }
}

/// The right to make an answer. Whoever comes when it is gone asks the table.
struct Ours {
    sender: watch::Sender<Option<Answer>>,
    slot: Slot,
    once: Arc<Once>,
}

impl Drop for Ours {
    fn drop(&mut self) {
        let mut all = self.once.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.slot);
    }
}

/// Waits for the answer that our own task makes.
async fn answered(mut running: Running) -> Response {
    let answer = running.answer.wait_for(Option::is_some).await;
    let answer = answer.ok().and_then(|answer| answer.clone());
    answer.map_or_else(|| Problem::internal().into_response(), Answer::into_response)
}

async fn waited(running: Running, patience: Duration) -> Response {
    let answer = tokio::time::timeout(patience, answered(running)).await;
    answer.unwrap_or_else(|_| still_running().into_response())
}

/// Whether a repeat shall get this answer, or try again.
pub(super) fn is_final(answer: &Answer) -> bool {
    !answer.status.is_server_error()
        && answer.status != StatusCode::PRECONDITION_FAILED
        && !answer.headers.contains_key(header::RETRY_AFTER)
}

async fn kept_form(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let wanted = |name: &HeaderName| {
        KEPT_HEADERS.contains(name) || name == header::RETRY_AFTER || name == header::ALLOW
    };
    let headers = parts.headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    Answer {
        status: parts.status,
        headers: headers.filter(|(name, _)| wanted(name)).collect(),
        body: to_bytes(body, usize::MAX).await.unwrap_or_default(),
    }
}

fn reused() -> Problem {
    let detail = "this Idempotency-Key was used for another request; a new request needs a new key";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
        .field("Idempotency-Key")
}

pub(super) fn still_running() -> Problem {
    let detail = "the first request with this Idempotency-Key is still under way; ask again with the same key";
    Problem::new(StatusCode::CONFLICT, "still-running", detail).retry_after(Duration::from_secs(2))
}
