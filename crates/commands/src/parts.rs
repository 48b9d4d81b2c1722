//! Which parts the staff has paused. A part is an aggregate type, such as `cafe.ticket`; while it is
//! paused its commands answer [`Error::PartDown`], in every process.

use crate::Error;
use deadpool_postgres::{Pool, PoolError};
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often each process looks. Pausing waits for twice as long, and is then in force everywhere.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The paused parts as this process last saw them.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    paused: Arc<RwLock<BTreeSet<String>>>,
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

    pub fn paused(&self) -> Vec<String> {
        let paused = self.paused.read().unwrap_or_else(PoisonError::into_inner);
        paused.iter().cloned().collect()
    }

    /// Looks once; to be done before the first command is taken.
    pub async fn look(&self, pool: &Pool) -> Result<(), PoolError> {
        let client = pool.get().await?;
        let select = client.prepare_cached("select part from commands.paused").await?;
        let rows = client.query(&select, &[]).await?;
        let paused = rows.iter().map(|row| row.get(0)).collect();
        *self.paused.write().unwrap_or_else(PoisonError::into_inner) = paused;
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
