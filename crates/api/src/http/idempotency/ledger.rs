//! The table `api.idempotency`: who answers a key, and what was answered.

use crate::http::problem::Causes;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use deadpool_postgres::{Pool, PoolError};
use eventlog::postgres::{Change, MigrateError};
use std::time::Duration;
use tokio::time::sleep;
use tokio_postgres::Row;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the schema `api` up to date. Processes that start together wait for each other.
pub async fn migrate(pool: &Pool) -> Result<Vec<Change>, MigrateError> {
    let runner = embedded::migrations::runner().set_abort_missing(false);
    eventlog::postgres::migrate(pool, "api", runner).await
}

/// How long an owner that is silent is believed to be at work.
pub const LEASE: Duration = Duration::from_secs(5);

/// The headers that are part of an answer, in the order of the column. More may follow.
pub const KEPT_HEADERS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::LOCATION, super::LOG_POSITION, header::ETAG];

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the table of idempotency keys cannot be reached")]
    Pool(#[from] PoolError),
    #[error("the table of idempotency keys refused a statement")]
    Statement(#[from] tokio_postgres::Error),
}

/// One use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    pub caller: String,
    pub key: String,
}

/// What became of an attempt to own a slot.
#[derive(Clone, Debug)]
pub enum Claim {
    /// It is ours: do it, then [`Ledger::keep`] or [`Ledger::release`].
    Ours,
    /// It was answered before.
    Answered(Answer),
    /// Somebody else is at it.
    Running,
    /// The key was used for another request.
    Reused,
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

#[derive(Clone, Debug)]
pub struct Ledger {
    pool: Pool,
}

impl Ledger {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Tries to own a slot: a free one, an expired one, or one whose owner fell silent.
    pub async fn claim(
        &self,
        slot: &Slot,
        fingerprint: Uuid,
        owner: Uuid,
    ) -> Result<Claim, LedgerError> {
        let client = self.pool.get().await?;
        let insert = client.prepare_cached(CLAIM).await?;
        let lease = LEASE.as_secs_f64();
        let claimed = client
            .execute(&insert, &[&slot.caller, &slot.key, &fingerprint, &owner, &lease])
            .await?;
        if claimed == 1 {
            return Ok(Claim::Ours);
        }
        let select = client.prepare_cached(FIND).await?;
        let row = client.query_opt(&select, &[&slot.caller, &slot.key]).await?;
        Ok(row.map_or(Claim::Running, |row| claim_of(&row, fingerprint)))
    }

    /// Says that the owner is still at it.
    pub async fn renew(&self, slot: &Slot, owner: Uuid) -> Result<(), LedgerError> {
        self.lease_for(slot, owner, LEASE.as_secs_f64()).await
    }

    /// Gives the slot up without an answer: the next one with this key does it again.
    pub async fn release(&self, slot: &Slot, owner: Uuid) -> Result<(), LedgerError> {
        self.lease_for(slot, owner, -1.0).await
    }

    async fn lease_for(&self, slot: &Slot, owner: Uuid, seconds: f64) -> Result<(), LedgerError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(LEASE_FOR).await?;
        client.execute(&statement, &[&slot.caller, &slot.key, &owner, &seconds]).await?;
        Ok(())
    }

    /// Keeps the answer, unless another owner took over in the meantime.
    pub async fn keep(&self, slot: &Slot, owner: Uuid, answer: &Answer) -> Result<(), LedgerError> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(KEEP).await?;
        let status = answer.status.as_u16() as i16;
        let headers: Vec<&str> =
            KEPT_HEADERS.iter().map(|name| text_of(&answer.headers, name)).collect();
        client
            .execute(
                &statement,
                &[&slot.caller, &slot.key, &owner, &status, &headers, &&answer.body[..]],
            )
            .await?;
        Ok(())
    }

    /// Removes what has expired, from time to time, until cancelled.
    pub async fn keep_clean(self, every: Duration, cancel: CancellationToken) {
        while cancel.run_until_cancelled(sleep(every)).await.is_some() {
            match self.clean().await {
                Ok(removed) => tracing::debug!(removed, "expired idempotency keys"),
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), "expired idempotency keys stay for now")
                }
            }
        }
    }

    /// Removes what has expired. How many rows that were.
    pub async fn clean(&self) -> Result<u64, LedgerError> {
        let client = self.pool.get().await?;
        Ok(client.execute("delete from api.idempotency where expires_at < now()", &[]).await?)
    }
}

/// An answer is kept for a day.
const CLAIM: &str = "
    insert into api.idempotency as i (caller, key, fingerprint, owner, leased_until, expires_at)
    values ($1, $2, $3, $4, now() + make_interval(secs => $5), now() + interval '24 hours')
    on conflict (caller, key) do update
    set fingerprint = excluded.fingerprint, owner = excluded.owner, leased_until = excluded.leased_until,
        expires_at = excluded.expires_at, status = null, headers = '{}', body = null
    where i.expires_at < now()
       or (i.status is null and i.leased_until < now() and i.fingerprint = excluded.fingerprint)";

const FIND: &str = "
    select fingerprint, status, headers, body from api.idempotency where caller = $1 and key = $2";

const LEASE_FOR: &str = "
    update api.idempotency set leased_until = now() + make_interval(secs => $4)
    where caller = $1 and key = $2 and owner = $3 and status is null";

const KEEP: &str = "
    update api.idempotency set status = $4, headers = $5, body = $6
    where caller = $1 and key = $2 and owner = $3 and status is null";

fn claim_of(row: &Row, fingerprint: Uuid) -> Claim {
    if row.get::<_, Uuid>("fingerprint") != fingerprint {
        return Claim::Reused;
    }
    let status: Option<i16> = row.get("status");
    let status = status.and_then(|status| StatusCode::from_u16(status as u16).ok());
    status.map_or(Claim::Running, |status| {
        Claim::Answered(Answer {
            status,
            headers: headers_of(&row.get::<_, Vec<String>>("headers")),
            body: row.get::<_, Option<Vec<u8>>>("body").unwrap_or_default().into(),
        })
    })
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn headers_of(values: &[String]) -> HeaderMap {
    let kept = KEPT_HEADERS.into_iter().zip(values);
    kept.filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)))
        .collect()
}
