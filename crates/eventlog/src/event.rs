//! Streams, versions, positions, and events before and after they are stored.

use crate::AppendError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// What one append may hold, in bytes: payload, metadata and twice the type's length of each event.
/// The smallest default of the servers this log runs on (EventStoreDB 23.10 to 25.0: 1 MiB).
pub const MAX_APPEND_BYTES: usize = 1_048_576;

/// `<context>.<aggregate>-<id>`. The category is what stands before the first dash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

impl StreamName {
    pub fn new(category: &str, id: &str) -> Self {
        Self(format!("{category}-{id}").into())
    }

    /// A name as the log holds it.
    pub fn stored(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(category, _)| category)
    }

    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in the log: opaque and totally ordered, never a counter. EventStoreDB needs both halves.
///
/// Its text form, in headers, checkpoints and the command line, is `<commit>-<prepare>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub commit: u64,
    pub prepare: u64,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self { commit: 0, prepare: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.commit, self.prepare)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log position is two numbers with a dash between, as in the Log-Position header")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (commit, prepare) = text.split_once('-').ok_or(InvalidPosition)?;
        let number = |digits: &str| digits.parse().map_err(|_| InvalidPosition);
        Ok(Self { commit: number(commit)?, prepare: number(prepare)? })
    }
}

/// What a writer believes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    NoStream,
    /// The version of the last event, counted from 0.
    Exact(u64),
}

impl ExpectedVersion {
    /// The version that the first event of the append gets.
    pub fn next(self) -> u64 {
        match self {
            Self::NoStream => 0,
            Self::Exact(version) => version + 1,
        }
    }

    /// What a writer expects who has seen `seen` events.
    pub fn after(seen: u64) -> Self {
        seen.checked_sub(1).map_or(Self::NoStream, Self::Exact)
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStream => f.write_str("no event"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}

/// Where an event comes from. Never personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The command that made it.
    pub command_id: Uuid,
    /// The request at the beginning of it all.
    pub correlation_id: Uuid,
    /// The event a policy answered, if it was a policy that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// A role or a part of the system, not a person's name.
    pub actor: String,
    pub at: DateTime<Utc>,
}

/// An event about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Deterministic, see [`NewEvent::id_of`], so that a retry is recognised.
    pub id: Uuid,
    /// `<context>.<Event>`.
    pub event_type: String,
    /// Counts from 1.
    pub schema_version: u16,
    /// JSON.
    pub payload: String,
    pub metadata: Metadata,
}

impl NewEvent {
    /// The id of the `index`-th event of a command: UUIDv5.
    pub fn id_of(command_id: Uuid, index: usize) -> Uuid {
        Uuid::new_v5(&command_id, &(index as u64).to_be_bytes())
    }

    fn size(&self) -> usize {
        // The metadata is bounded: three ids, a time, and the actor.
        self.payload.len() + 2 * self.event_type.len() + self.metadata.actor.len() + 256
    }
}

/// Events for one stream, stored together or not at all. One that exists is neither empty nor too
/// large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    stream: StreamName,
    expected: ExpectedVersion,
    upon: Option<Uuid>,
    events: Vec<NewEvent>,
}

impl Append {
    pub fn new(
        stream: StreamName,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Self, AppendError> {
        let size = events.iter().map(NewEvent::size).sum();
        if events.is_empty() {
            return Err(AppendError::Empty);
        }
        if size > MAX_APPEND_BYTES {
            return Err(AppendError::TooLarge { size, limit: MAX_APPEND_BYTES });
        }
        Ok(Self { stream, expected, upon: None, events })
    }

    /// Expects, besides the version, that the stream's last event is this one: for an append that
    /// builds upon one that is not stored yet.
    pub fn upon(self, event: Option<Uuid>) -> Self {
        Self { upon: event, ..self }
    }

    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    pub fn expected(&self) -> ExpectedVersion {
        self.expected
    }

    pub fn events(&self) -> &[NewEvent] {
        &self.events
    }

    pub fn into_events(self) -> Vec<NewEvent> {
        self.events
    }

    /// What [`Append::upon`] was given.
    pub fn builds_upon(&self) -> Option<Uuid> {
        self.upon
    }

    /// The id of its last event.
    pub fn last_id(&self) -> Option<Uuid> {
        self.events.last().map(|event| event.id)
    }

    /// The version of its last event, once stored.
    pub fn last_version(&self) -> u64 {
        self.expected.next() + self.events.len() as u64 - 1
    }
}

/// An event that is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    pub id: Uuid,
    pub stream: StreamName,
    /// Its place in the stream, counted from 0.
    pub version: u64,
    /// Its place in the log.
    pub position: Position,
    /// `<context>.<Event>`.
    pub event_type: String,
    pub schema_version: u16,
    /// JSON.
    pub payload: String,
    pub metadata: Metadata,
}

/// Which event: all that has to be known of it to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub id: Uuid,
    pub stream: StreamName,
    /// Counted from 0.
    pub version: u64,
    pub position: Position,
    /// `<context>.<Event>`.
    pub event_type: String,
}

impl RecordedEvent {
    pub fn place(&self) -> EventPlace {
        EventPlace {
            id: self.id,
            stream: self.stream.clone(),
            version: self.version,
            position: self.position,
            event_type: self.event_type.clone(),
        }
    }
}
