//! Scans that meet a fault, and one of more than one statement.

use crate::{
    scanned::{Scanned, next, rest, scan},
    store::{Store, append, fill, ids, read},
};
use eventlog::{
    EventLog, ExpectedVersion, Position, eventstoredb::EventStoreDb, postgres::PostgresLog,
};
use std::sync::Arc;
use support::{
    proxy::Proxy,
    stand_in::{Code, StandIn, SubscriptionFault},
};

/// Past the ends of two statements of PostgreSQL's engine, each of which reads 100 000 positions.
const TWO_ENDS: i64 = 200_050;

/// Events in the log of PostgreSQL as its writer leaves them, without the time that it takes.
async fn filled_past_two_ends() -> Store {
    let store = Store::postgres().await;
    store.open().await;
    let fill = format!(
        "insert into eventlog.events
         select n, '{}-' || n % 7, n / 7, md5(n::text)::uuid, 'contract.Happened', 1,
                json_build_object('n', n), md5('command' || n)::uuid, md5('of')::uuid, null,
                'contract', now()
         from generate_series(1, {TWO_ENDS}) n;
         update eventlog.head set position = {TWO_ENDS}",
        store.category("item")
    );
    store.database().client().await.batch_execute(&fill).await.unwrap();
    store
}

fn number(event: &Scanned) -> u64 {
    assert_eq!(event.payload, format!("{{\"n\" : {}}}", event.position.commit));
    event.position.commit
}

fn at(number: u64) -> Position {
    Position { commit: number, prepare: number }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_statement_reads() {
    let store = filled_past_two_ends().await;
    let log = store.open().await;
    let end = log.end().await.unwrap();
    let category = [store.category("item")];
    let scanned = scan(&log, Position::START, end, &category).await;
    assert!(scanned.iter().map(number).eq(1..=end.commit));
    // From and to the ends of statements, and around them.
    for (after, until) in [(99_999, 100_001), (1, 100_001), (0, 100_000), (100_000, 200_000)] {
        let scanned = scan(&log, at(after), at(until), &category).await;
        assert!(scanned.iter().map(number).eq(after + 1..=until), "{after} to {until}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_postgres_that_is_cut_again_and_again() {
    let store = filled_past_two_ends().await;
    let proxy = Proxy::start(store.postgres_server()).await;
    let config = store.postgres_through(&proxy);
    let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(config).await.unwrap());
    let until = at(TWO_ENDS as u64);
    let mut scan = log.scan(Position::START, until, vec![store.category("item")]);
    let (mut reached, mut numbers) = (Position::START, Vec::new());
    // Pages that wait in queues come out all the same, so there is a cut for every few.
    for part in 1..=6 {
        while reached.commit < part * 30_000 {
            let page = next(&mut scan).await.unwrap();
            page.each(|event| numbers.push(event.position.commit)).unwrap();
            reached = page.reached();
        }
        proxy.cut();
    }
    numbers.extend(rest(&mut scan, reached, until).await.iter().map(number));
    assert!(numbers.into_iter().eq(1..=until.commit));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_away_for_a_while() {
    let store = filled_past_two_ends().await;
    let proxy = Proxy::start(store.postgres_server()).await;
    let config = store.postgres_through(&proxy);
    let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(config).await.unwrap());
    proxy.refuse();
    let until = at(TWO_ENDS as u64);
    let mut scan = log.scan(Position::START, until, vec![store.category("item")]);
    log.end().await.unwrap_err();
    proxy.pass();
    let scanned = rest(&mut scan, Position::START, until).await;
    assert!(scanned.iter().map(number).eq(1..=until.commit));
}

/// The subscription behind a scan meets these, and the scan gives what it would have given.
async fn survives(faults: impl IntoIterator<Item = SubscriptionFault>) {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 40).await;
    let stored = read(&log, &stream).await;
    let until = stored[29].position;
    for fault in faults {
        store.faulty().faults().on_subscription(fault);
    }
    let scanned = scan(&log, Position::START, until, &[store.category("item")]).await;
    assert_eq!(scanned, stored[..30].iter().map(Scanned::of).collect::<Vec<_>>());
    assert_eq!(store.faulty().faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_confirmed_and_fails() {
    survives(
        [Code::Unavailable, Code::InvalidArgument, Code::Unknown].map(SubscriptionFault::Error),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_fails_halfway() {
    survives([1, 0, 5, 7].map(|events| SubscriptionFault::ErrorAfter(events, Code::Unavailable)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_subscription_that_ends_well() {
    survives([SubscriptionFault::End, SubscriptionFault::ErrorAfter(9, Code::Ok)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_is_no_position() {
    survives([SubscriptionFault::Checkpoint(u64::MAX, u64::MAX)]).await;
}

/// A server may send (commit, 0) for a place right before the event at (commit, commit).
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_right_before_the_last_event() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 3).await;
    let stored = read(&log, &stream).await;
    let (second, last) = (stored[1].position, stored[2].position);
    store.faulty().faults().on_subscription(SubscriptionFault::Checkpoint(last.commit, 0));
    let scanned = scan(&log, second, last, &[store.category("item")]).await;
    assert_eq!(scanned, [Scanned::of(&stored[2])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts() {
    let mut store = Store::stand_in().await;
    let (log, stream) = (store.open().await, store.stream("1"));
    for chunk in 0..40 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let until = log.end().await.unwrap();
    let mut scan = log.scan(Position::START, until, vec![store.category("item")]);
    let first = next(&mut scan).await.unwrap();
    let mut found = Vec::new();
    first.each(|event| found.push(event.id)).unwrap();
    store.faulty().restart().await;
    found.extend(rest(&mut scan, first.reached(), until).await.iter().map(|event| event.id));
    assert_eq!(found, ids(&read(&log, &stream).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_eventstoredb_that_is_cut_again_and_again() {
    let store = Store::stand_in().await;
    let (direct, stream) = (store.open().await, store.stream("1"));
    for chunk in 0..80 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        append(&direct, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let until = direct.end().await.unwrap();
    let proxy = Proxy::start(store.stand_in_address()).await;
    let log = EventStoreDb::connect(&StandIn::url_of(proxy.address())).unwrap();
    let mut scan = log.scan(Position::START, until, vec![store.category("item")]);
    let (mut reached, mut found) = (Position::START, Vec::new());
    for part in 1..=5 {
        while found.len() < part * 5_000 {
            let page = next(&mut scan).await.unwrap();
            page.each(|event| found.push(event.id)).unwrap();
            reached = page.reached();
        }
        proxy.cut();
    }
    found.extend(rest(&mut scan, reached, until).await.iter().map(|event| event.id));
    assert_eq!(found, ids(&read(&direct, &stream).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_never_comes() {
    let mut store = Store::stand_in().await;
    let (log, mine, other) = (store.open().await, store.stream("1"), store.stream("2"));
    fill(&log, &store, &mine, 1).await;
    let server = store.faulty();
    server.record("$stats-0", "$statsCollected", "{}", "{}");
    server.record(other.as_str(), "$>", "0@item-1", "{}");
    server.record(other.as_str(), "other.Thing", "{}", r#"{"user":"x"}"#);
    let events = store.events("last", 1);
    append(&log, &mine, ExpectedVersion::Exact(0), events).await.unwrap();
    let until = log.end().await.unwrap();
    let expected = ids(&read(&log, &mine).await);
    for asked in [vec![], vec![store.category("item")]] {
        let scanned = scan(&log, Position::START, until, &asked).await;
        assert!(scanned.iter().map(|event| event.id).eq(expected.iter().copied()));
    }
}
