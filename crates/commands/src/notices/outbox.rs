//! The outbox, table `commands.notices`, and the worker that empties it.
//!
//! One person is told one thing after the other, in the order of the facts: a notice waits until
//! the one before it was sent or given up. Different persons do not wait for each other.

use super::{Channel, Notice, NoticeError, NoticeSink};
use crate::due::{self, Round, RoundError};
use deadpool_postgres::{Client, GenericClient, Pool};
use std::{sync::Arc, time::Duration};
use tokio_postgres::Row;
use tokio_util::sync::CancellationToken;

/// After so many tries a notice is a dead letter.
pub const MAX_TRIES: i32 = 8;

const LONGEST_BACK_OFF: Duration = Duration::from_secs(5 * 60);

const ENQUEUE: &str = "
    insert into commands.notices (fact_id, channel, recipient, body)
    select fact_id, channel, recipient, body
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
        with ordinality as notice (fact_id, channel, recipient, body, place)
    order by place
    on conflict (fact_id) do nothing";

const CLAIM: &str = "
    update commands.notices
    set attempts = attempts + 1, due = now() + make_interval(secs => $1)
    where fact_id in (
        select fact_id from commands.notices as notice
        where state = 'pending' and due <= now() and not exists (
            select from commands.notices as earlier
            where earlier.state = 'pending' and earlier.channel = notice.channel
              and earlier.recipient = notice.recipient and earlier.number < notice.number)
        order by due, number limit $2
        for update skip locked)
    returning fact_id, channel, recipient, body, attempts";

/// Of those that wait for their time only.
const NEXT: &str = "
    select extract(epoch from min(due) - now())::float8
    from commands.notices where state = 'pending' and due > now()";

/// Only what is still as it was claimed: a claim that ran out belongs to somebody else.
const SETTLE: &str = "
    update commands.notices as notice
    set state = case
            when outcome.error is null then 'sent'
            when notice.attempts >= $5 then 'dead'
            else 'pending' end,
        sent_at = case when outcome.error is null then now() end,
        due = now() + make_interval(secs => outcome.wait),
        last_error = outcome.error
    from unnest($1::uuid[], $2::int[], $3::text[], $4::float8[])
        as outcome (fact_id, attempts, error, wait)
    where notice.fact_id = outcome.fact_id
      and notice.attempts = outcome.attempts
      and notice.state = 'pending'
    returning notice.fact_id, notice.channel, notice.state, notice.last_error";

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
    let recipients: Vec<_> = notices.iter().map(|notice| &*notice.recipient).collect();
    let bodies: Vec<_> = notices.iter().map(|notice| &*notice.body).collect();
    let statement = client.prepare_cached(ENQUEUE).await?;
    let columns: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&fact_ids, &channels, &recipients, &bodies];
    client.execute(&statement, &columns).await
}

/// The worker. Any number of them may run, in any number of processes.
#[derive(Clone)]
pub struct Delivery {
    pool: Pool,
    sink: Arc<dyn NoticeSink>,
}

struct Claimed {
    notice: Notice,
    attempts: i32,
}

impl Delivery {
    pub fn new(pool: Pool, sink: Arc<dyn NoticeSink>) -> Self {
        Self { pool, sink }
    }

    /// Delivers until `cancel`, and finishes what it is delivering then, in seconds.
    pub async fn run(self, cancel: CancellationToken) {
        due::work("notices", cancel, || self.round()).await;
    }

    async fn round(&self) -> Result<Round, RoundError> {
        let client = self.pool.get().await?;
        let claimed = claim(&client).await?;
        if claimed.is_empty() {
            let next = client.prepare_cached(NEXT).await?;
            return Ok(Round::Idle(client.query_one(&next, &[]).await?.get(0)));
        }
        drop(client);
        let tries = claimed.iter().map(|claimed| self.send(&claimed.notice));
        let outcomes = futures::future::join_all(tries).await;
        settle(&self.pool.get().await?, &claimed, &outcomes).await?;
        Ok(Round::Worked)
    }

    /// Why the notice was not sent, if it was not.
    async fn send(&self, notice: &Notice) -> Option<String> {
        let sent = tokio::time::timeout(due::WORK_LIMIT, self.sink.send(notice)).await;
        let error = sent.map_err(NoticeError::new).flatten().err()?;
        Some(eventlog::Causes(&error).to_string())
    }
}

async fn claim(client: &Client) -> Result<Vec<Claimed>, tokio_postgres::Error> {
    let statement = client.prepare_cached(CLAIM).await?;
    let rows = client.query(&statement, &[&due::CLAIM.as_secs_f64(), &due::BATCH]).await?;
    Ok(rows.iter().map(claimed).collect())
}

fn claimed(row: &Row) -> Claimed {
    let notice = Notice {
        fact_id: row.get("fact_id"),
        channel: channel(row),
        recipient: row.get("recipient"),
        body: row.get("body"),
    };
    Claimed { notice, attempts: row.get("attempts") }
}

pub(super) fn channel(row: &Row) -> Channel {
    Channel::named(row.get("channel")).unwrap_or(Channel::Sms)
}

async fn settle(
    client: &Client,
    claimed: &[Claimed],
    errors: &[Option<String>],
) -> Result<(), tokio_postgres::Error> {
    let fact_ids: Vec<_> = claimed.iter().map(|claimed| claimed.notice.fact_id).collect();
    let attempts: Vec<_> = claimed.iter().map(|claimed| claimed.attempts).collect();
    let wait = |attempts: &i32| due::back_off(*attempts, LONGEST_BACK_OFF).as_secs_f64();
    let waits: Vec<_> = attempts.iter().map(wait).collect();
    let statement = client.prepare_cached(SETTLE).await?;
    let columns: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&fact_ids, &attempts, &errors, &waits, &MAX_TRIES];
    let rows = client.query(&statement, &columns).await?;
    for row in rows.iter().filter(|row| row.get::<_, &str>("state") == "dead") {
        let fact_id: uuid::Uuid = row.get("fact_id");
        let (channel, error): (&str, &str) = (row.get("channel"), row.get("last_error"));
        tracing::warn!(%fact_id, channel, error, "notice given up");
    }
    Ok(())
}
