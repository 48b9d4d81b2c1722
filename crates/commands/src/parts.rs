//! Which parts are down. A part is an aggregate type, such as `cafe.ticket`; while the staff has
//! paused it its commands answer [`Error::PartDown`], in every process. A promise that an answer
//! waits for asks more: that the workers of the part run, too.

use crate::{Error, reactor::context_of};
use deadpool_postgres::{Client, Pool, PoolError};
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often each process looks. Pausing waits for twice as long, and is then in force everywhere.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a promise waits for workers: as long as it takes to replace them.
const PATIENCE: Duration = Duration::from_secs(2);

const WORKED: &str = "
    select name from consumers.checkpoints
    where name like 'reactor.%' and owner is not null and expires_at > now()";

/// The parts as this process last saw them.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    paused: Arc<RwLock<BTreeSet<String>>>,
    /// The contexts whose facts somebody follows; `None` when nobody has looked yet.
    worked: Arc<RwLock<Option<BTreeSet<String>>>>,
}

impl Parts {
    /// Refuses when the part is paused.
    pub fn check(&self, part: &str) -> Result<(), Error> {
        let paused = self.paused.read().unwrap_or_else(PoisonError::into_inner);
        if paused.contains(part) {
            let part = part.to_owned();
            return Err(Error::PartDown { part });
        }
        Ok(())
    }

    /// Refuses when the part is paused, or when its workers do not run and nobody replaces them.
    pub async fn must_be_up(&self, part: &str) -> Result<(), Error> {
        self.check(part)?;
        let deadline = Instant::now() + PATIENCE;
        while !self.is_worked(part) {
            if Instant::now() >= deadline {
                let part = part.to_owned();
                return Err(Error::PartDown { part });
            }
            sleep(LOOK_EVERY).await;
        }
        self.check(part)
    }

    /// Whether somebody works for the part's context, as far as is known.
    fn is_worked(&self, part: &str) -> bool {
        let context = part.split('.').next().unwrap_or(part);
        let worked = self.worked.read().unwrap_or_else(PoisonError::into_inner);
        worked.as_ref().is_none_or(|worked| worked.contains(context))
    }

    pub fn paused(&self) -> Vec<String> {
        let paused = self.paused.read().unwrap_or_else(PoisonError::into_inner);
        paused.iter().cloned().collect()
    }

    /// Looks once; to be done before the first command is taken.
    pub async fn look(&self, pool: &Pool) -> Result<(), PoolError> {
        let client = pool.get().await?;
        let paused = names(&client, "select part from commands.paused").await?;
        *self.paused.write().unwrap_or_else(PoisonError::into_inner) = paused;
        let worked = names(&client, WORKED).await?.into_iter();
        let worked = worked.filter_map(|name| Some(context_of(&name)?.to_owned()));
        *self.worked.write().unwrap_or_else(PoisonError::into_inner) = Some(worked.collect());
        Ok(())
    }

    /// Keeps looking until cancelled. While the database cannot be asked, what was known holds.
    pub async fn follow(self, pool: Pool, cancel: CancellationToken) {
        while cancel.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            if let Err(error) = self.look(&pool).await {
                tracing::debug!(%error, "the list of paused parts cannot be read");
            }
        }
    }
}

async fn names(client: &Client, select: &str) -> Result<BTreeSet<String>, PoolError> {
    let select = client.prepare_cached(select).await?;
    let rows = client.query(&select, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Pauses a part in every process. Comes back when it is in force.
pub async fn pause(pool: &Pool, part: &str, note: &str) -> Result<(), PoolError> {
    let client = pool.get().await?;
    let insert = "insert into commands.paused (part, since, note) values ($1, now(), $2)
                  on conflict (part) do nothing";
    client.execute(insert, &[&part, &note]).await?;
    tokio::time::sleep(LOOK_EVERY * 2).await;
    Ok(())
}

/// Resumes a part in every process. Comes back when it is in force; `false` when it was not paused.
pub async fn resume(pool: &Pool, part: &str) -> Result<bool, PoolError> {
    let client = pool.get().await?;
    let delete = "delete from commands.paused where part = $1";
    let gone = client.execute(delete, &[&part]).await?;
    tokio::time::sleep(LOOK_EVERY * 2).await;
    Ok(gone > 0)
}
