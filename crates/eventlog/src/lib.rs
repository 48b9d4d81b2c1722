//! The event log as a port, [`EventLog`], and its two engines: PostgreSQL and EventStoreDB.
//!
//! It knows streams, versions, positions and JSON, and no business word. Consumers that follow the
//! log (the reactor, the projections) find here what they share: checkpoints under a lease, and
//! parked events.

#![warn(clippy::unwrap_used)]

mod causes;
pub mod consumer;
mod event;
pub mod eventstoredb;
pub mod postgres;
mod subscription;

pub use causes::Causes;
pub use event::{
    Append, ExpectedVersion, MAX_APPEND_BYTES, Metadata, NewEvent, Position, RecordedEvent,
    StreamName,
};
pub use subscription::{Delivery, Subscription};

use async_trait::async_trait;

/// An append-only log of streams with one total order over all events.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Stores the events of one append together or not at all, durably.
    ///
    /// The same append again (same stream, expected version and event ids) gives the same answer
    /// and stores nothing, however late it comes. The engine itself repeats after an unknown
    /// outcome, for a bounded time; what is still unknown then is [`AppendError::Unavailable`].
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// At most `limit` events of a stream in order, from `from_version` (inclusive, counted from
    /// 0). Empty when the stream does not exist or ends before.
    async fn read_stream(
        &self,
        stream: &StreamName,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, LogError>;

    /// Every event after `after` whose stream's category is in `categories` (all when empty), in
    /// log order, and then those to come. Reconnects by itself and never ends.
    fn subscribe(&self, after: Position, categories: Vec<String>) -> Subscription;

    /// The position of the last event, [`Position::START`] when there is none. Also the health
    /// check: it asks the server, every time.
    async fn end(&self) -> Result<Position, LogError>;
}

/// What an append led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The version of its last event in the stream, counted from 0.
    pub version: u64,
    /// The position of its last event in the log.
    pub position: Position,
}

#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody was first. Nothing was stored.
    #[error("{stream} was expected at {expected}, and is at {}", current.map_or("no event".to_owned(), |version| format!("version {version}")))]
    Conflict {
        stream: StreamName,
        expected: ExpectedVersion,
        /// The version of the stream's last event, when known.
        current: Option<u64>,
    },
    #[error("an append takes 1 to {limit} bytes, not {size}: split what the event carries")]
    TooLarge { size: usize, limit: usize },
    #[error("an append needs at least one event")]
    Empty,
    /// Not stored, or not known to be stored: send the same append again.
    #[error("the event log did not confirm the append")]
    Unavailable(#[source] LogError),
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the event log cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the event log holds what this program did not write: {0}")]
    Foreign(String),
}

impl LogError {
    pub fn unreachable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreachable(source.into())
    }
}
