//! An archive's events into a log: ids, order and versions kept.
//!
//! The log must be empty, or hold the archive's first events and no others. So whoever was interrupted
//! begins again, and goes on where it was.

use super::{ArchiveError, ArchivedEvent, Reader};
use crate::{
    Append, AppendError, Delivery, EventLog, ExpectedVersion, NewEvent, Position, RecordedEvent,
    StreamName,
};
use futures::{FutureExt, StreamExt, stream::FuturesOrdered};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// How many appends may be under way. They are judged in their order all the same.
const UNDER_WAY: usize = 1024;

/// What came of filling a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Of the archive, all of which the log has now.
    pub events: u64,
    /// Those that it did not have before.
    pub appended: u64,
    positions: BTreeMap<Position, Position>,
}

impl Filled {
    /// Where in this log that is, up to which everything was done in the archive's: one of the
    /// positions that were asked for.
    pub fn position(&self, archived: Position) -> Option<Position> {
        self.positions.get(&archived).copied()
    }
}

/// Brings the log up to what the archive says, sees that it is so, and finds out where `asked` are
/// in it. `on_progress` is told how many of the archive's events are there.
pub async fn fill(
    log: &dyn EventLog,
    path: &Path,
    asked: &[Position],
    on_progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Filled, ArchiveError> {
    let archive = Reader::check(path)?;
    let before = compare(log, path, asked, on_progress).await?;
    if before.events == archive.events {
        return Ok(before);
    }
    append(log, path, before.events, on_progress).await?;
    let after = compare(log, path, asked, &mut |_| {}).await?;
    if after.events < archive.events {
        let found = "not there, though it was appended".to_owned();
        return Err(ArchiveError::OtherLog { number: after.events + 1, found });
    }
    Ok(Filled { appended: archive.events - before.events, ..after })
}

/// How many of the archive's first events the log begins with. It may go on after the last of them.
async fn compare(
    log: &dyn EventLog,
    path: &Path,
    asked: &[Position],
    on_progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Filled, ArchiveError> {
    let mut reader = Reader::open(path)?;
    let mut next = reader.event()?;
    let mut walk = Walk::new(asked);
    // A subscription waits for a log that is away; this says so.
    log.end().await?;
    let mut deliveries = log.subscribe(Position::START, Vec::new());
    while next.is_some() {
        let events = match deliveries.next().await {
            Some(Delivery::Events(events)) => events,
            Some(Delivery::Checkpoint(_)) => continue,
            Some(Delivery::CaughtUp) | None => break,
        };
        for event in &events {
            let Some(archived) = next.take() else { break };
            if !is_same(&archived, event) {
                let found = format!("{} of {}", event.event_type, event.stream);
                return Err(ArchiveError::OtherLog { number: walk.events + 1, found });
            }
            walk.pass(archived.position().map_err(|why| reader.damaged(why))?, event.position);
            next = reader.event()?;
        }
        on_progress(walk.events);
    }
    Ok(walk.done())
}

fn is_same(archived: &ArchivedEvent, event: &RecordedEvent) -> bool {
    archived.id == event.id
        && archived.stream == event.stream.as_str()
        && archived.version == event.version
        && archived.event_type == event.event_type
        && archived.schema_version == event.schema_version
        && archived.metadata == event.metadata
        && ArchivedEvent::of(event).is_ok_and(|same| same.payload.get() == archived.payload.get())
}

/// Along both, event by event.
struct Walk {
    events: u64,
    /// Where the log is.
    at: Position,
    asked: BTreeSet<Position>,
    positions: BTreeMap<Position, Position>,
}

impl Walk {
    fn new(asked: &[Position]) -> Self {
        let asked = asked.iter().copied().collect();
        Self { events: 0, at: Position::START, asked, positions: BTreeMap::new() }
    }

    fn pass(&mut self, archived: Position, at: Position) {
        while let Some(before) = self.asked.first().copied().filter(|asked| *asked < archived) {
            self.asked.remove(&before);
            self.positions.insert(before, self.at);
        }
        (self.at, self.events) = (at, self.events + 1);
    }

    fn done(self) -> Filled {
        let Self { events, at, asked, mut positions } = self;
        positions.extend(asked.into_iter().map(|rest| (rest, at)));
        Filled { events, appended: 0, positions }
    }
}

/// All but the first `there` events, as they were appended at the time: those of one command
/// together.
async fn append(
    log: &dyn EventLog,
    path: &Path,
    mut there: u64,
    on_progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), ArchiveError> {
    let mut reader = Reader::open(path)?;
    for _ in 0..there {
        reader.event()?;
    }
    let mut next = reader.event()?;
    let mut under_way = FuturesOrdered::new();
    while next.is_some() || !under_way.is_empty() {
        let failed = |source| ArchiveError::Append { number: there + 1, source };
        match next.take() {
            Some(first) if under_way.len() < UNDER_WAY => {
                let mut events = vec![first];
                next = reader.event()?;
                while let Some(event) = next.take_if(|event| goes_with(&events, event)) {
                    events.push(event);
                    next = reader.event()?;
                }
                let count = events.len() as u64;
                let append = appended(events).map_err(failed)?;
                let submitted = log.submit(append).await.map_err(failed)?;
                under_way.push_back(submitted.map(move |done| done.map(|_| count)));
            }
            waiting => {
                next = waiting;
                let Some(done) = under_way.next().await else { break };
                there += done.map_err(failed)?;
                on_progress(there);
            }
        }
    }
    Ok(())
}

fn goes_with(events: &[ArchivedEvent], event: &ArchivedEvent) -> bool {
    events.last().is_some_and(|last| {
        (&last.stream, last.version + 1, last.metadata.command_id)
            == (&event.stream, event.version, event.metadata.command_id)
    })
}

fn appended(events: Vec<ArchivedEvent>) -> Result<Append, AppendError> {
    let first = events.first().ok_or(AppendError::Empty)?;
    let (stream, seen) = (StreamName::stored(first.stream.as_str()), first.version);
    let events = events.into_iter().map(|event| NewEvent {
        id: event.id,
        event_type: event.event_type,
        schema_version: event.schema_version,
        payload: event.payload.get().to_owned(),
        metadata: event.metadata,
    });
    Append::new(stream, ExpectedVersion::after(seen), events.collect())
}
