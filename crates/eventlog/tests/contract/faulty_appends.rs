//! Appends that meet a fault.

use crate::store::{Heard, Store, append, current, fill, ids, new_ids, read};
use eventlog::{
    AppendError, EventLog, ExpectedVersion, LogError, Position, eventstoredb::EventStoreDb,
};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};
use support::{
    proxy::Proxy,
    stand_in::{AppendFault, Code, StandIn},
};

const NO_STREAM: ExpectedVersion = ExpectedVersion::NoStream;

/// An append that meets this fault is answered as if nothing was, and stored once.
async fn survives(fault: AppendFault) {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 2).await;
    store.faulty().faults().on_append(fault);
    let (expected, events) = (ExpectedVersion::Exact(1), store.events("b", 2));
    let appended = append(&log, &stream, expected, events.clone()).await.unwrap();
    assert_eq!(store.faulty().faults().pending(), 0);
    let stored = read(&log, &stream).await;
    assert_eq!(ids(&stored[2..]), new_ids(&events));
    assert_eq!((appended.version, appended.position), (3, stored[3].position));
    append(&log, &stream, ExpectedVersion::Exact(3), store.events("c", 1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_before_the_commit() {
    survives(AppendFault::EndBefore(Code::Unavailable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_after_the_commit() {
    survives(AppendFault::EndAfter(Code::Unavailable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_well_after_the_commit() {
    survives(AppendFault::EndAfter(Code::Ok)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_timed_out_and_was_made() {
    survives(AppendFault::AnswerAfter(Code::Aborted, "Operation timed out: ")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_append() {
    survives(AppendFault::Swallow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer() {
    survives(AppendFault::SwallowAfter).await;
}

/// The server's own check may meet the first attempt of the very same append.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_with_itself() {
    survives(AppendFault::AnswerAfter(Code::AlreadyExists, "WrongExpectedVersion")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_limit_of_the_server_is_too_large() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    store
        .faulty()
        .faults()
        .on_append(AppendFault::AnswerInstead(Code::InvalidArgument, "MaximumAppendSizeExceeded"));
    let outcome = append(&log, &stream, NO_STREAM, store.events("a", 1)).await;
    assert!(matches!(outcome, Err(AppendError::TooLarge { size, limit }) if limit < size));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_dies_takes_no_pending_append_along() {
    let mut store = Store::stand_in().await;
    let log = store.open().await;
    let streams: Vec<_> = (0..60).map(|number| store.stream(&number.to_string())).collect();
    for stream in &streams[..10] {
        fill(&log, &store, stream, 1).await;
    }
    store.faulty().faults().delay(Duration::from_millis(2));
    let stale = streams[..10]
        .iter()
        .map(|stream| append(&log, stream, NO_STREAM, store.events("stale", 1)));
    let pending = streams[10..]
        .iter()
        .map(|stream| append(&log, stream, NO_STREAM, store.events(&format!("new {stream}"), 2)));
    let (stale, pending) = tokio::join!(join_all(stale), join_all(pending));
    for outcome in stale {
        assert_eq!(current(outcome), Some(0));
    }
    for (outcome, stream) in pending.into_iter().zip(&streams[10..]) {
        assert_eq!(outcome.unwrap().version, 1);
        assert_eq!(store.faulty().ids(stream.as_str()).len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_up_late() {
    let mut store = Store::stand_in().await;
    store.faulty().stop();
    let (log, stream) = (store.open().await, store.stream("1"));
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    assert!(matches!(log.end().await, Err(LogError::Unreachable(_))));
    let events = store.events("a", 1);
    let appending = append(&log, &stream, NO_STREAM, events.clone());
    let starting = async {
        // By the time these have failed, the append has been tried.
        for _ in 0..3 {
            log.end().await.unwrap_err();
        }
        store.faulty().restart().await;
    };
    let (appended, ()) = tokio::join!(appending, starting);
    assert_eq!(appended.unwrap().version, 0);
    heard.until_events(1).await;
    assert_eq!(log.end().await.unwrap(), heard.events[0].position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_died_in_discovery_is_replaced() {
    let mut store = Store::stand_in().await;
    for _ in 0..3 {
        store.faulty().faults().on_discovery(Code::Internal);
    }
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 2).await;
    assert_eq!(store.faulty().faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_is_unavailable_in_bounded_time() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 1).await;
    store.faulty().stop();
    let events = store.events("b", 1);
    let outcome = append(&log, &stream, ExpectedVersion::Exact(0), events.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))));
    store.faulty().restart().await;
    let again = append(&log, &stream, ExpectedVersion::Exact(0), events).await;
    assert_eq!(again.unwrap().version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_cut_again_and_again() {
    let store = Store::stand_in().await;
    let (proxy, log) = behind_a_proxy(&store).await;
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    let streams: Vec<_> = (0..8).map(|number| store.stream(&number.to_string())).collect();
    let writing = join_all(streams.iter().map(|stream| fill(&log, &store, stream, 150)));
    let cutting = async {
        for part in 1..8 {
            heard.until(|heard| heard.events.len() >= part * 150).await;
            proxy.cut();
        }
        heard.until_events(8 * 150).await;
    };
    tokio::join!(writing, cutting);
    for stream in &streams {
        assert_eq!(read(&log, stream).await.len(), 150);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_for_a_while() {
    let store = Store::stand_in().await;
    let (proxy, log) = behind_a_proxy(&store).await;
    let stream = store.stream("1");
    fill(&log, &store, &stream, 1).await;
    proxy.black_hole();
    let (expected, events) = (ExpectedVersion::Exact(0), store.events("b", 1));
    let appending = append(&log, &stream, expected, events);
    let restoring = async {
        log.end().await.unwrap_err();
        proxy.pass();
    };
    let (appended, ()) = tokio::join!(appending, restoring);
    assert_eq!(appended.unwrap().version, 1);
    assert_eq!(read(&log, &stream).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_string_that_is_none() {
    for text in ["", "http://localhost:2113", "esdb://"] {
        assert!(EventStoreDb::connect(text).is_err(), "{text}");
    }
}

async fn behind_a_proxy(store: &Store) -> (Proxy, Arc<dyn EventLog>) {
    let proxy = Proxy::start(store.stand_in_address()).await;
    let log = EventStoreDb::connect(&StandIn::url_of(proxy.address())).unwrap();
    (proxy, Arc::new(log))
}
