//! What came of an append, and what can go wrong with a log.

use crate::{ExpectedVersion, Position, StreamName};
use futures::future::BoxFuture;

/// What an append led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The version of its last event in the stream, counted from 0.
    pub version: u64,
    /// The position of its last event in the log.
    pub position: Position,
}

/// What becomes of an append that was submitted. Whoever drops it does not learn it; it is stored
/// all the same.
pub type Submitted = BoxFuture<'static, Result<Appended, AppendError>>;

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
