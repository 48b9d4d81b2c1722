//! Subscriptions that meet a fault.

use crate::store::{Heard, PATIENCE, Store, append, fill, ids, read};
use eventlog::{EventLog, ExpectedVersion, Position, StreamName};
use std::sync::Arc;
use support::stand_in::{Code, SubscriptionFault};
use tokio::time::timeout;

/// Ours, as it is stored.
const METADATA: &str = r#"{"schemaVersion":1,"commandId":"00000000-0000-0000-0000-000000000001",
    "correlationId":"00000000-0000-0000-0000-000000000002","actor":"contract",
    "at":"2025-10-09T08:53:20Z"}"#;

async fn filled(count: usize) -> (Store, Arc<dyn EventLog>, StreamName) {
    let store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, count).await;
    (store, log, stream)
}

fn follow(store: &Store, log: &Arc<dyn EventLog>) -> Heard {
    Heard::by(log.subscribe(Position::START, vec![store.category("item")]))
}

async fn survives(faults: impl IntoIterator<Item = SubscriptionFault>) {
    let (mut store, log, stream) = filled(40).await;
    for fault in faults {
        store.faulty().faults().on_subscription(fault);
    }
    let mut heard = follow(&store, &log);
    heard.until_events(40).await;
    heard.until_caught_up().await;
    assert_eq!(heard.ids(), ids(&read(&log, &stream).await));
    assert_eq!(store.faulty().faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_confirmed_and_fails() {
    survives([
        SubscriptionFault::Error(Code::Unavailable),
        SubscriptionFault::Error(Code::InvalidArgument),
        SubscriptionFault::Error(Code::Aborted),
        SubscriptionFault::Error(Code::Unknown),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_halfway() {
    survives([1, 0, 5, 7].map(|events| SubscriptionFault::ErrorAfter(events, Code::Unavailable)))
        .await;
}

/// To the client a good end is no end: it polls the ended stream for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_that_ends_well() {
    survives([SubscriptionFault::End, SubscriptionFault::End]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_that_ends_well_halfway() {
    survives([SubscriptionFault::ErrorAfter(9, Code::Ok)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_is_no_position() {
    let (mut store, log, stream) = filled(3).await;
    let greatest = SubscriptionFault::Checkpoint(u64::MAX, u64::MAX);
    store.faulty().faults().on_subscription(greatest);
    let mut heard = follow(&store, &log);
    heard.until_events(3).await;
    store.faulty().restart().await;
    let events = store.events("after", 1);
    append(&log, &stream, ExpectedVersion::Exact(2), events).await.unwrap();
    heard.until_events(4).await;
    assert!(heard.checkpoints.iter().all(|at| at.commit < u64::MAX));
}

/// A server may send (commit, 0) for a place right before the event at (commit, commit).
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_right_before_an_event() {
    let (mut store, log, stream) = filled(3).await;
    let next = read(&log, &stream).await[2].position;
    let before = SubscriptionFault::Checkpoint(next.commit, 0);
    store.faulty().faults().on_subscription(before);
    let second = read(&log, &stream).await[1].position;
    let mut heard = Heard::by(log.subscribe(second, vec![store.category("item")]));
    heard.until_events(1).await;
    assert_eq!(heard.events[0].position, next);

    // And a consumer that kept it goes on from it.
    let kept = Position { commit: next.commit, prepare: 0 };
    let mut resumed = Heard::by(log.subscribe(kept, vec![store.category("item")]));
    resumed.until_events(1).await;
    assert_eq!(resumed.events[0].position, next);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_ahead_of_events_skips_none() {
    let (mut store, log, stream) = filled(5).await;
    let last = read(&log, &stream).await[4].position;
    let ahead = SubscriptionFault::Checkpoint(last.commit + 1, 0);
    store.faulty().faults().on_subscription(ahead);
    let mut heard = follow(&store, &log);
    heard.until_events(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_commit_are_told_apart() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    let event = ("contract.Happened", "{}", METADATA);
    store.faulty().record_transaction(stream.as_str(), &[event; 4]);
    let stored = read(&log, &stream).await;
    assert_eq!(stored[0].position.commit, stored[3].position.commit);
    for (index, event) in stored.iter().enumerate() {
        let mut heard = Heard::by(log.subscribe(event.position, vec![store.category("item")]));
        heard.until_caught_up().await;
        assert_eq!(heard.ids(), ids(&stored[index + 1..]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts() {
    let (mut store, log, stream) = filled(10).await;
    let mut heard = follow(&store, &log);
    heard.until_caught_up().await;
    for round in 0..3 {
        store.faulty().restart().await;
        let events = store.events(&format!("round {round}"), 1);
        append(&log, &stream, ExpectedVersion::Exact(9 + round), events).await.unwrap();
        heard.until_caught_up().await;
    }
    heard.until_events(13).await;
    assert_eq!(heard.ids(), ids(&read(&log, &stream).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_never_comes() {
    let mut store = Store::stand_in().await;
    let log = store.open().await;
    let (mine, other) = (store.stream("1"), store.stream("2"));
    let mut heard = follow(&store, &log);
    let mut heard_all = Heard::by(log.subscribe(Position::START, Vec::new()));
    fill(&log, &store, &mine, 1).await;
    let server = store.faulty();
    server.record("$stats-0", "$statsCollected", "{}", METADATA);
    server.record("$$item-1", "$metadata", "{}", METADATA);
    server.record(other.as_str(), "$>", "0@item-1", METADATA);
    server.record(other.as_str(), "other.Thing", "{}", r#"{"user":"x"}"#);
    server.record(other.as_str(), "other.Thing", "not json", "");
    let events = store.events("last", 1);
    append(&log, &mine, ExpectedVersion::Exact(0), events).await.unwrap();
    heard.until_events(2).await;
    heard_all.until_events(2).await;
    let expected = ids(&read(&log, &mine).await);
    assert_eq!((heard.ids(), heard_all.ids()), (expected.clone(), expected));
}

/// Each buffers what its connection takes, and no more is read.
#[tokio::test(flavor = "multi_thread")]
async fn paused_ones_block_no_append() {
    let store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    let start = log.end().await.unwrap();
    let paused: Vec<_> =
        (0..5).map(|_| log.subscribe(start, vec![store.category("item")])).collect();
    for chunk in 0..20 {
        let mut events = store.events(&format!("chunk {chunk}"), 200);
        for event in &mut events {
            event.payload = format!("\"{}\"", "x".repeat(4_000));
        }
        append(&log, &stream, ExpectedVersion::after(chunk * 200), events).await.unwrap();
    }
    let last = timeout(PATIENCE, log.read_stream(&stream, 3_999, 1)).await;
    assert_eq!(last.unwrap().unwrap().len(), 1);
    for subscription in paused {
        Heard::by(subscription).until_events(4_000).await;
    }
}
