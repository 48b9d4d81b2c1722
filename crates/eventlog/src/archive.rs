//! The log as a file: JSON lines with all events in log order, and whatever rows the caller adds.
//!
//! ```text
//! {"archive":{"format":1,"id":"…","at":"…"}}
//! {"event":{"position":"1-1","stream":"cafe.order-o1","version":0,…}}
//! {"check":{"events":10000,"sha256":"…"}}       every so often
//! {"row":{"table":"commands.timers","row":{…}}}
//! {"end":{"events":12345,"rows":6,"sha256":"…"}}
//! ```
//!
//! Each checksum is of all bytes before its line, so that a file that was cut off is continued from the
//! last one that is right, and one that was changed is not believed.

mod filling;
mod reading;
mod writing;

pub use filling::{Filled, fill};
pub use reading::{Archive, Reader};
pub use writing::Writer;

use crate::{AppendError, LogError, Metadata, Position, RecordedEvent};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use std::{io, path::PathBuf};
use uuid::Uuid;

/// What this program writes, and the newest that it reads.
const FORMAT: u16 = 1;

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{} cannot be read or written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is no archive of a log, or is damaged: line {line}: {why}", path.display())]
    Damaged { path: PathBuf, line: u64, why: String },
    #[error("{} ends before its end: it was not written to the end", path.display())]
    CutOff { path: PathBuf },
    #[error("{} is written to its end already", path.display())]
    Complete { path: PathBuf },
    /// Nothing of it was appended after that.
    #[error("the log has other events than the archive: its event {number} is {found}")]
    OtherLog {
        /// Counted from 1.
        number: u64,
        found: String,
    },
    #[error("event {number} of the archive was not appended")]
    Append {
        /// Counted from 1.
        number: u64,
        #[source]
        source: AppendError,
    },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What stands first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format: u16,
    /// Of this archive, and of no other.
    pub id: Uuid,
    pub at: DateTime<Utc>,
}

impl Header {
    pub fn new(id: Uuid, at: DateTime<Utc>) -> Self {
        Self { format: FORMAT, id, at }
    }
}

/// A row of a table of PostgreSQL, by its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    pub table: String,
    pub row: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Archive(Header),
    Event(Box<ArchivedEvent>),
    Check(Check),
    Row(TableRow),
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArchivedEvent {
    position: String,
    stream: String,
    version: u64,
    id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u16,
    payload: Box<RawValue>,
    metadata: Metadata,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Check {
    events: u64,
    sha256: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    events: u64,
    rows: u64,
    sha256: String,
}

impl ArchivedEvent {
    fn of(event: &RecordedEvent) -> Result<Self, serde_json::Error> {
        // In JSON, a line's end stands between values only, and a space is as good.
        let payload = event.payload.replace(['\n', '\r'], " ");
        Ok(Self {
            position: event.position.to_string(),
            stream: event.stream.as_str().to_owned(),
            version: event.version,
            id: event.id,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            payload: RawValue::from_string(payload)?,
            metadata: event.metadata.clone(),
        })
    }

    /// As it was in the log that it comes from.
    fn position(&self) -> Result<Position, String> {
        self.position.parse().map_err(|error| format!("{error}"))
    }
}

fn hexed(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
