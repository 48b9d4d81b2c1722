//! Reading a stream, and the end of the log.

use crate::store::{Store, append, fill, new_ids, read};
use chrono::{DateTime, TimeDelta};
use eventlog::{Backlog, ExpectedVersion, Position};

pub async fn a_missing_stream_is_empty(store: Store) {
    let log = store.open().await;
    let stream = store.stream("missing");
    assert!(read(&log, &stream).await.is_empty());
    assert!(log.read_stream(&stream, 3, 10).await.unwrap().is_empty());
}

pub async fn pages_through_a_stream(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let events = store.events("a", 25);
    append(&log, &stream, ExpectedVersion::NoStream, events.clone()).await.unwrap();
    let mut seen = Vec::new();
    for (from, length) in [(0, 10), (10, 10), (20, 5), (25, 0)] {
        let page = log.read_stream(&stream, from, 10).await.unwrap();
        assert_eq!(page.len(), length);
        seen.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(seen, new_ids(&events));
    let middle = log.read_stream(&stream, 7, 1).await.unwrap();
    assert_eq!((middle.len(), middle[0].version), (1, 7));
}

pub async fn past_the_end_is_empty(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 3).await;
    for from in [3, 4, 1_000_000] {
        assert!(log.read_stream(&stream, from, 10).await.unwrap().is_empty());
    }
    assert!(log.read_stream(&stream, 0, 0).await.unwrap().is_empty());
}

pub async fn gives_back_what_was_stored(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let events = store.events("a", 3);
    let appended = append(&log, &stream, ExpectedVersion::NoStream, events.clone()).await;
    let stored = read(&log, &stream).await;
    for (version, (stored, event)) in (0..).zip(stored.iter().zip(&events)) {
        assert_eq!(stored.version, version);
        assert_eq!(stored.id, event.id);
        assert_eq!(stored.stream, stream);
        assert_eq!(stored.event_type, event.event_type);
        assert_eq!(stored.schema_version, event.schema_version);
        assert_eq!(stored.payload, event.payload);
        assert_eq!(stored.metadata, event.metadata);
    }
    assert_eq!(stored[2].position, appended.unwrap().position);
}

pub async fn reads_a_long_stream(store: Store) {
    let (log, stream) = (store.open().await, store.stream("long"));
    let mut expected = Vec::new();
    for chunk in 0..12 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        expected.extend(new_ids(&events));
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let stored = read(&log, &stream).await;
    assert!(stored.iter().map(|event| event.id).eq(expected));
    let rest = log.read_stream(&stream, 3_999, 1_500).await.unwrap();
    assert_eq!((rest.len(), rest[0].version), (1_500, 3_999));
}

pub async fn the_end_is_the_last_event(store: Store) {
    let log = store.open().await;
    let before = log.end().await.unwrap();
    for number in 0..3 {
        let (stream, events) = (store.stream(&number.to_string()), store.events("a", 2));
        let appended = append(&log, &stream, ExpectedVersion::NoStream, events).await;
        assert!(log.end().await.unwrap() >= appended.unwrap().position);
    }
    assert!(log.end().await.unwrap() > before);
}

pub async fn nothing_stands_after_the_end(store: Store) {
    let log = store.open().await;
    let start = log.end().await.unwrap();
    assert_eq!(log.backlog(start).await.unwrap(), Backlog::NONE);
    fill(&log, &store, &store.stream("1"), 3).await;
    let end = log.end().await.unwrap();
    assert_eq!(log.backlog(end).await.unwrap(), Backlog::NONE);
    let further = Position { commit: end.commit + 1000, prepare: end.prepare + 1000 };
    assert_eq!(log.backlog(further).await.unwrap(), Backlog::NONE);
}

pub async fn counts_what_stands_after_a_position(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let start = log.end().await.unwrap();
    let first = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let mut events = store.events("a", 20);
    for (number, event) in (0..).zip(&mut events) {
        event.metadata.at = first + TimeDelta::seconds(number);
    }
    append(&log, &stream, ExpectedVersion::NoStream, events).await.unwrap();
    let whole = log.backlog(start).await.unwrap();
    assert_eq!(whole, Backlog { events: 20, is_all: true, oldest: Some(first) });
    // EventStoreDB gives all events of an append their own positions; a follower may be at each.
    let seventh = read(&log, &stream).await[6].position;
    let rest = log.backlog(seventh).await.unwrap();
    let oldest = Some(first + TimeDelta::seconds(7));
    assert_eq!(rest, Backlog { events: 13, is_all: true, oldest });
}

pub async fn says_at_least_when_it_does_not_count_all(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let start = log.end().await.unwrap();
    for chunk in 0..3 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let backlog = log.backlog(start).await.unwrap();
    assert!(backlog.oldest.is_some());
    match backlog.is_all {
        true => assert_eq!(backlog.events, 1500),
        false => assert!((500..1500).contains(&backlog.events), "{backlog:?}"),
    }
}
