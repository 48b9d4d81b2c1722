//! What happens when things are killed, gone, slow or mute, under load and with real processes:
//! nothing acknowledged is lost, nothing happens twice, money moves once, and every view is what the
//! log says. What is to be served again is so by itself.
//!
//! `scene` has the processes, `load` what their clients do and remember, `check` what must hold
//! afterwards; each other file is one kind of fault.

mod check;
mod connection;
mod customer;
mod facts;
mod followers;
mod gateway_away;
mod in_turn;
mod load;
mod postgres_killed;
mod rebuild_killed;
mod rebuild_under_load;
mod rebuilding;
mod scene;
mod service_killed;
mod worker_killed;
mod worker_paused;
mod worker_relieved;

pub use scene::free_address;

use crate::client::{Answer, Client};
use reqwest::StatusCode;
use std::{fmt::Debug, time::Duration};
use tokio::time::{Instant, sleep};

/// How long a worker that is not heard of keeps its views and its context.
const LEASE: Duration = Duration::from_secs(5);

/// By when somebody else has everything that one had who is not heard of: the lease has run out, and
/// whoever asks for it has had its turn on a machine that is busy with other tests.
const TAKEN_OVER: Duration = LEASE.saturating_add(Duration::from_secs(4));

/// How soon all is well again once whatever was wrong is over.
const RECOVERY: Duration = Duration::from_secs(10);

/// For what takes as long as it takes, and comes.
const PATIENCE: Duration = Duration::from_secs(40);

/// Asks until there is an answer, which must be asked for before `limit` is over.
async fn within<T, E: Debug>(
    since: Instant,
    limit: Duration,
    ask: impl AsyncFn() -> Result<T, E>,
) -> T {
    loop {
        let in_time = since.elapsed() <= limit;
        match ask().await {
            Ok(answer) if in_time => return answer,
            Ok(_) => panic!("only after {:?}", since.elapsed()),
            Err(not_yet) => assert!(in_time, "not within {limit:?}: {not_yet:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// The service says of itself that nothing is wrong, soon after that is so.
async fn is_well_again(client: &Client, since: Instant) {
    within(since, RECOVERY, async || is_up(client).await).await;
}

async fn is_up(client: &Client) -> Result<(), Result<Answer, reqwest::Error>> {
    match client.try_get("/health/ready").await {
        Ok(Answer { status: StatusCode::OK, body, .. }) if body["status"] == "up" => Ok(()),
        other => Err(other),
    }
}
