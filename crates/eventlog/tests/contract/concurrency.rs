//! Many writers at once.

use crate::store::{Heard, Store, append, current, fill, ids, new_ids, read};
use eventlog::{AppendError, EventLog, ExpectedVersion, StreamName};
use futures::future::join_all;
use std::{collections::HashSet, sync::Arc};
use uuid::Uuid;

pub async fn one_writer_wins_each_version(store: Store) {
    const WRITERS: usize = 8;
    const EACH: usize = 8;
    let (log, stream) = (store.open().await, store.stream("hot"));
    let writers = (0..WRITERS).map(|writer| {
        let (log, store, stream) = (log.clone(), &store, stream.clone());
        async move {
            let mut seen = 0;
            let mut won = Vec::new();
            while won.len() < EACH {
                let name = format!("writer {writer} {}", won.len());
                let events = store.events(&name, 1);
                let id = events[0].id;
                match append(&log, &stream, ExpectedVersion::after(seen), events).await {
                    Ok(appended) => {
                        won.push((appended.version, id));
                        seen = appended.version + 1;
                    }
                    Err(AppendError::Conflict { current, .. }) => {
                        let current = current.expect("the version of a stream that can be read");
                        assert!(current + 1 > seen);
                        seen = current + 1;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            won
        }
    });
    let mut won: Vec<_> = join_all(writers).await.into_iter().flatten().collect();
    won.sort();
    let stored = read(&log, &stream).await;
    assert!(stored.iter().map(|event| (event.version, event.id)).eq(won.iter().copied()));
    assert_eq!(stored.len(), WRITERS * EACH);
    assert!(stored.is_sorted_by(|one, next| one.position < next.position));
}

pub async fn many_streams_lose_nothing(store: Store) {
    const STREAMS: usize = 40;
    const EACH: usize = 25;
    let log = store.open().await;
    let mut heard =
        Heard::by(log.subscribe(log.end().await.unwrap(), vec![store.category("item")]));
    let streams: Vec<_> = (0..STREAMS).map(|number| store.stream(&number.to_string())).collect();
    join_all(streams.iter().map(|stream| fill(&log, &store, stream, EACH))).await;
    for stream in &streams {
        assert_eq!(read(&log, stream).await.len(), EACH);
    }
    heard.until_events(STREAMS * EACH).await;
    let distinct: HashSet<_> = heard.ids().into_iter().collect();
    assert_eq!(distinct.len(), STREAMS * EACH);
}

pub async fn the_same_append_at_once_is_stored_once(store: Store) {
    let (log, stream) = (store.open().await, store.stream("1"));
    fill(&log, &store, &stream, 1).await;
    let events = store.events("same", 2);
    let appends = (0..20).map(|_| append(&log, &stream, ExpectedVersion::Exact(0), events.clone()));
    let answers: Vec<_> = join_all(appends).await.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(ids(&read(&log, &stream).await[1..]), new_ids(&events));
}

pub async fn conflicts_disturb_no_other_stream(store: Store) {
    let (log, hot) = (store.open().await, store.stream("hot"));
    fill(&log, &store, &hot, 1).await;
    let stale = join_all((0..20).map(|number| {
        let events = store.events(&format!("stale {number}"), 1);
        append(&log, &hot, ExpectedVersion::NoStream, events)
    }));
    let streams: Vec<_> = (0..20).map(|number| store.stream(&format!("calm {number}"))).collect();
    let calm = join_all(streams.iter().map(|stream| fill(&log, &store, stream, 10)));
    let (stale, _) = tokio::join!(stale, calm);
    for outcome in stale {
        assert_eq!(current(outcome), Some(0));
    }
    for stream in &streams {
        assert_eq!(read(&log, stream).await.len(), 10);
    }
}

pub async fn two_logs_share_one_store(store: Store) {
    let (one, other) = (store.open().await, store.open().await);
    let start = one.end().await.unwrap();
    let category = vec![store.category("item")];
    let mut heard_by_one = Heard::by(one.subscribe(start, category.clone()));
    let mut heard_by_other = Heard::by(other.subscribe(start, category));
    let stream = store.stream("1");
    for turn in 0..20 {
        let log = if turn % 2 == 0 { &one } else { &other };
        let events = store.events(&format!("turn {turn}"), 1);
        append(log, &stream, ExpectedVersion::after(turn), events).await.unwrap();
    }
    let expected = in_stream(&other, &stream).await;
    heard_by_one.until_events(20).await;
    heard_by_other.until_events(20).await;
    assert_eq!(heard_by_one.ids(), expected);
    assert_eq!(heard_by_other.ids(), expected);
    assert_eq!(in_stream(&one, &stream).await, expected);
    assert_eq!(one.end().await.unwrap(), other.end().await.unwrap());
}

async fn in_stream(log: &Arc<dyn EventLog>, stream: &StreamName) -> Vec<Uuid> {
    ids(&read(log, stream).await)
}
