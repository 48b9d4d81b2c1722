//! Reads that meet a fault.

use crate::store::{Store, append, fill, read};
use eventlog::{Backlog, ExpectedVersion, LogError, Position};
use support::stand_in::{Code, ReadFault};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cut_short_is_asked_for_again() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 5).await;
    store.faulty().faults().on_read(ReadFault::CutShort);
    store.faulty().faults().on_read(ReadFault::Refuse(Code::Unavailable));
    assert_eq!(read(&log, &stream).await.len(), 5);
    assert_eq!(store.faulty().faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_unreachable() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 1).await;
    store.faulty().stop();
    let outcome = log.read_stream(&stream, 0, 10).await;
    assert!(matches!(outcome, Err(LogError::Unreachable(_))));
    assert!(matches!(log.end().await, Err(LogError::Unreachable(_))));
    store.faulty().restart().await;
    assert_eq!(read(&log, &stream).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_before_the_servers_own_events() {
    let mut store = Store::stand_in().await;
    let log = store.open().await;
    let server = store.faulty();
    server.record("$stats-0", "$statsCollected", "{}", "{}");
    assert_eq!(log.end().await.unwrap(), Position::START);
    fill(&log, &store, &store.stream("1"), 1).await;
    let end = log.end().await.unwrap();
    for number in 0..200 {
        let server = store.faulty();
        server.record("$stats-0", "$statsCollected", &number.to_string(), "{}");
        server.record("mine", "$>", "0@other", "{}");
    }
    assert_eq!(log.end().await.unwrap(), end);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_cut_short_is_not_the_start() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    let start = log.end().await.unwrap();
    assert_eq!(start, Position::START);
    fill(&log, &store, &stream, 3).await;
    let last = read(&log, &stream).await[2].position;
    store.faulty().faults().on_read(ReadFault::CutShort);
    assert_eq!(log.end().await.unwrap(), last);
    // Behind each answer about the end comes one about the start.
    for fault in [ReadFault::CutShort, ReadFault::Pass, ReadFault::CutShort] {
        store.faulty().faults().on_read(fault);
    }
    assert!(matches!(log.end().await, Err(LogError::Unreachable(_))));
    assert_eq!(store.faulty().faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_another_program_is_foreign() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 1).await;
    store.faulty().record(stream.as_str(), "other.Thing", "{}", r#"{"user":"x"}"#);
    let outcome = log.read_stream(&stream, 0, 10).await;
    assert!(matches!(outcome, Err(LogError::Foreign(what)) if what.contains("other.Thing")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_events_are_no_backlog() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 1).await;
    let first = log.end().await.unwrap();
    for number in 0..2500 {
        store.faulty().record("$stats-0", "$statsCollected", &number.to_string(), "{}");
    }
    assert_eq!(log.backlog(first).await.unwrap(), Backlog::NONE);
    let events = store.events("a", 2);
    append(&log, &stream, ExpectedVersion::Exact(0), events).await.unwrap();
    let backlog = log.backlog(first).await.unwrap();
    assert_eq!((backlog.events, backlog.is_all), (2, true));
    assert!(backlog.oldest.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_that_is_cut_short_is_asked_for_again() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 5).await;
    let first = read(&log, &stream).await[0].position;
    // The first answer is the log's end.
    store.faulty().faults().on_read(ReadFault::Pass);
    store.faulty().faults().on_read(ReadFault::CutShort);
    assert_eq!(log.backlog(first).await.unwrap().events, 4);
    assert_eq!(store.faulty().faults().pending(), 0);
}
