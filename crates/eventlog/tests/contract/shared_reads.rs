//! PostgreSQL: what one process stores is read by another once, however many subscribe there.

use crate::store::{Heard, PATIENCE, Store, append, read};
use eventlog::{ExpectedVersion, Position};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

const SUBSCRIBERS: usize = 20;
const EVENTS: usize = 200;

/// How many events were read from the table, by whoever has said so.
async fn reads(store: &Store) -> i64 {
    let (client, connection) = store.database().config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let query = "select coalesce(idx_tup_fetch, 0) from pg_stat_user_tables
         where schemaname = 'eventlog' and relname = 'events'";
    client.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_subscribers_of_a_process_share_what_it_reads() {
    let store = Store::postgres().await;
    // Each writes now and then, which the other has to learn.
    let (writer, other) = (store.open().await, store.open().await);
    let subscribe = |_| Heard::by(other.subscribe(Position::START, vec![store.category("item")]));
    let mut all: Vec<_> = (0..SUBSCRIBERS).map(subscribe).collect();
    for heard in &mut all {
        heard.until_caught_up().await;
    }
    let stream = store.stream("1");
    for index in 0..EVENTS {
        let log = if index % 4 == 3 { &other } else { &writer };
        let expected = ExpectedVersion::after(index as u64);
        append(log, &stream, expected, store.events(&format!("one {index}"), 1)).await.unwrap();
    }
    let stored = read(&writer, &stream).await;
    for heard in &mut all {
        heard.until_events(EVENTS).await;
        assert!(heard.events.iter().map(|event| &**event).eq(&stored));
    }
    // A server process counts for others when it ends.
    drop((all, other, writer));
    let counted = async {
        while reads(&store).await < EVENTS as i64 {
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_secs(1)).await;
        reads(&store).await
    };
    let counted = timeout(PATIENCE, counted).await.expect("something was read");
    // Once by each process's listener, once here, and a few to decide upon.
    assert!(counted <= 6 * EVENTS as i64, "{counted} reads for {SUBSCRIBERS} subscribers");
}
