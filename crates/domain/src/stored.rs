//! Between events and their stored form: type, schema version and JSON payload.
//!
//! An event enum is externally tagged, so serde writes `{"OrderPickedUp":{…}}`. The stored type is
//! the context and that tag (`cafe.OrderPickedUp`); the payload is what stands behind it (`null`
//! for an event without fields).

mod error;
mod tagged;

pub use error::DecodeError;

use crate::Aggregate;
use serde::Deserialize;
use serde_json::Value;
use tagged::Tagged;

/// A stored event as the log holds it.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// `<context>.<aggregate>`, from the stream's name.
    pub category: &'a str,
    /// `<context>.<Event>`.
    pub event_type: &'a str,
    /// Counts from 1.
    pub schema_version: u16,
    /// JSON.
    pub payload: &'a str,
}

/// An event in today's stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub event_type: String,
    pub schema_version: u16,
    pub payload: String,
}

/// Turns version `from` of a stored type into version `from + 1`. Pure.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    pub event_type: &'static str,
    pub from: u16,
    pub step: fn(Value) -> Value,
}

/// Every step ever taken. A changed shape adds a line here and a golden file.
const UPCASTERS: &[Upcaster] = &[];

/// Writes an event in today's form.
///
/// # Panics
/// Never for an externally tagged enum whose payload serialises; the golden test covers each type.
pub fn encode<A: Aggregate>(event: &A::Event) -> Encoded {
    let tagged = serde_json::to_string(event).expect("an event is plain data");
    let (name, payload) = untag(&tagged);
    let event_type = format!("{}.{name}", context_of(A::CATEGORY));
    Encoded {
        schema_version: current_version(&event_type, UPCASTERS),
        payload: payload.to_owned(),
        event_type,
    }
}

/// Reads a stored event of one aggregate, whatever its age.
pub fn decode<A: Aggregate>(stored: &Stored<'_>) -> Result<A::Event, DecodeError> {
    decode_with::<A>(stored, UPCASTERS)
}

fn decode_with<A: Aggregate>(
    stored: &Stored<'_>,
    upcasters: &[Upcaster],
) -> Result<A::Event, DecodeError> {
    let current = current_version(stored.event_type, upcasters);
    if stored.schema_version > current {
        let event_type = stored.event_type.to_owned();
        return Err(DecodeError::FromTheFuture(event_type, stored.schema_version));
    }
    let read = if stored.schema_version == current {
        parse::<A>(stored.event_type, stored.payload)
    } else {
        upcast(stored, current, upcasters)
            .and_then(|payload| parse::<A>(stored.event_type, &payload))
    };
    read.map_err(|error| DecodeError::Shape {
        category: stored.category.to_owned(),
        event_type: stored.event_type.to_owned(),
        mismatch: error::mismatch(&error),
    })
}

fn parse<A: Aggregate>(event_type: &str, payload: &str) -> Result<A::Event, serde_json::Error> {
    let name = event_type.split_once('.').map_or(event_type, |(_, name)| name);
    A::Event::deserialize(Tagged { name, payload })
}

fn upcast(
    stored: &Stored<'_>,
    current: u16,
    upcasters: &[Upcaster],
) -> Result<String, serde_json::Error> {
    let mut payload: Value = serde_json::from_str(stored.payload)?;
    for version in stored.schema_version..current {
        let step =
            upcasters.iter().find(|one| one.event_type == stored.event_type && one.from == version);
        if let Some(upcaster) = step {
            payload = (upcaster.step)(payload);
        }
    }
    Ok(payload.to_string())
}

fn current_version(event_type: &str, upcasters: &[Upcaster]) -> u16 {
    let steps = upcasters.iter().filter(|one| one.event_type == event_type);
    steps.map(|one| one.from + 1).max().unwrap_or(1)
}

fn context_of(category: &str) -> &str {
    category.split_once('.').map_or(category, |(context, _)| context)
}

/// Splits what serde writes for an externally tagged enum into the tag and what stands behind it.
fn untag(tagged: &str) -> (&str, &str) {
    match tagged.strip_prefix("{\"").and_then(|rest| rest.split_once("\":")) {
        Some((name, payload)) => (name, payload.strip_suffix('}').unwrap_or(payload)),
        None => (tagged.trim_matches('"'), "null"),
    }
}

#[cfg(test)]
mod tests;
