//! The outbox, table `commands.notices`, and the worker that empties it.
//!
//! One person is told one thing after the other, in the order of the facts: a notice waits until
//! the one before it was sent or given up. Different persons do not wait for each other. A number that
//! is sealed for two persons, such as two guests, is that of two.

mod settling;

use super::{Channel, Notice, NoticeError, NoticeSink};
use crate::{
    due::{self, Round, RoundError},
    people::People,
};
use deadpool_postgres::{Client, GenericClient, Pool};
use domain::shared::personal::Personal;
use eventlog::trace::{Here, within};
use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_postgres::{Row, types::ToSql};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// After so many tries a notice is a dead letter.
pub const MAX_TRIES: i32 = 8;

const ENQUEUE: &str = "
    insert into commands.notices (fact_id, channel, recipient, body)
    select fact_id, channel, recipient, body
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
        with ordinality as notice (fact_id, channel, recipient, body, place)
    order by place
    on conflict (fact_id) do nothing";

const FOLLOW: &str = "
    update commands.notices as notice set correlation_id = trace.correlation_id
    from unnest($1::uuid[], $2::uuid[]) as trace (fact_id, correlation_id)
    where notice.fact_id = trace.fact_id";

/// How long a claim holds. A worker that is alive renews it in time; of one that was killed others take
/// over that soon.
const CLAIM_TIME: Duration = Duration::from_secs(5);
const RENEWAL: Duration = Duration::from_secs(1);

/// How many notices to one person are claimed together.
const RUN: i64 = 32;
/// After so long no other notice to the same person is begun: all others wait for the round's end.
const RUN_LIMIT: Duration = Duration::from_secs(15);

/// The first notice to each of some persons, and those that follow it.
const CLAIM: &str = "
    with heads as (
        select channel, recipient, number from commands.notices as notice
        where state = 'pending' and due <= now() and not exists (
            select from commands.notices as earlier
            where earlier.state = 'pending' and earlier.channel = notice.channel
              and earlier.recipient = notice.recipient and earlier.number < notice.number)
        order by due, number limit $2
        for update skip locked),
    runs as (
        select fact_id from heads cross join lateral (
            select fact_id, bool_and(due <= now()) over (order by number) as is_due from (
                select fact_id, due, number from commands.notices as next
                where state = 'pending' and channel = heads.channel
                  and recipient = heads.recipient and number >= heads.number
                order by number limit $3) as first) as run
        where is_due)
    update commands.notices as notice
    set attempts = attempts + 1, due = now() + make_interval(secs => $1)
    from runs where notice.fact_id = runs.fact_id
    returning notice.fact_id, channel, recipient, body, attempts, number, correlation_id";

const RENEW: &str = "
    update commands.notices as notice set due = now() + make_interval(secs => $3)
    from unnest($1::uuid[], $2::int[]) as claimed (fact_id, attempts)
    where notice.fact_id = claimed.fact_id and notice.attempts = claimed.attempts
      and notice.state = 'pending'";

/// Of those that wait for their time only.
const NEXT: &str = "
    select extract(epoch from min(due) - now())::float8
    from commands.notices where state = 'pending' and due > now()";

/// Puts notices into the outbox, with the transaction of `client` if it is one. One that is there
/// already, for the same fact, stays as it is. Gives how many are new.
pub async fn enqueue(
    client: &impl GenericClient,
    notices: &[Notice],
) -> Result<u64, tokio_postgres::Error> {
    if notices.is_empty() {
        return Ok(0);
    }
    let fact_ids: Vec<_> = notices.iter().map(|notice| notice.fact_id).collect();
    let channels: Vec<_> = notices.iter().map(|notice| notice.channel.as_str()).collect();
    let recipients: Vec<_> = notices.iter().map(|notice| notice.recipient.as_text()).collect();
    let bodies: Vec<_> = notices.iter().map(|notice| &*notice.body).collect();
    let statement = client.prepare_cached(ENQUEUE).await?;
    let columns: [&(dyn ToSql + Sync); 4] = [&fact_ids, &channels, &recipients, &bodies];
    client.execute(&statement, &columns).await
}

/// Says from which requests notices follow, for those whose traces are collected: notices and
/// correlation ids, in pairs.
pub async fn follow(
    client: &impl GenericClient,
    pairs: &[(Uuid, Uuid)],
) -> Result<(), tokio_postgres::Error> {
    if pairs.is_empty() {
        return Ok(());
    }
    let (fact_ids, correlations): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    let statement = client.prepare_cached(FOLLOW).await?;
    client.execute(&statement, &[&fact_ids, &correlations]).await.map(drop)
}

/// The worker. Any number of them may run, in any number of processes.
#[derive(Clone)]
pub struct Delivery {
    pool: Pool,
    sink: Arc<dyn NoticeSink>,
    people: People,
}

struct Claimed {
    notice: Notice,
    /// As the table has it.
    recipient: String,
    /// As the sink is told.
    opened: Personal,
    attempts: i32,
    /// Where its trace is collected.
    correlation_id: Option<Uuid>,
}

/// Why a notice is given up at once.
const FORGOTTEN: &str = "the recipient was forgotten: nothing was sent";

/// What became of a notice that was claimed.
enum Outcome {
    Sent,
    Failed(String),
    /// Nobody was there to take it.
    Unreached(String),
    Forgotten,
    /// One before it, to the same person, failed or took too long, or none could be opened.
    Untried,
}

impl Delivery {
    pub fn new(pool: Pool, sink: Arc<dyn NoticeSink>, people: People) -> Self {
        Self { pool, sink, people }
    }

    /// Delivers until `cancel`, and finishes what it is delivering then, in seconds.
    pub async fn run(self, cancel: CancellationToken) {
        due::work("notices", cancel.clone(), || self.round(&cancel)).await;
    }

    async fn round(&self, cancel: &CancellationToken) -> Result<Round, RoundError> {
        let client = self.pool.get().await?;
        let begun = Instant::now();
        let mut claimed = claim(&client).await?;
        if claimed.is_empty() {
            let next = client.prepare_cached(NEXT).await?;
            return Ok(Round::Idle(client.query_one(&next, &[]).await?.get(0)));
        }
        drop(client);
        let opened =
            self.people.open(claimed.iter_mut().map(|one| &mut one.opened).collect()).await;
        let outcomes = match opened {
            Ok(()) => tokio::select! {
                outcomes = self.send_all(&claimed) => outcomes,
                never = self.renew(&claimed) => match never {},
            },
            Err(_) => claimed.iter().map(|_| Outcome::Untried).collect(),
        };
        due::settled(begun, cancel, || async {
            Ok(settling::settle(&mut self.pool.get().await?, &claimed, &outcomes).await?)
        })
        .await?;
        opened?;
        Ok(Round::Worked)
    }

    /// As long as it runs. Whoever cannot renew a claim finds out when what was done is settled.
    async fn renew(&self, claimed: &[Claimed]) -> Infallible {
        let fact_ids: Vec<_> = claimed.iter().map(|one| one.notice.fact_id).collect();
        let attempts: Vec<_> = claimed.iter().map(|one| one.attempts).collect();
        loop {
            tokio::time::sleep(RENEWAL).await;
            let renewed = async {
                let client = self.pool.get().await?;
                let statement = client.prepare_cached(RENEW).await?;
                let columns: [&(dyn ToSql + Sync); 3] =
                    [&fact_ids, &attempts, &CLAIM_TIME.as_secs_f64()];
                client.execute(&statement, &columns).await?;
                Ok::<_, RoundError>(())
            };
            if let Err(error) = renewed.await {
                tracing::debug!(error = %eventlog::Causes(&error), "claims of notices not renewed");
            }
        }
    }

    async fn send_all(&self, claimed: &[Claimed]) -> Vec<Outcome> {
        let same = |one: &Claimed, next: &Claimed| one.person() == next.person();
        let runs = claimed.chunk_by(same).map(|run| self.send_run(run));
        futures::future::join_all(runs).await.into_iter().flatten().collect()
    }

    /// Sends notices to one person, one after the other, until one fails.
    async fn send_run(&self, run: &[Claimed]) -> Vec<Outcome> {
        let (began, mut outcomes) = (Instant::now(), Vec::with_capacity(run.len()));
        for claimed in run {
            let stopped =
                !matches!(outcomes.last(), None | Some(Outcome::Sent | Outcome::Forgotten));
            outcomes.push(match stopped || began.elapsed() > RUN_LIMIT {
                true => Outcome::Untried,
                false => self.send(claimed).await,
            });
        }
        outcomes
    }

    async fn send(&self, claimed: &Claimed) -> Outcome {
        let Some(recipient) = claimed.opened.plain() else { return Outcome::Forgotten };
        let sending = self.sink.send(&claimed.notice, recipient);
        let sending = tokio::time::timeout(due::WORK_LIMIT, sending);
        let sent = match claimed.correlation_id {
            Some(correlation) => {
                let here = Here { correlation, span: 0, doing: "notices" };
                within(here, sending).await
            }
            None => sending.await,
        };
        match sent.map_err(NoticeError::new).flatten() {
            Ok(()) => Outcome::Sent,
            Err(error) if error.is_unreached() => {
                Outcome::Unreached(eventlog::Causes(&error).to_string())
            }
            Err(error) => Outcome::Failed(eventlog::Causes(&error).to_string()),
        }
    }
}

impl Claimed {
    fn person(&self) -> (Channel, &str) {
        (self.notice.channel, &self.recipient)
    }
}

async fn claim(client: &Client) -> Result<Vec<Claimed>, tokio_postgres::Error> {
    let statement = client.prepare_cached(CLAIM).await?;
    let rows = client.query(&statement, &[&CLAIM_TIME.as_secs_f64(), &due::BATCH, &RUN]).await?;
    let mut rows: Vec<_> = rows.iter().collect();
    let text = |row: &Row, column| row.get::<_, String>(column);
    rows.sort_by_cached_key(|row| {
        (text(row, "channel"), text(row, "recipient"), row.get::<_, i64>("number"))
    });
    Ok(rows.into_iter().map(claimed).collect())
}

fn claimed(row: &Row) -> Claimed {
    let recipient: String = row.get("recipient");
    let sealed = Personal::from_text(recipient.clone());
    let notice = Notice {
        fact_id: row.get("fact_id"),
        channel: channel(row),
        recipient: sealed.clone(),
        body: row.get("body"),
    };
    let (attempts, correlation_id) = (row.get("attempts"), row.get("correlation_id"));
    Claimed { notice, recipient, opened: sealed, attempts, correlation_id }
}

pub(super) fn channel(row: &Row) -> Channel {
    Channel::named(row.get("channel")).unwrap_or(Channel::Sms)
}
