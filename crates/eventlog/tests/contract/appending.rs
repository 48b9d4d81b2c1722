//! Expected versions, repeats, and what an append may carry.

use crate::store::{Store, append, current, fill, ids, new_ids, read};
use eventlog::{Append, AppendError, ExpectedVersion, MAX_APPEND_BYTES, Position, StreamName};
use serde_json::Value;
use uuid::Uuid;

const NO_STREAM: ExpectedVersion = ExpectedVersion::NoStream;

pub async fn begins_a_stream(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let before = log.end().await.unwrap();
    let events = store.events("a", 3);
    let appended = append(&log, &stream, NO_STREAM, events).await.unwrap();
    assert_eq!(appended.version, 2);
    assert!(appended.position > before);
    assert!(appended.position > Position::START);
}

pub async fn goes_on_after_the_expected_version(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let first = append(&log, &stream, NO_STREAM, store.events("a", 2)).await;
    let second =
        append(&log, &stream, ExpectedVersion::Exact(1), store.events("b", 2)).await.unwrap();
    assert_eq!(second.version, 3);
    assert!(second.position > first.unwrap().position);
    let versions: Vec<_> = read(&log, &stream).await.iter().map(|event| event.version).collect();
    assert_eq!(versions, [0, 1, 2, 3]);
}

pub async fn refuses_to_begin_a_stream_twice(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 3).await;
    let outcome = append(&log, &stream, NO_STREAM, store.events("b", 1)).await;
    assert_eq!(current(outcome), Some(2));
    assert_eq!(read(&log, &stream).await.len(), 3);
}

pub async fn refuses_a_stale_version(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 4).await;
    for (stale, count) in [(0, 1), (1, 2), (2, 3)] {
        let events = store.events(&format!("stale {stale}"), count);
        let outcome = append(&log, &stream, ExpectedVersion::Exact(stale), events).await;
        assert_eq!(current(outcome), Some(3));
    }
    assert_eq!(read(&log, &stream).await.len(), 4);
}

pub async fn refuses_a_version_ahead(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let ahead = ExpectedVersion::Exact(5);
    let outcome = append(&log, &stream, ahead, store.events("a", 1)).await;
    assert_eq!(current(outcome), None);
    fill(&log, &store, &stream, 2).await;
    let outcome = append(&log, &stream, ahead, store.events("b", 1)).await;
    assert_eq!(current(outcome), Some(1));
    assert_eq!(read(&log, &stream).await.len(), 2);
}

pub async fn answers_the_same_append_the_same(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let events = store.events("a", 3);
    let first = append(&log, &stream, NO_STREAM, events.clone()).await;
    let again = append(&log, &stream, NO_STREAM, events).await;
    assert_eq!(first.unwrap(), again.unwrap());
    assert_eq!(read(&log, &stream).await.len(), 3);
}

pub async fn answers_the_same_append_the_same_after_others(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 2).await;
    let (expected, events) = (ExpectedVersion::Exact(1), store.events("b", 2));
    let first = append(&log, &stream, expected, events.clone()).await;
    for version in 3..10 {
        let others = store.events(&format!("other {version}"), 1);
        append(&log, &stream, ExpectedVersion::Exact(version), others).await.unwrap();
    }
    let late = append(&store.open().await, &stream, expected, events).await;
    assert_eq!(first.unwrap(), late.unwrap());
    assert_eq!(read(&log, &stream).await.len(), 11);
}

pub async fn refuses_other_events_under_a_stored_id(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let stored = store.events("a", 2);
    append(&log, &stream, NO_STREAM, stored.clone()).await.unwrap();
    let other_second = vec![stored[0].clone(), store.events("b", 1).remove(0)];
    let outcome = append(&log, &stream, NO_STREAM, other_second).await;
    assert_eq!(current(outcome), Some(1));
    let longer = [stored.clone(), store.events("c", 1)].concat();
    let outcome = append(&log, &stream, NO_STREAM, longer).await;
    assert_eq!(current(outcome), Some(1));
    assert_eq!(ids(&read(&log, &stream).await), new_ids(&stored));
}

pub async fn stores_all_events_of_an_append_or_none(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let events = store.events("a", 100);
    let appended = append(&log, &stream, NO_STREAM, events.clone()).await;
    let outcome = append(&log, &stream, NO_STREAM, store.events("b", 100)).await;
    assert_eq!(current(outcome), Some(99));
    let stored = read(&log, &stream).await;
    assert_eq!(ids(&stored), new_ids(&events));
    assert!(stored.is_sorted_by(|one, next| one.position < next.position));
    assert_eq!(stored[99].position, appended.unwrap().position);
}

pub async fn keeps_every_character(store: Store) {
    let log = store.open().await;
    let texts = [
        "장터에서 커피 한 잔 ☕, 값은 4,500원",
        "e\u{301} ≠ é; שלום; 🧑‍🍳👨‍👩‍👧; \u{202e}gnol\u{202c}",
        "\u{2028}\u{2029}\u{feff}\u{200b}\u{7f}\u{80}\u{fffd}",
        "\" \\ / \n \r \t \u{1} \u{1f}",
        "𝄞 𠮷 \u{10ffff}",
    ];
    for (index, text) in texts.iter().enumerate() {
        let stream = StreamName::new(&store.category("item"), &format!("손님 {index}-가-🍵"));
        let mut events = store.events(&format!("text {index}"), 1);
        let payload = serde_json::json!({ "text": text, (*text): [1, -2.5, null, true, {}] });
        events[0].payload = payload.to_string();
        append(&log, &stream, NO_STREAM, events).await.unwrap();
        let stored = read(&log, &stream).await.remove(0);
        assert_eq!(stored.stream, stream);
        assert_eq!(serde_json::from_str::<Value>(&stored.payload).unwrap(), payload);
    }
}

pub async fn keeps_the_metadata(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let mut events = store.events("a", 2);
    events[0].metadata.actor = "바리스타".to_owned();
    events[0].metadata.causation_id = Some(Uuid::from_u128(9));
    events[1].schema_version = 7;
    append(&log, &stream, NO_STREAM, events.clone()).await.unwrap();
    for (stored, event) in read(&log, &stream).await.iter().zip(&events) {
        assert_eq!(stored.metadata, event.metadata);
        assert_eq!(stored.schema_version, event.schema_version);
    }
}

pub async fn takes_the_largest_append(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let mut events = store.events("a", 1);
    let text = "x".repeat(MAX_APPEND_BYTES - 512);
    events[0].payload = Value::from(text).to_string();
    append(&log, &stream, NO_STREAM, events.clone()).await.unwrap();
    assert_eq!(read(&log, &stream).await[0].payload, events[0].payload);
}

pub async fn refuses_a_larger_one(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let mut events = store.events("a", 1);
    events[0].payload = Value::from("x".repeat(MAX_APPEND_BYTES)).to_string();
    let refused = append(&log, &stream, NO_STREAM, events).await.unwrap_err();
    assert!(matches!(refused, AppendError::TooLarge { size, limit } if size > limit));
    assert!(refused.to_string().contains("1048576"));
    assert!(read(&log, &stream).await.is_empty());
}

pub async fn refuses_an_empty_one(store: Store) {
    let refused = Append::new(store.stream("1"), NO_STREAM, Vec::new());
    assert!(matches!(refused, Err(AppendError::Empty)));
}
