//! The log on PostgreSQL (schema `eventlog`).
//!
//! Positions are gap-free and in commit order: an append takes them by updating the one row of
//! `eventlog.head` in its transaction, so that row's lock is the sequencer. One writer task takes
//! many appends into one transaction, so that the lock and the commit cost once per batch.
//! Subscribers in this process are fed from memory after the commit; those of other processes are
//! woken by `NOTIFY` and read by position.

mod backlog;
mod batch;
mod bulk;
mod feed;
mod migrate;
mod rows;
mod server;
mod streams;
mod writer;

pub use migrate::{Change, MigrateError, migrate};
pub use server::{Server, TlsError};
pub use writer::BATCHES;

use crate::{
    Append, AppendError, Appended, Backlog, EventLog, LogError, Position, RecordedEvent, Scan,
    StreamName, Submitted, Subscription, gather::Gather,
};
use async_trait::async_trait;
use deadpool_postgres::{ManagerConfig, Pool, RecyclingMethod, Runtime};
use feed::Feed;
use futures::FutureExt;
use std::{sync::Arc, time::Duration};
use streams::{Streams, Stretch};
use tokio::{sync::mpsc, sync::oneshot, task::JoinSet};
use writer::Job;

mod embedded {
    refinery::embed_migrations!("migrations/log");
}

/// How many appends may wait for the writer before appending itself waits.
const QUEUED_APPENDS: usize = 4096;

/// How many deliveries a subscriber may be behind in memory before its task waits.
const QUEUED_DELIVERIES: usize = 16;

#[derive(Debug)]
pub struct PostgresLog {
    pool: Pool,
    streams: Gather<Streams>,
    writer: mpsc::Sender<Job>,
    feed: Arc<Feed>,
    changes: Vec<Change>,
    /// Ends the writer and the listener with the log.
    _tasks: JoinSet<()>,
}

impl PostgresLog {
    /// Connects, brings the schema up to date and starts the writer and the listener.
    pub async fn open(server: impl Into<Server>) -> Result<Self, LogError> {
        let server = server.into();
        let pool = read_pool(&server).map_err(LogError::unreachable)?;
        let changes = migrate(&pool, "eventlog", embedded::migrations::runner())
            .await
            .map_err(LogError::unreachable)?;
        let feed = Arc::new(Feed::new(rows::head(&pool).await?));
        let (writer, jobs) = mpsc::channel(QUEUED_APPENDS);
        let mut tasks = JoinSet::new();
        tasks.spawn(writer::run(server.clone(), jobs, feed.clone()));
        tasks.spawn(feed::listen(server, pool.clone(), feed.clone()));
        let streams = Gather::new(Streams(pool.clone()), streams::BOUNDS);
        Ok(Self { pool, streams, writer, feed, changes, _tasks: tasks })
    }

    /// What opening it changed of the schema.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

fn read_pool(server: &Server) -> Result<Pool, deadpool_postgres::BuildError> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let Server { config, tls } = server.clone();
    let manager = deadpool_postgres::Manager::from_config(config, tls, manager);
    Pool::builder(manager)
        .max_size(8)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(5)))
        .create_timeout(Some(Duration::from_secs(5)))
        .recycle_timeout(Some(Duration::from_secs(5)))
        .build()
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.submit(append).await?.await
    }

    async fn submit(&self, append: Append) -> Result<Submitted, AppendError> {
        let (answer, answered) = oneshot::channel();
        let gone = || AppendError::Unavailable(LogError::unreachable("the log was shut down"));
        self.writer.send(Job::new(append, answer)).await.map_err(|_| gone())?;
        Ok(async move { answered.await.map_err(|_| gone())? }.boxed())
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        let stretch = Stretch { stream: stream.clone(), from: from_version, limit };
        let read = self.streams.ask(stretch).await;
        read.unwrap_or_else(|| Err(LogError::unreachable("the log was shut down")))
    }

    fn subscribe(&self, after: Position, categories: Vec<String>) -> Subscription {
        let (deliver, deliveries) = mpsc::channel(QUEUED_DELIVERIES);
        let follower =
            feed::Follower::new(self.pool.clone(), self.feed.clone(), after, categories, deliver);
        let task = tokio::spawn(follower.run()).abort_handle();
        Subscription::new(deliveries, task)
    }

    fn scan(&self, after: Position, until: Position, categories: Vec<String>) -> Scan {
        bulk::scan(self.pool.clone(), after, until, &categories)
    }

    async fn end(&self) -> Result<Position, LogError> {
        rows::head(&self.pool).await
    }

    async fn backlog(&self, after: Position) -> Result<Backlog, LogError> {
        backlog::backlog(&self.pool, after).await
    }
}
