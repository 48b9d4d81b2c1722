//! What stands after a position: read, because positions of this engine are no counters.

use super::{
    connection::CallError,
    encoding::{decode, is_system, sound},
    reading::{CALL_LIMIT, Reader, original},
};
use crate::{Backlog, LogError, Position};
use eventstore::{Client, ReadAllOptions, StreamPosition};

/// How many events are looked at, the server's own among them, before "at least" has to do.
const LOOKED_AT: usize = 1000;

impl Reader {
    /// What is after a position. Counts at most 1000 events.
    pub async fn backlog(&self, after: Position) -> Result<Backlog, LogError> {
        let end = self.end().await?;
        if end <= after {
            return Ok(Backlog::NONE);
        }
        // Twice, because an answer may be cut short.
        match self.count(after, end).await {
            Err(error) if !error.is_final() => self.count(after, end).await,
            outcome => outcome,
        }
        .map_err(LogError::unreachable)
    }

    async fn count(&self, after: Position, end: Position) -> Result<Backlog, CallError> {
        let lease = self.connection.lease()?;
        let call = count(&lease.client, after, end);
        self.connection.watch(lease.generation, CALL_LIMIT, call).await
    }
}

/// Counts until `end` or for as long as it may: longer only while nothing but the server's own
/// events has come.
async fn count(client: &Client, after: Position, end: Position) -> Result<Backlog, CallError> {
    let (mut backlog, mut reached) = (Backlog::NONE, after);
    while backlog.events == 0 && reached < end {
        // The event at the position where a read begins comes too.
        let options = ReadAllOptions::default().position(start(reached)).max_count(LOOKED_AT + 1);
        let mut read = client.read_all(&options).await?;
        let mut seen = 0;
        while let Some(event) = read.next().await?.and_then(original) {
            seen += 1;
            let Some(position) = sound(event.position).filter(|position| *position > reached)
            else {
                continue;
            };
            reached = position;
            // What another program wrote is nobody's work either.
            if !is_system(&event)
                && let Ok(event) = decode(&event)
            {
                backlog.events += 1;
                backlog.oldest.get_or_insert(event.metadata.at);
            }
        }
        if seen <= LOOKED_AT && reached < end {
            return Err(CallError::CutShort);
        }
    }
    backlog.is_all = reached >= end;
    Ok(backlog)
}

fn start(position: Position) -> StreamPosition<eventstore::Position> {
    let Position { commit, prepare } = position;
    match position {
        Position::START => StreamPosition::Start,
        _ => StreamPosition::Position(eventstore::Position { commit, prepare }),
    }
}
