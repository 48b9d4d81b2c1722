//! The worker that fires timers.

use super::{Cause, Timer, TimerError};
use crate::{
    due::{self, Round, RoundError},
    guarded::guarded,
};
use chrono::{DateTime, Utc};
use deadpool_postgres::{Client, Pool};
use futures::future::BoxFuture;
use std::time::{Duration, Instant};
use tokio_postgres::{Row, types::ToSql};
use tokio_util::sync::CancellationToken;

const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// How soon to look again whether a part is back.
const WAIT_FOR_PART: Duration = Duration::from_secs(1);

const CLAIM: &str = "
    with ready as (
        select key, due from commands.timers
        where due <= now() and context = any($1)
        order by due limit $2
        for update skip locked)
    update commands.timers as timer
    set attempts = attempts + 1, due = now() + make_interval(secs => $3)
    from ready where timer.key = ready.key
    returning timer.key, context, ready.due, ask::text, attempts, timer.due as claimed_until,
        (cause->>'factId')::uuid as fact_id, (cause->>'correlationId')::uuid as correlation_id";

const NEXT: &str = "
    select extract(epoch from min(due) - now())::float8
    from commands.timers where context = any($1)";

/// Only what is still as it was claimed: a timer that was cancelled and set anew is another one.
const FIRED: &str = "
    with mine as (
        select timers.key from commands.timers
        join unnest($1::text[], $2::timestamptz[]) as fired (key, due) using (key, due)
        order by timers.key for update of timers)
    delete from commands.timers using mine where timers.key = mine.key";

/// Under the same conditions.
const RETRY: &str = "
    with mine as (
        select timers.key, failed.attempts, failed.wait from commands.timers
        join unnest($1::text[], $2::timestamptz[], $3::int[], $4::float8[])
            as failed (key, due, attempts, wait) using (key, due)
        order by timers.key for update of timers)
    update commands.timers
    set attempts = mine.attempts, due = now() + make_interval(secs => mine.wait)
    from mine where timers.key = mine.key";

/// The worker that fires the timers of some contexts. Any number of them may run.
#[derive(Clone, Debug)]
pub struct Timers {
    pool: Pool,
    contexts: Vec<String>,
}

struct Claimed {
    timer: Timer,
    /// What the row's time was moved to: the mark of this claim.
    until: DateTime<Utc>,
    /// This try counted.
    attempts: i32,
}

/// A claimed timer that was not fired, and when to try again.
struct Retry {
    attempts: i32,
    wait: Duration,
}

impl Timers {
    /// For the timers whose context is one of `contexts`.
    pub fn new(pool: Pool, contexts: Vec<String>) -> Self {
        Self { pool, contexts }
    }

    /// Fires what is due until `cancel`, and finishes what it is firing then. `fire` gets ten
    /// seconds; several run at once.
    pub async fn run<F>(self, cancel: CancellationToken, fire: F)
    where
        F: Fn(Timer) -> BoxFuture<'static, Result<(), TimerError>>,
    {
        due::work("timers", cancel.clone(), || self.round(&fire, &cancel)).await;
    }

    async fn round<F>(&self, fire: &F, cancel: &CancellationToken) -> Result<Round, RoundError>
    where
        F: Fn(Timer) -> BoxFuture<'static, Result<(), TimerError>>,
    {
        let client = self.pool.get().await?;
        let begun = Instant::now();
        let claimed = self.claim(&client).await?;
        if claimed.is_empty() {
            let next = client.prepare_cached(NEXT).await?;
            let next = client.query_one(&next, &[&self.contexts]).await?;
            return Ok(Round::Idle(next.get(0)));
        }
        drop(client);
        let tries = claimed.iter().map(|claimed| attempt(claimed, fire));
        let outcomes = futures::future::join_all(tries).await;
        due::settled(begun, cancel, || async {
            Ok(settle(&self.pool.get().await?, &claimed, &outcomes).await?)
        })
        .await?;
        Ok(Round::Worked)
    }

    async fn claim(&self, client: &Client) -> Result<Vec<Claimed>, tokio_postgres::Error> {
        let statement = client.prepare_cached(CLAIM).await?;
        let columns: [&(dyn ToSql + Sync); 3] =
            [&self.contexts, &due::BATCH, &due::CLAIM.as_secs_f64()];
        let rows = client.query(&statement, &columns).await?;
        Ok(rows.iter().map(claimed).collect())
    }
}

fn claimed(row: &Row) -> Claimed {
    let cause = Cause { fact_id: row.get("fact_id"), correlation_id: row.get("correlation_id") };
    let timer = Timer {
        key: row.get("key"),
        context: row.get("context"),
        due: row.get("due"),
        ask: row.get("ask"),
        cause,
    };
    Claimed { timer, until: row.get("claimed_until"), attempts: row.get("attempts") }
}

/// Fires one timer; says how to go on when that failed.
async fn attempt<F>(claimed: &Claimed, fire: &F) -> Option<Retry>
where
    F: Fn(Timer) -> BoxFuture<'static, Result<(), TimerError>>,
{
    let firing = guarded(async { fire(claimed.timer.clone()).await });
    let fired = tokio::time::timeout(due::WORK_LIMIT, firing).await.map_err(TimerError::failed);
    let fired = fired.and_then(|fired| fired.map_err(TimerError::failed).flatten());
    let error = fired.err()?;
    let attempts = claimed.attempts;
    if let TimerError::PartDown = error {
        return Some(Retry { attempts: attempts - 1, wait: WAIT_FOR_PART });
    }
    let (key, error) = (&claimed.timer.key, eventlog::Causes(&error));
    tracing::warn!(key, attempts, %error, "timer not fired, tries again");
    Some(Retry { attempts, wait: due::back_off(attempts, LONGEST_BACK_OFF) })
}

async fn settle(
    client: &Client,
    claimed: &[Claimed],
    outcomes: &[Option<Retry>],
) -> Result<(), tokio_postgres::Error> {
    let mut fired = (Vec::new(), Vec::new());
    let mut failed = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (claimed, outcome) in claimed.iter().zip(outcomes) {
        match outcome {
            None => fired.extend([(&*claimed.timer.key, claimed.until)]),
            Some(retry) => {
                failed.0.push(&*claimed.timer.key);
                failed.1.push(claimed.until);
                failed.2.push(retry.attempts);
                failed.3.push(retry.wait.as_secs_f64());
            }
        }
    }
    if !fired.0.is_empty() {
        let statement = client.prepare_cached(FIRED).await?;
        client.execute(&statement, &[&fired.0, &fired.1]).await?;
    }
    if !failed.0.is_empty() {
        let statement = client.prepare_cached(RETRY).await?;
        let columns: [&(dyn ToSql + Sync); 4] = [&failed.0, &failed.1, &failed.2, &failed.3];
        client.execute(&statement, &columns).await?;
    }
    Ok(())
}
