//! A log on a database of its own, and what follows it.

use chrono::{DateTime, Duration, Utc};
use commands::{
    Meta,
    clock::Clock,
    parts::Parts,
    reactor::{Reactive, Reactor, consumer_name},
};
use deadpool_postgres::{Manager, Pool};
use domain::{Context, Id, Quantity};
use eventlog::{
    EventLog, Position, StreamName,
    consumer::{Consumers, Roster},
    postgres::PostgresLog,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use support::postgres::Database;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Starts at a fixed moment and moves a microsecond with each look.
#[derive(Default)]
pub struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(ticks as i64)
    }

    fn new_id(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

pub struct World {
    _database: Database,
    pub pool: Pool,
    pub log: Arc<dyn EventLog>,
    pub clock: Arc<dyn Clock>,
    pub parts: Parts,
}

/// A reactor at work.
pub struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::create().await;
        let manager = Manager::new(database.config(), NoTls);
        let pool = Pool::builder(manager).max_size(8).build().unwrap();
        Consumers::migrate(&pool).await.unwrap();
        commands::migrate(&pool).await.unwrap();
        let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(database.config()).await.unwrap());
        let (clock, parts) = (Arc::new(TestClock::default()), Parts::default());
        Self { _database: database, pool, log, clock, parts }
    }

    /// Pauses a part, as staff does.
    pub async fn pause(&self, part: &str) {
        commands::parts::pause(&self.pool, part, "").await.unwrap();
        self.parts.look(&self.pool).await.unwrap();
    }

    pub async fn resume(&self, part: &str) {
        commands::parts::resume(&self.pool, part).await.unwrap();
        self.parts.look(&self.pool).await.unwrap();
    }

    /// Lets a reactor work, and knows that it does.
    pub async fn work<R: Reactive + Clone>(&self, context: &R) -> Running {
        let running = self.react(context);
        let follow = self.parts.clone().follow(self.pool.clone(), running.cancel.clone());
        tokio::spawn(follow);
        self.caught_up(context.context(), self.log.end().await.unwrap()).await;
        running
    }

    fn react<R: Reactive + Clone>(&self, context: &R) -> Running {
        let (log, pool) = (self.log.clone(), self.pool.clone());
        let roster = Roster::new(pool.clone(), Uuid::from_u128(7));
        let reactor =
            Reactor::new(Arc::new(context.clone()), log, pool, self.parts.clone(), roster);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(reactor.run(cancel.clone()));
        Running { cancel, task }
    }

    /// Lets a reactor follow the log until nothing follows any more.
    pub async fn settle<R: Reactive + Clone>(&self, context: &R) {
        let running = self.react(context);
        let mut end = self.log.end().await.unwrap();
        loop {
            self.caught_up(context.context(), end).await;
            let now = self.log.end().await.unwrap();
            if now == end {
                break;
            }
            end = now;
        }
        running.stop().await;
    }

    /// Sends the reactors back to the beginning.
    pub async fn forget(&self) {
        let client = self.pool.get().await.unwrap();
        let reset = "update consumers.checkpoints set commit_position = 0, prepare_position = 0";
        client.execute(reset, &[]).await.unwrap();
    }

    async fn caught_up(&self, context: Context, end: Position) {
        let consumers = Consumers::new(self.pool.clone());
        let name = consumer_name(context);
        let reached = async {
            loop {
                let state = consumers.state(&name).await.unwrap();
                if state.is_some_and(|state| state.position >= end) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let in_time = timeout(std::time::Duration::from_secs(20), reached).await;
        assert!(in_time.is_ok(), "{name} never caught up");
    }

    /// The types of a stream's events, without the context.
    pub async fn types(&self, stream: &str) -> Vec<String> {
        let read = self.log.read_stream(&StreamName::stored(stream), 0, 100).await;
        let types = read.unwrap().into_iter().map(|event| event.event_type);
        types.map(|name| name.split_once('.').unwrap().1.to_owned()).collect()
    }

    /// The texts of all notices, in any order.
    pub async fn notices(&self) -> Vec<(String, String)> {
        let client = self.pool.get().await.unwrap();
        let select = "select recipient, body from commands.notices";
        let rows = client.query(select, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

impl Running {
    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

pub fn meta(command: u128) -> Meta {
    let command_id = Uuid::from_u128(command);
    Meta {
        command_id,
        correlation_id: command_id,
        causation_id: None,
        actor: "test".to_owned(),
        may_be_repeat: true,
        guard: commands::Guard::default(),
    }
}

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}
