//! Reading a stretch of the log in bulk.

use crate::{
    scanned::{Scanned, scan},
    store::{Heard, Store, append, fill, ids, new_ids, read},
};
use chrono::DateTime;
use eventlog::{EventLog, ExpectedVersion, Position, StreamName};
use futures::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const NO_STREAM: ExpectedVersion = ExpectedVersion::NoStream;

/// Some streams filled side by side, and the events as a subscription delivers them.
async fn filled(store: &Store, log: &Arc<dyn EventLog>, streams: usize, each: usize) -> Heard {
    let streams: Vec<_> = (0..streams).map(|number| store.stream(&number.to_string())).collect();
    join_all(streams.iter().map(|stream| fill(log, store, stream, each))).await;
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    heard.until_events(streams.len() * each).await;
    heard
}

pub async fn is_what_a_subscription_delivers(store: Store) {
    let log = store.open().await;
    let heard = filled(&store, &log, 8, 25).await;
    let end = log.end().await.unwrap();
    let scanned = scan(&log, Position::START, end, &[store.category("item")]).await;
    let heard: Vec<_> = heard.events.iter().map(|event| Scanned::of(event)).collect();
    assert_eq!(scanned, heard);
}

pub async fn begins_behind_one_position_and_ends_with_another(store: Store) {
    let log = store.open().await;
    let heard = filled(&store, &log, 2, 3).await;
    let positions: Vec<_> = heard.events.iter().map(|event| event.position).collect();
    for (first, after) in (1..).zip(&positions) {
        for (last, until) in (1..).zip(&positions).skip(first - 1) {
            let scanned = scan(&log, *after, *until, &[store.category("item")]).await;
            let found: Vec<_> = scanned.iter().map(|event| event.id).collect();
            assert_eq!(found, heard.ids()[first..last], "after {after} until {until}");
        }
    }
}

pub async fn an_empty_stretch_is_over_at_once(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let start = log.end().await.unwrap();
    assert!(scan(&log, Position::START, Position::START, &[]).await.is_empty());
    assert!(scan(&log, start, start, &[]).await.is_empty());
    fill(&log, &store, &stream, 3).await;
    let end = log.end().await.unwrap();
    assert!(scan(&log, end, end, &[]).await.is_empty());
    assert!(scan(&log, end, start, &[]).await.is_empty());
    // There are events, but none that are asked for: only how far it is comes out.
    assert!(scan(&log, start, end, &[store.category("other")]).await.is_empty());
}

pub async fn gives_back_what_was_stored(store: Store) {
    let (log, stream) = (store.open().await, store.stream("손님 1-가-🍵"));
    let mut events = store.events("a", 5);
    let times = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "1999-12-31T23:59:59.5Z"];
    for (event, at) in events.iter_mut().zip(times) {
        event.metadata.at = DateTime::parse_from_rfc3339(at).unwrap().to_utc();
    }
    // Not the JSON that a program would write: kept to the byte all the same.
    events[1].payload =
        "{ \"price\" : 4.50,\n\t\"price\":1e2, \"name\":\"커피 \\u2615 '\\\\'\" }".into();
    events[2].payload = "\"\"".to_owned();
    events[3].payload = format!("\"{}\"", "x".repeat(300_000));
    events[3].schema_version = 300;
    events[4].event_type = "contract.전부".to_owned();
    append(&log, &stream, NO_STREAM, events.clone()).await.unwrap();
    let end = log.end().await.unwrap();
    let scanned = scan(&log, Position::START, end, &[store.category("item")]).await;
    let stored = read(&log, &stream).await;
    assert_eq!(scanned, stored.iter().map(Scanned::of).collect::<Vec<_>>());
    for (scanned, event) in scanned.iter().zip(&events) {
        assert_eq!((scanned.id, &scanned.payload), (event.id, &event.payload));
        assert_eq!(scanned.at, event.metadata.at);
        assert_eq!(scanned.schema_version, event.schema_version);
        assert_eq!(scanned.event_type, event.event_type);
    }
}

pub async fn gives_only_the_categories_asked_for(store: Store) {
    let log = store.open().await;
    let names = ["item", "items", "item2", "item.part", "other", "it%", "it_m", "o'clock", "o\\'"];
    for name in names {
        let stream = StreamName::new(&store.category(name), "a-b");
        fill(&log, &store, &stream, 3).await;
    }
    // A stream whose name is the category and nothing more.
    let bare = StreamName::stored(store.category("item"));
    fill(&log, &store, &bare, 2).await;
    let end = log.end().await.unwrap();
    for (asked, count) in [
        (vec!["item"], 5),
        (vec!["other", "item"], 8),
        (vec!["it%"], 3),
        (vec!["it_m"], 3),
        (vec!["o'clock"], 3),
        (vec!["o\\'", "o'clock"], 6),
        (vec!["nothing"], 0),
    ] {
        let asked: Vec<_> = asked.into_iter().map(|name| store.category(name)).collect();
        let scanned = scan(&log, Position::START, end, &asked).await;
        assert_eq!(scanned.len(), count, "{asked:?}");
        let category = |event: &Scanned| StreamName::stored(&*event.stream).category().to_owned();
        assert!(scanned.iter().all(|event| asked.contains(&category(event))), "{asked:?}");
    }
}

pub async fn gives_all_when_no_category_is_asked_for(store: Store) {
    let log = store.open().await;
    let start = log.end().await.unwrap();
    for name in ["item", "other", "third"] {
        let stream = StreamName::new(&store.category(name), "1");
        fill(&log, &store, &stream, 2).await;
    }
    let scanned = scan(&log, start, log.end().await.unwrap(), &[]).await;
    let ours = scanned.iter().filter(|event| event.stream.starts_with(&store.category("")));
    assert_eq!(ours.count(), 6);
}

pub async fn gives_more_than_its_queues_hold(store: Store) {
    let (log, stream) = (store.open().await, store.stream("long"));
    let mut expected = Vec::new();
    for chunk in 0..50 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        expected.extend(new_ids(&events));
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let end = log.end().await.unwrap();
    let scanned = scan(&log, Position::START, end, &[store.category("item")]).await;
    assert!(scanned.iter().map(|event| event.id).eq(expected));
}

/// More and more is appended behind its end while it runs, and nothing of that comes.
pub async fn ends_while_others_append(store: Store) {
    let log = store.open().await;
    let before = filled(&store, &log, 4, 100).await;
    let until = log.end().await.unwrap();
    let over = AtomicBool::new(false);
    let (writing, stream) = (&over, store.stream("during"));
    let writing = async {
        let mut seen = 0;
        while !writing.load(Ordering::SeqCst) {
            let events = store.events(&format!("during {seen}"), 1);
            append(&log, &stream, ExpectedVersion::after(seen), events).await.unwrap();
            seen += 1;
        }
    };
    let scanning = async {
        for _ in 0..20 {
            let scanned = scan(&log, Position::START, until, &[store.category("item")]).await;
            assert!(scanned.iter().map(|event| event.id).eq(before.ids()));
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(writing, scanning);
    // From there on, it is all that was appended meanwhile.
    let end = log.end().await.unwrap();
    let rest = scan(&log, until, end, &[store.category("item")]).await;
    assert!(rest.iter().map(|event| event.id).eq(ids(&read(&log, &stream).await)));
}

pub async fn one_that_is_given_up_disturbs_no_other(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    for chunk in 0..12 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    let (end, category) = (log.end().await.unwrap(), [store.category("item")]);
    for _ in 0..10 {
        let mut given_up = log.scan(Position::START, end, category.to_vec());
        assert!(given_up.next().await.is_some());
    }
    let scanned = scan(&log, Position::START, end, &category).await;
    assert!(scanned.iter().map(|event| event.id).eq(ids(&read(&log, &stream).await)));
}
