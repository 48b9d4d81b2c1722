//! The outbox and the timers on a database of their own: workers that share a table.

mod migrations;
mod outbox;
mod people;
mod timers;
mod webhook;

use commands::{People, clock::SystemClock, people::Masters};
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod};
use std::{future::Future, time::Duration};
use support::postgres::Database;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;

/// How long anything here may take.
const DEADLINE: Duration = Duration::from_secs(20);

struct Tables {
    pool: Pool,
    people: People,
    _database: Database,
}

impl Tables {
    async fn create() -> Self {
        let database = Database::create().await;
        let pool = pool(&database);
        commands::migrate(&pool).await.unwrap();
        let people = people(&pool, "test");
        Self { pool, people, _database: database }
    }

    async fn client(&self) -> Client {
        self.pool.get().await.unwrap()
    }

    /// The one number that `query` gives.
    async fn count(&self, query: &str) -> i64 {
        let row = self.client().await.query_one(query, &[]).await.unwrap();
        row.get(0)
    }

    /// Waits until `query` gives `expected`.
    async fn until(&self, query: &str, expected: i64) {
        let mut last = None;
        let reached = async {
            while last != Some(expected) {
                last = Some(self.count(query).await);
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(DEADLINE, reached).await.is_err() {
            panic!("{query}: {last:?} and not {expected}");
        }
    }

    async fn execute(&self, statement: &str) {
        let client = self.client().await;
        client.batch_execute(statement).await.unwrap();
    }
}

/// As another process has them.
fn people(pool: &Pool, master: &str) -> People {
    let masters = Masters::parse(&format!("{master}:{}", "5e".repeat(32))).unwrap();
    People::new(pool.clone(), pool.clone(), Some(masters), SystemClock::shared())
}

fn pool(database: &Database) -> Pool {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let manager = Manager::from_config(database.config(), NoTls, manager);
    Pool::builder(manager).max_size(8).build().unwrap()
}

/// A worker that is stopped with its test.
struct Worker {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    fn start<F>(run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(cancel.clone()));
        Self { cancel, task }
    }

    /// Asks it to end, and waits.
    async fn stop(self) {
        self.cancel.cancel();
        let ended = tokio::time::timeout(DEADLINE, self.task).await;
        ended.expect("the worker ends when asked").unwrap();
    }

    /// Ends it in the middle of whatever it does.
    fn kill(self) {
        self.task.abort();
    }
}
