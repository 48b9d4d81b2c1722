//! How this process itself stands: whether it has begun, whether it ends, whether its workers live
//! and there are connections.

use super::{Check, PATIENCE, Status};
use deadpool_postgres::{Pool, PoolError};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// What this process knows of itself. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Own {
    has_begun: Arc<AtomicBool>,
    /// Cancelled when it is asked to end.
    pub ending: CancellationToken,
    dead: Arc<AtomicU64>,
}

impl Own {
    /// All that it needs has been there.
    pub fn begin(&self) {
        self.has_begun.store(true, Relaxed);
    }

    /// Waits for workers until all have ended. One that panics does not come back, so it is counted.
    pub async fn watch(self, mut workers: JoinSet<()>) {
        while let Some(ended) = workers.join_next().await {
            if ended.is_err_and(|error| error.is_panic()) {
                self.dead.fetch_add(1, Relaxed);
                tracing::error!("a worker of this process has died: restart it");
            }
        }
    }

    pub(super) fn checks(&self) -> Vec<Check> {
        let dead = self.dead.load(Relaxed);
        let workers = match dead {
            0 => Check::up("workers"),
            _ => {
                let reason = format!("{dead} of this process have died: restart it");
                Check::not_up("workers", Status::Degraded, reason)
            }
        };
        let not_ready = if self.ending.is_cancelled() {
            Some("it is shutting down")
        } else if !self.has_begun.load(Relaxed) {
            Some("it is starting: not all that follow the log run yet")
        } else {
            None
        };
        let service = not_ready.map(|reason| Check::not_up("service", Status::Down, reason));
        [workers].into_iter().chain(service).collect()
    }
}

/// Whether workers and commands get a connection. That the database is away is another check's to
/// say.
pub(super) async fn check_connections(pool: &Pool) -> Check {
    match timeout(PATIENCE, pool.get()).await {
        Ok(Ok(_) | Err(PoolError::Backend(_))) => Check::up("connections"),
        Ok(Err(_)) | Err(_) => match in_use(pool) {
            Some(reason) => Check::not_up("connections", Status::Degraded, reason),
            None => Check::up("connections"),
        },
    }
}

/// What is wrong when there is no connection to be had although the database may well be there.
pub(super) fn in_use(pool: &Pool) -> Option<String> {
    let status = pool.status();
    let is_taken = status.size >= status.max_size && status.available == 0;
    is_taken.then(|| {
        format!("all {} connections are in use, and {} wait", status.max_size, status.waiting)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(own: &Own, name: &str) -> Option<String> {
        own.checks().into_iter().find(|check| check.name == name).and_then(|check| check.reason)
    }

    #[test]
    fn a_process_is_not_ready_before_it_has_begun_and_when_it_ends() {
        let own = Own::default();
        assert!(reason(&own, "service").unwrap().contains("starting"));
        own.begin();
        assert_eq!(reason(&own, "service"), None);
        own.ending.cancel();
        assert!(reason(&own, "service").unwrap().contains("shutting down"));
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_told_of_and_one_that_ends_is_not() {
        let (own, mut workers) = (Own::default(), JoinSet::new());
        workers.spawn(async {});
        workers.spawn(async { panic!("a mistake") });
        own.clone().watch(workers).await;
        assert!(reason(&own, "workers").unwrap().starts_with("1 of"));
    }
}
