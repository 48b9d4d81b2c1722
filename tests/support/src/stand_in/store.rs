//! What the stand-in has on record, and the server's rules for adding to it.

use super::wire::{Position, ProposedMessage};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use uuid::Uuid;

/// The limit of the servers up to 25.0, over data, metadata and twice each type's length.
const MAX_APPEND_BYTES: usize = 1_048_576;

/// Where the first event lies. Positions are byte offsets, never 0, 1, 2.
const FIRST_POSITION: u64 = 157;

#[derive(Debug)]
pub(super) struct Record {
    pub id: Uuid,
    pub stream: String,
    pub revision: u64,
    pub position: Position,
    pub event_type: String,
    pub content_type: String,
    pub data: Vec<u8>,
    pub custom_metadata: Vec<u8>,
}

/// What an append may expect of its stream. The stand-in takes no append that expects nothing.
#[derive(Clone, Copy)]
pub(super) enum Expected {
    NoStream,
    Exact(u64),
}

pub(super) enum Refused {
    WrongExpectedVersion,
    TooLarge,
    /// Without an id or a type.
    Malformed,
}

/// Where the last event of an append lies.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub revision: u64,
    pub position: Position,
}

pub(super) struct Store {
    log: Mutex<Log>,
    /// The number of events on record.
    grown: watch::Sender<usize>,
}

#[derive(Default)]
struct Log {
    records: Vec<Arc<Record>>,
    streams: HashMap<String, Vec<Arc<Record>>>,
    end: u64,
}

impl Store {
    pub fn new() -> Self {
        let log = Log { end: FIRST_POSITION, ..Log::default() };
        Self { log: Mutex::new(log), grown: watch::Sender::new(0) }
    }

    /// The server's rules: what is expected earlier than the end is compared with the ids on record
    /// there, what is expected at the end is added unseen.
    pub fn append(
        &self,
        stream: &str,
        expected: Expected,
        proposed: Vec<ProposedMessage>,
    ) -> Result<Written, Refused> {
        if proposed.iter().map(size).sum::<usize>() > MAX_APPEND_BYTES {
            return Err(Refused::TooLarge);
        }
        let proposed = proposed
            .into_iter()
            .map(Proposed::read)
            .collect::<Option<Vec<_>>>()
            .ok_or(Refused::Malformed)?;
        let next = match expected {
            Expected::NoStream => 0,
            Expected::Exact(revision) => revision + 1,
        };
        let mut log = self.log();
        let length = log.streams.get(stream).map_or(0, Vec::len) as u64;
        if next > length {
            return Err(Refused::WrongExpectedVersion);
        }
        if next < length {
            return log.same_again(stream, next, &proposed);
        }
        let written = log.add(stream, proposed).ok_or(Refused::Malformed)?;
        self.grown.send_replace(log.records.len());
        Ok(written)
    }

    /// Several events under one commit position, as old transactions left them.
    pub fn add_transaction(&self, stream: &str, proposed: Vec<ProposedMessage>) {
        let mut log = self.log();
        let commit = log.end + 1_000_000;
        for message in proposed {
            if let Some(proposed) = Proposed::read(message) {
                let position = Position { commit, prepare: log.end };
                log.put(stream, proposed, position);
            }
        }
        log.end = commit;
        self.grown.send_replace(log.records.len());
    }

    pub fn stream(&self, name: &str) -> Option<Vec<Arc<Record>>> {
        self.log().streams.get(name).cloned()
    }

    /// Up to `limit` events after the first `skipped`, in log order.
    pub fn page(&self, skipped: usize, limit: usize) -> Vec<Arc<Record>> {
        let log = self.log();
        log.records.iter().skip(skipped).take(limit).cloned().collect()
    }

    /// How many events lie before `position`, or up to it when `inclusive`.
    pub fn count_before(&self, position: Position, inclusive: bool) -> usize {
        let at = (position.commit, position.prepare);
        self.log().records.partition_point(|record| {
            let here = (record.position.commit, record.position.prepare);
            here < at || (inclusive && here == at)
        })
    }

    pub fn len(&self) -> usize {
        self.log().records.len()
    }

    pub fn growth(&self) -> watch::Receiver<usize> {
        self.grown.subscribe()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn same_again(
        &self,
        stream: &str,
        next: u64,
        proposed: &[Proposed],
    ) -> Result<Written, Refused> {
        let stored = &self.streams[stream][next as usize..];
        let same = stored.len() >= proposed.len()
            && stored.iter().zip(proposed).all(|(there, here)| there.id == here.id);
        let last = &stored[proposed.len().min(stored.len()) - 1];
        if same {
            Ok(Written { revision: last.revision, position: last.position })
        } else {
            Err(Refused::WrongExpectedVersion)
        }
    }

    fn add(&mut self, stream: &str, proposed: Vec<Proposed>) -> Option<Written> {
        let mut written = None;
        for event in proposed {
            let position = Position { commit: self.end, prepare: self.end };
            let gap = 97 + event.message.data.len() as u64;
            written = Some(Written { revision: self.put(stream, event, position), position });
            self.end += gap;
        }
        written
    }

    /// The event's revision.
    fn put(&mut self, stream: &str, event: Proposed, position: Position) -> u64 {
        let events = self.streams.entry(stream.to_owned()).or_default();
        let record = Arc::new(Record {
            id: event.id,
            stream: stream.to_owned(),
            revision: events.len() as u64,
            position,
            event_type: event.event_type,
            content_type: event.content_type,
            data: event.message.data,
            custom_metadata: event.message.custom_metadata,
        });
        events.push(record.clone());
        self.end = self.end.max(position.prepare) + 1;
        let revision = record.revision;
        self.records.push(record);
        revision
    }
}

struct Proposed {
    id: Uuid,
    event_type: String,
    content_type: String,
    message: ProposedMessage,
}

impl Proposed {
    fn read(mut message: ProposedMessage) -> Option<Self> {
        Some(Self {
            id: message.id.take()?.read()?,
            event_type: message.metadata.remove("type")?,
            content_type: message.metadata.remove("content-type")?,
            message,
        })
    }
}

fn size(message: &ProposedMessage) -> usize {
    let type_length = message.metadata.get("type").map_or(0, |name| name.encode_utf16().count());
    message.data.len() + message.custom_metadata.len() + 2 * type_length
}
