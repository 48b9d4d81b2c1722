//! `parked show`: one parked stream, and what to do about it.

use super::Failure;
use crate::store::Store;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::stored::Stored;
use eventlog::{RecordedEvent, consumer::Parked};
use serde_json::Value;
use std::io::{Write, stdout};

const HIDDEN: &str = "hidden, because it may be personal: --payload shows it";

/// Prints a stream's parked events of one consumer, the first of them with all that is known.
pub(super) async fn show(store: &Store, events: &[Parked], payload: bool) -> Result<(), Failure> {
    // Settled meanwhile.
    let Some(first) = events.first() else { return Ok(()) };
    let recorded = first.read(&*store.log).await.map_err(|error| store.failed(&error))?;
    let mut lines = about(first);
    match &recorded {
        Some(event) => lines.extend(of_event(event, payload)),
        None => lines.push(("event", "the log does not have it any more".to_owned())),
    }
    lines.push(("behind it", behind(&events[1..])));
    let mut out = stdout();
    writeln!(out, "{} for {}", first.stream, first.consumer)?;
    for (name, value) in lines {
        writeln!(out, "  {name:<14} {}", value.replace('\n', "\n                 "))?;
    }
    writeln!(out, "what to do")?;
    for advice in advice(first) {
        writeln!(out, "  - {advice}")?;
    }
    Ok(())
}

fn about(parked: &Parked) -> Vec<(&'static str, String)> {
    let Parked { state, reason, attempts, due, parked_at, .. } = parked;
    let mut lines = vec![
        ("state", state.clone()),
        ("reason", reason.clone()),
        ("tried again", format!("{attempts} times")),
        ("parked since", time(parked_at)),
    ];
    if state == "retry" {
        lines.push(("next try", time(due)));
    }
    lines
}

fn of_event(event: &RecordedEvent, payload: bool) -> Vec<(&'static str, String)> {
    let RecordedEvent { id, version, position, event_type, schema_version, metadata, .. } = event;
    let mut lines = vec![
        ("event type", format!("{event_type}, schema version {schema_version}")),
        ("version", format!("{version} of the stream")),
        ("position", position.to_string()),
        ("event id", id.to_string()),
        ("recorded", time(&metadata.at)),
        ("command id", metadata.command_id.to_string()),
        ("correlation id", metadata.correlation_id.to_string()),
    ];
    lines.extend(metadata.causation_id.map(|id| ("causation id", id.to_string())));
    lines.push(("actor", metadata.actor.clone()));
    lines.extend(unreadable(event).map(|why| ("unreadable", why)));
    let payload = if payload { pretty(&event.payload) } else { HIDDEN.to_owned() };
    lines.push(("payload", payload));
    lines
}

fn unreadable(event: &RecordedEvent) -> Option<String> {
    let stored = Stored {
        category: event.stream.category(),
        event_type: &event.event_type,
        schema_version: event.schema_version,
        payload: &event.payload,
    };
    domain::decode(&stored).err().map(|error| error.to_string())
}

fn pretty(payload: &str) -> String {
    let value = serde_json::from_str::<Value>(payload);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| payload.to_owned())
}

fn behind(events: &[Parked]) -> String {
    match events.last() {
        Some(last) => format!("{} later events, up to version {}", events.len(), last.version),
        None => "nothing".to_owned(),
    }
}

fn advice(parked: &Parked) -> Vec<String> {
    let Parked { consumer, stream, .. } = parked;
    let retry = format!("jangteo parked retry {consumer} {stream}");
    let skip = format!("jangteo parked skip {consumer} {stream} --reason '<why>'");
    match parked.state.as_str() {
        "waiting" => {
            vec!["it goes on by itself when the part is resumed: jangteo resume <part>".to_owned()]
        }
        "retry" | "behind" => vec![
            "it is tried again by itself, after a longer pause each time".to_owned(),
            format!("to try it at once: {retry}"),
        ],
        _ => vec![
            "mend what the reason names: mostly the program, which is then started anew".to_owned(),
            format!("then have it tried again: {retry}"),
            format!("or leave this one event out for ever: {skip}"),
        ],
    }
}

fn time(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::{Metadata, Position, StreamName};
    use uuid::Uuid;

    fn event(event_type: &str, payload: &str) -> RecordedEvent {
        RecordedEvent {
            id: Uuid::nil(),
            stream: StreamName::new("cafe.order", "o1"),
            version: 1,
            position: Position::START,
            event_type: event_type.to_owned(),
            schema_version: 1,
            payload: payload.to_owned(),
            metadata: Metadata {
                command_id: Uuid::nil(),
                correlation_id: Uuid::nil(),
                causation_id: None,
                actor: "test".to_owned(),
                at: DateTime::UNIX_EPOCH,
            },
        }
    }

    #[test]
    fn nothing_of_the_content_is_shown_unasked() {
        let event = event("cafe.OrderSelected", r#"{"phone": "010-1234-5678", "qty": "x"}"#);
        let told = format!("{:?}", of_event(&event, false));
        assert!(!told.contains("010") && told.contains(HIDDEN), "{told}");
        let told = format!("{:?}", of_event(&event, true));
        assert!(told.contains("010-1234-5678") && told.contains("unreadable"), "{told}");
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert_eq!(pretty("{oops"), "{oops");
        assert_eq!(pretty(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
    }
}
