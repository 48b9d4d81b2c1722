//! Keys for machines: `jt_…`, made by `jangteo key create`. What is stored of one is its hash, which
//! is enough to know it again and not enough to use it.

use super::{
    caller::{Caller, Role},
    credential::{Hash, hash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use commands::clock::{NoRandomness, new_secret};
use deadpool_postgres::{Pool, PoolError};
use domain::Id;
use quick_cache::sync::Cache;
use std::time::Duration;
use tokio::time::Instant;

/// What each begins with, so that one that was lost is recognised.
pub const PREFIX: &str = "jt_";

/// How long an answer of the table is believed; as long as a revoked key may still open something.
const BELIEVED: Duration = Duration::from_secs(3);

/// How many of them, the wrong ones too.
const REMEMBERED: usize = 4096;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the table of API keys cannot be reached")]
    Pool(#[from] PoolError),
    #[error("the table of API keys refused a statement")]
    Statement(#[from] tokio_postgres::Error),
    #[error("there is no randomness for a key")]
    Random(#[from] NoRandomness),
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub name: String,
    pub role: String,
    pub subject: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The table `api.keys`.
#[derive(Clone, Debug)]
pub struct Table {
    pool: Pool,
}

impl Table {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Keeps a new one, if there is none of that name in use.
    pub async fn add(
        &self,
        key: &str,
        name: &Id,
        role: Role,
        subject: &Id,
    ) -> Result<bool, KeyError> {
        let client = self.pool.get().await?;
        let (hash, role) = (hash(key), role.as_str());
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&&hash[..], &name.as_str(), &role, &subject.as_str()];
        Ok(client.execute(ADD, &values).await? == 1)
    }

    /// Oldest first.
    pub async fn list(&self) -> Result<Vec<Listed>, KeyError> {
        let rows = self.pool.get().await?.query(LIST, &[]).await?;
        let listed = rows.iter().map(|row| Listed {
            name: row.get("name"),
            role: row.get("role"),
            subject: row.get("subject"),
            created_at: row.get("created_at"),
            last_used_at: row.get("last_used_at"),
            revoked_at: row.get("revoked_at"),
        });
        Ok(listed.collect())
    }

    /// Whether there was one of that name in use.
    pub async fn revoke(&self, name: &str) -> Result<bool, KeyError> {
        Ok(self.pool.get().await?.execute(REVOKE, &[&name]).await? == 1)
    }

    /// Whose key this is, unless it was revoked. That it was used is noted once a minute.
    async fn find(&self, hash: &Hash) -> Result<Option<Caller>, KeyError> {
        let client = self.pool.get().await?;
        let find = client.prepare_cached(FIND).await?;
        let Some(row) = client.query_opt(&find, &[&&hash[..]]).await? else { return Ok(None) };
        if row.get("is_to_note") {
            let note = client.prepare_cached(NOTE).await?;
            client.execute(&note, &[&&hash[..]]).await?;
        }
        let role = Role::named(row.get("role"));
        let subject = Id::new(row.get::<_, String>("subject")).ok();
        Ok(role.zip(subject).map(|(role, subject)| Caller::known(role, subject)))
    }
}

const ADD: &str = "insert into api.keys (hash, name, role, subject) values ($1, $2, $3, $4) \
                   on conflict do nothing";

const LIST: &str = "select name, role, subject, created_at, last_used_at, revoked_at from api.keys \
                    order by created_at, name";

const REVOKE: &str =
    "update api.keys set revoked_at = now() where name = $1 and revoked_at is null";

const FIND: &str = "select role, subject, \
                    coalesce(last_used_at < now() - interval '1 minute', true) as is_to_note \
                    from api.keys where hash = $1 and revoked_at is null";

const NOTE: &str = "update api.keys set last_used_at = now() where hash = $1";

/// A new key.
pub fn new_key() -> Result<String, KeyError> {
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(new_secret()?)))
}

/// Whether something is a key by its form.
pub fn is_key(text: &str) -> bool {
    let random = text.strip_prefix(PREFIX).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    random.is_some_and(|random| random.len() == 32)
}

/// Knows keys, and asks the table at most every few seconds for each.
pub struct ApiKeys {
    table: Table,
    known: Cache<Hash, (Instant, Option<Caller>)>,
}

impl ApiKeys {
    pub fn new(table: Table) -> Self {
        Self { table, known: Cache::new(REMEMBERED) }
    }

    /// Whose key this was a moment ago.
    pub fn recall(&self, hash: &Hash) -> Option<Caller> {
        self.recall_answer(hash).flatten()
    }

    fn recall_answer(&self, hash: &Hash) -> Option<Option<Caller>> {
        let (at, caller) = self.known.get(hash)?;
        (at.elapsed() < BELIEVED).then_some(caller)
    }

    pub async fn find(&self, hash: Hash) -> Result<Option<Caller>, KeyError> {
        if let Some(caller) = self.recall_answer(&hash) {
            return Ok(caller);
        }
        // Asked before, so that a revocation meanwhile is not overlooked for longer.
        let at = Instant::now();
        let caller = self.table.find(&hash).await?;
        self.known.insert(hash, (at, caller.clone()));
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_all_different() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert!(one.starts_with("jt_") && one.len() == 46 && one != other);
        assert!(is_key(&one) && is_key(&other));
        for text in ["jt_", "jt_short", &one[1..], &one[..45], &format!("{one}A")] {
            assert!(!is_key(text), "{text}");
        }
    }
}
