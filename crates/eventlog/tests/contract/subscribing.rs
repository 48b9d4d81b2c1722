//! Following the log.

use crate::store::{Heard, Store, append, fill, ids, read};
use eventlog::{ExpectedVersion, Position, StreamName};
use futures::future::join_all;

pub async fn from_the_start_then_live(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 10).await;
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    heard.until_caught_up().await;
    assert_eq!(heard.ids(), ids(&read(&log, &stream).await));
    let events = store.events("live", 3);
    append(&log, &stream, ExpectedVersion::Exact(9), events).await.unwrap();
    heard.until_events(13).await;
    let stored = read(&log, &stream).await;
    assert!(heard.events.iter().map(|event| &**event).eq(&stored));
}

pub async fn from_a_position(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 10).await;
    let stored = read(&log, &stream).await;
    let category = vec![store.category("item")];
    let mut heard = Heard::by(log.subscribe(stored[3].position, category));
    heard.until_events(6).await;
    assert_eq!(heard.ids(), ids(&stored[4..]));
}

pub async fn from_the_end(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 5).await;
    let end = log.end().await.unwrap();
    let mut heard = Heard::by(log.subscribe(end, vec![store.category("item")]));
    heard.until_caught_up().await;
    assert!(heard.events.is_empty());
    let events = store.events("new", 2);
    append(&log, &stream, ExpectedVersion::Exact(4), events).await.unwrap();
    heard.until_events(2).await;
    assert_eq!(heard.events[0].version, 5);
}

pub async fn resumes_without_gap_or_repeat(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 30).await;
    let expected = ids(&read(&log, &stream).await);
    let (mut seen, mut position) = (Vec::new(), Position::START);
    while seen.len() < 30 {
        let mut heard = Heard::by(log.subscribe(position, vec![store.category("item")]));
        heard.until(|heard| !heard.events.is_empty()).await;
        // As a consumer that was stopped after so many, wherever the delivery ended.
        let taken = &heard.events[..heard.events.len().min(7)];
        position = taken.last().unwrap().position;
        seen.extend(taken.iter().map(|event| event.id));
    }
    assert_eq!(seen, expected);
}

pub async fn delivers_only_the_categories_asked_for(store: Store) {
    let log = store.open().await;
    let names = ["item", "items", "item2", "item.part", "other"];
    for name in names {
        let stream = StreamName::new(&store.category(name), "a-b");
        fill(&log, &store, &stream, 3).await;
    }
    let asked = vec![store.category("item"), store.category("other")];
    let mut heard = Heard::by(log.subscribe(Position::START, asked.clone()));
    heard.until_caught_up().await;
    assert_eq!(heard.events.len(), 6);
    let categories: Vec<_> =
        heard.events.iter().map(|event| event.stream.category().to_owned()).collect();
    assert!(categories.iter().all(|category| asked.contains(category)));
}

pub async fn delivers_all_when_no_category_is_asked_for(store: Store) {
    let log = store.open().await;
    let mut heard = Heard::by(log.subscribe(log.end().await.unwrap(), Vec::new()));
    for name in ["item", "other", "third"] {
        let stream = StreamName::new(&store.category(name), "1");
        fill(&log, &store, &stream, 2).await;
    }
    let ours = |heard: &Heard| {
        let ours = heard.events.iter();
        ours.filter(|event| event.stream.as_str().starts_with(&store.category(""))).count()
    };
    heard.until(|heard| ours(heard) == 6).await;
}

pub async fn is_caught_up_on_nothing(store: Store) {
    let log = store.open().await;
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    heard.until_caught_up().await;
    assert!(heard.events.is_empty());
    fill(&log, &store, &store.stream("1"), 1).await;
    heard.until_events(1).await;
}

pub async fn checkpoints_pass_over_other_categories(store: Store) {
    let log = store.open().await;
    fill(&log, &store, &store.stream("1"), 1).await;
    let mut heard = Heard::by(log.subscribe(Position::START, vec![store.category("item")]));
    heard.until_caught_up().await;
    let other = StreamName::new(&store.category("other"), "1");
    let mut middle = Position::START;
    for chunk in 0..30 {
        let events = store.events(&format!("chunk {chunk}"), 100);
        let expected = ExpectedVersion::after(chunk * 100);
        let appended = append(&log, &other, expected, events).await.unwrap();
        if chunk == 14 {
            middle = appended.position;
        }
    }
    heard.until(|heard| heard.checkpoints.iter().any(|&at| at >= middle)).await;
    assert_eq!(heard.events.len(), 1);
    let checkpoint = *heard.checkpoints.iter().max().unwrap();
    assert!(checkpoint <= log.end().await.unwrap());

    // Where a consumer that kept the checkpoint goes on.
    let mut resumed = Heard::by(log.subscribe(checkpoint, vec![store.category("item")]));
    let events = store.events("after", 1);
    append(&log, &store.stream("1"), ExpectedVersion::Exact(0), events.clone()).await.unwrap();
    resumed.until_events(1).await;
    assert_eq!(resumed.ids(), [events[0].id]);
}

pub async fn a_slow_subscriber_loses_nothing(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let end = log.end().await.unwrap();
    let mut heard = Heard::by(log.subscribe(end, vec![store.category("item")]));
    heard.until_caught_up().await;
    for chunk in 0..12 {
        let events = store.events(&format!("chunk {chunk}"), 500);
        append(&log, &stream, ExpectedVersion::after(chunk * 500), events).await.unwrap();
    }
    heard.until_events(6_000).await;
    assert_eq!(heard.ids(), ids(&read(&log, &stream).await));
}

pub async fn keeps_the_order_under_load(store: Store) {
    let log = store.open().await;
    let start = log.end().await.unwrap();
    let mut heard = Heard::by(log.subscribe(start, vec![store.category("item")]));
    let streams: Vec<_> = (0..10).map(|number| store.stream(&number.to_string())).collect();
    let writing = join_all(streams.iter().map(|stream| fill(&log, &store, stream, 200)));
    tokio::join!(writing, heard.until_events(2_000));
    // Read again from the start, it is the same order.
    let mut again = Heard::by(log.subscribe(start, vec![store.category("item")]));
    again.until_events(2_000).await;
    assert_eq!(again.ids(), heard.ids());
}

pub async fn ends_alone(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    let category = vec![store.category("item")];
    let mut stays = Heard::by(log.subscribe(Position::START, category.clone()));
    for _ in 0..5 {
        let mut goes = Heard::by(log.subscribe(Position::START, category.clone()));
        goes.until_caught_up().await;
    }
    fill(&log, &store, &stream, 5).await;
    stays.until_events(5).await;
}
