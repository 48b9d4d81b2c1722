//! The log on EventStoreDB, through the `eventstore` crate.
//!
//! What that client does not survive is survived here: [`connection`] replaces clients that are
//! dead or talk to a dead node, [`appending`] replaces batch sessions, which end on any conflict,
//! and [`following`] replaces subscriptions. Appends and reads share one client; every subscription
//! has its own, because subscriptions that are not read block all else on their connection.
//!
//! The server's own events (their type or stream begins with `$`) never come out. Events that this
//! program did not write fail a read with [`LogError::Foreign`]; a subscription passes over them
//! with a warning, so that another program's streams do not stop this one.

mod appending;
mod backlog;
mod connection;
mod encoding;
mod following;
mod guard;
mod reading;

use crate::{
    Append, AppendError, Appended, Backlog, EventLog, LogError, Position, RecordedEvent, Scan,
    StreamName, Subscription,
};
use appending::Appender;
use async_trait::async_trait;
use connection::{Connection, settings};
use eventstore::ClientSettings;
use reading::Reader;
use std::sync::Arc;

pub struct EventStoreDb {
    settings: ClientSettings,
    reader: Reader,
    appender: Appender,
}

impl EventStoreDb {
    /// Takes a connection string, `esdb://host:2113?tls=false`. The server need not be up: the
    /// first call connects.
    pub fn connect(url: &str) -> Result<Self, LogError> {
        let settings = settings(url).map_err(LogError::unreachable)?;
        let connection = Arc::new(Connection::new(settings.clone()));
        let reader = Reader::new(connection.clone());
        Ok(Self { settings, appender: Appender::new(connection, reader.clone()), reader })
    }
}

#[async_trait]
impl EventLog for EventStoreDb {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.appender.append(&append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, LogError> {
        self.reader.stream(stream, from_version, limit).await
    }

    fn subscribe(&self, after: Position, categories: Vec<String>) -> Subscription {
        let connection = Connection::new(self.settings.clone());
        following::subscribe(connection, after, &categories)
    }

    fn scan(&self, after: Position, until: Position, categories: Vec<String>) -> Scan {
        Scan::of(self.subscribe(after, categories), until)
    }

    async fn end(&self) -> Result<Position, LogError> {
        self.reader.end().await
    }

    async fn backlog(&self, after: Position) -> Result<Backlog, LogError> {
        self.reader.backlog(after).await
    }
}
