//! A page of the log, decoded once for all views that are being rebuilt.

use crate::fold;
use domain::{Event, Fact, stored::Stored};
use eventlog::{EventPlace, LogError, Page, Position, ScannedEvent, StreamName};

/// Decoded events in log order.
#[derive(Debug)]
pub struct Chunk {
    pub events: Vec<Decoded>,
    /// Every event up to here is in this chunk or in one before it.
    pub reached: Position,
}

/// An event on its way into rows.
#[derive(Debug)]
pub struct Decoded {
    pub place: EventPlace,
    /// The fact, or why there is none.
    pub fact: Result<Fact<Event>, String>,
}

impl Chunk {
    /// Fails when the page holds what is no event at all; an event that cannot be decoded says so
    /// itself.
    pub(crate) fn of(page: &Page) -> Result<Self, LogError> {
        let mut events = Vec::new();
        page.each(|event| events.push(Decoded::of(event)))?;
        Ok(Self { events, reached: page.reached() })
    }
}

impl Decoded {
    fn of(event: ScannedEvent<'_>) -> Self {
        let stream = StreamName::stored(event.stream);
        let stored = Stored {
            category: stream.category(),
            event_type: event.event_type,
            schema_version: event.schema_version,
            payload: event.payload,
        };
        let fact = fold::decode(&stored, event.id, stream.id(), event.at);
        let place = EventPlace {
            id: event.id,
            version: event.version,
            position: event.position,
            event_type: event.event_type.to_owned(),
            stream,
        };
        Self { place, fact }
    }
}
