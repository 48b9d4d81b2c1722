//! Reading a stream, and the end of the log.

use crate::store::{Store, append, fill, new_ids, read};
use eventlog::ExpectedVersion;

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
