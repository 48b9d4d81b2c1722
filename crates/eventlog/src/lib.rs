//! The event log as a port, [`EventLog`], and its two engines: PostgreSQL and EventStoreDB.
//!
//! It knows streams, versions, positions and JSON, and no business word. Consumers that follow the
//! log find here what they share: checkpoints under a lease, and parked events.

#![warn(clippy::unwrap_used)]

pub mod archive;
mod backlog;
mod causes;
pub mod consumer;
mod event;
pub mod eventstoredb;
pub mod gather;
mod histogram;
mod outcome;
pub mod postgres;
mod scan;
mod spent;
mod subscription;
pub mod trace;

pub use backlog::Backlog;
pub use causes::Causes;
pub use event::{
    Append, EventPlace, ExpectedVersion, InvalidPosition, MAX_APPEND_BYTES, Metadata, NewEvent,
    Position, RecordedEvent, StreamName,
};
pub use histogram::{Counted, Durations, Histogram};
pub use outcome::{AppendError, Appended, LogError, Submitted};
pub use scan::{Page, Scan, ScannedEvent};
pub use spent::Spent;
pub use subscription::{Delivery, Subscription};

use async_trait::async_trait;
use futures::{FutureExt, future::ready};

/// An append-only log of streams with one total order over all events.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Stores the events of one append together or not at all, durably.
    ///
    /// The same append again (same stream, expected version and event ids) gives the same answer
    /// and stores nothing, however late it comes. The engine itself repeats after an unknown
    /// outcome, for a bounded time; what is still unknown then is [`AppendError::Unavailable`].
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Takes an append into the line, and answers later. Appends to one stream are judged in the
    /// order in which they were taken, so that one may build [upon](Append::upon) another that is
    /// not stored yet: when that one fails, it fails, too. An engine that cannot do that stores it
    /// at once, or says at once why not.
    async fn submit(&self, append: Append) -> Result<Submitted, AppendError> {
        let appended = self.append(append).await?;
        Ok(ready(Ok(appended)).boxed())
    }

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

    /// Every event after `after` and up to `until` whose stream's category is in `categories` (all
    /// when empty), in log order, as fast as they can be had. Ends there; reconnects by itself.
    fn scan(&self, after: Position, until: Position, categories: Vec<String>) -> Scan;

    /// The position of the last event, [`Position::START`] when there is none. Also the health
    /// check: it asks the server, every time.
    async fn end(&self) -> Result<Position, LogError>;

    /// What stands after a position: how many events, and since when. Cheap when that is nothing.
    async fn backlog(&self, after: Position) -> Result<Backlog, LogError>;
}
