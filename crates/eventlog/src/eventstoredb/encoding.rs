//! Events as EventStoreDB holds them: the payload is the data, and our metadata with the schema
//! version is the custom metadata, both JSON.

use crate::{LogError, Metadata, NewEvent, Position, RecordedEvent, StreamName};
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata<'a> {
    schema_version: u16,
    #[serde(flatten)]
    metadata: Cow<'a, Metadata>,
}

/// Fails when the payload is not JSON.
pub(super) fn encode(event: &NewEvent) -> serde_json::Result<EventData> {
    let payload = RawValue::from_string(event.payload.clone())?;
    let metadata = StoredMetadata {
        schema_version: event.schema_version,
        metadata: Cow::Borrowed(&event.metadata),
    };
    EventData::json(&event.event_type, &payload)?.id(event.id).metadata_as_json(&metadata)
}

/// What the server writes for itself: stream metadata, links, tombstones, statistics.
pub(super) fn is_system(event: &eventstore::RecordedEvent) -> bool {
    event.stream_id.starts_with('$') || event.event_type.starts_with('$')
}

pub(super) fn decode(event: &eventstore::RecordedEvent) -> Result<RecordedEvent, LogError> {
    let foreign = |why: &str| {
        LogError::Foreign(format!(
            "{} at {} of {}: {why}",
            event.event_type, event.revision, event.stream_id
        ))
    };
    let stored: StoredMetadata<'_> =
        serde_json::from_slice(&event.custom_metadata).map_err(|_| foreign("other metadata"))?;
    let payload =
        String::from_utf8(event.data.to_vec()).map_err(|_| foreign("its payload is not text"))?;
    let position = position(event).ok_or_else(|| foreign("no position of its own"))?;
    Ok(RecordedEvent {
        id: event.id,
        stream: StreamName::stored(event.stream_id.as_str()),
        version: event.revision,
        position,
        event_type: event.event_type.clone(),
        schema_version: stored.schema_version,
        payload,
        metadata: stored.metadata.into_owned(),
    })
}

/// `None` for an event that came out of a stream and was not committed on its own.
fn position(event: &eventstore::RecordedEvent) -> Option<Position> {
    sound(event.position)
}

/// A position that is one: some servers send the greatest number for "none".
pub(super) fn sound(position: eventstore::Position) -> Option<Position> {
    (position.commit < u64::MAX && position.prepare < u64::MAX)
        .then_some(Position { commit: position.commit, prepare: position.prepare })
}
