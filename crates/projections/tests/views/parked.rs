//! What cannot be folded waits in the order of its stream, and nothing else waits for it.

use crate::{
    harness::{Fragile, MENDED, PATIENCE, Worker, World, opened, rejected, selected, until},
    rebuild::{differing, rebuild},
};
use domain::{
    Aggregate,
    cafe::{
        order::{self, Order},
        ticket::Ticket,
    },
};
use eventlog::{StreamName, consumer::ParkedEvents};
use projections::{
    NotReached, ReadModel,
    cafe::{order_status::OrderStatus, tickets::Tickets},
};
use std::sync::atomic::Ordering;

async fn parked(world: &World) -> Vec<(String, u64, String)> {
    let all = ParkedEvents::new(world.pool.clone()).all().await.unwrap();
    all.into_iter().map(|one| (one.stream.to_string(), one.version, one.state)).collect()
}

fn entry(stream: &str, version: u64, state: &str) -> (String, u64, String) {
    (stream.to_owned(), version, state.to_owned())
}

#[tokio::test]
async fn an_event_without_meaning_parks_its_stream_only() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    world.append::<Order>("bad", 0, &[selected()]).await;
    let nonsense = world.nonsense("bad", 1).await;
    world.append::<Order>("bad", 2, &[order::Event::OrderCancelRequested]).await;
    let good = world.order("good").await;
    engine.wait_for(OrderStatus::NAME, good, PATIENCE).await.unwrap();

    assert_eq!(
        parked(&world).await,
        [entry("cafe.order-bad", 1, "poison"), entry("cafe.order-bad", 2, "behind")]
    );
    let bad = world.row::<OrderStatus>("bad").await.unwrap();
    assert_eq!((bad.status.0, bad.cancel_requested_at), (order::Status::Init, None));
    assert_eq!(engine.local(OrderStatus::NAME).parked_streams, 1);
    let asked = engine.wait_for(OrderStatus::NAME, nonsense, PATIENCE).await;
    assert!(matches!(asked, Err(NotReached::Parked { .. })), "{asked:?}");
    assert_eq!(differing::<OrderStatus>(&engine).await, [""; 0]);
    worker.stop().await;
}

#[tokio::test]
async fn what_was_given_up_is_left_out_and_the_rest_goes_on() {
    let world = World::new().await;
    let engine = world.engine(1);
    world.append::<Order>("bad", 0, &[selected()]).await;
    world.nonsense("bad", 1).await;
    let end = world.append::<Order>("bad", 2, &[order::Event::OrderCancelRequested]).await;
    let worker = Worker::of::<OrderStatus>(&engine).await;
    until("it is parked", || async { parked(&world).await.len() == 2 }).await;
    let stream = StreamName::new(Order::CATEGORY, "bad");
    let table = ParkedEvents::new(world.pool.clone());
    assert!(table.skip(OrderStatus::NAME, &stream, "no such event").await.unwrap());
    until("nothing is parked", || async { parked(&world).await.is_empty() }).await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    let row = world.row::<OrderStatus>("bad").await.unwrap();
    assert!(row.cancel_requested_at.is_some());
    assert_eq!(differing::<OrderStatus>(&engine).await, [""; 0]);
    rebuild::<OrderStatus>(&engine).await.unwrap();
    assert_eq!(parked(&world).await, []);
    worker.stop().await;
}

/// Skipping the last parked event of a stream leaves nothing behind which later ones would wait.
#[tokio::test]
async fn a_stream_without_parked_events_is_free_again() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    world.append::<Order>("bad", 0, &[selected()]).await;
    world.nonsense("bad", 1).await;
    until("it is parked", || async { parked(&world).await.len() == 1 }).await;
    let table = ParkedEvents::new(world.pool.clone());
    let stream = StreamName::new(Order::CATEGORY, "bad");
    assert!(table.skip(OrderStatus::NAME, &stream, "no such event").await.unwrap());
    let end = world.append::<Order>("bad", 2, &[order::Event::OrderCancelRequested]).await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.ok();
    until("it shows", || async {
        let row = world.row::<OrderStatus>("bad").await.unwrap();
        row.cancel_requested_at.is_some()
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn a_fold_that_panics_is_tried_again_when_it_is_mended() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Fragile>(&engine).await;
    world.append::<Ticket>("bad", 0, &[opened(), rejected("no milk"), opened()]).await;
    let end = world.append::<Ticket>("good", 0, &[opened()]).await;
    engine.wait_for(Fragile::NAME, end, PATIENCE).await.unwrap();
    let stuck = [entry("cafe.ticket-bad", 1, "poison"), entry("cafe.ticket-bad", 2, "behind")];
    assert_eq!(parked(&world).await, stuck);
    let events = "select events from test.fragile where id = 'bad'";
    assert_eq!(world.count(events).await, 1);

    let table = ParkedEvents::new(world.pool.clone());
    let stream = StreamName::new(Ticket::CATEGORY, "bad");
    assert!(table.retry(Fragile::NAME, &stream).await.unwrap());
    let attempts = "select attempts::bigint from consumers.parked where version = 1";
    until("it was tried again", || async { world.count(attempts).await == 1 }).await;
    assert_eq!(parked(&world).await, stuck);

    MENDED.store(true, Ordering::SeqCst);
    assert!(table.retry(Fragile::NAME, &stream).await.unwrap());
    until("it is folded", || async { parked(&world).await.is_empty() }).await;
    assert_eq!(world.count(events).await, 3);
    worker.stop().await;
}

/// PostgreSQL's text holds any character but U+0000.
#[tokio::test]
async fn a_row_that_the_database_refuses_parks_its_stream_only() {
    let world = World::new().await;
    let engine = world.engine(1);
    for number in 0..20 {
        world.append::<Ticket>(&format!("good{number}"), 0, &[opened()]).await;
    }
    world.append::<Ticket>("bad", 0, &[opened(), rejected("no\0milk")]).await;
    let end = world.append::<Ticket>("last", 0, &[opened()]).await;
    let worker = Worker::of::<Tickets>(&engine).await;
    engine.wait_for(Tickets::NAME, end, PATIENCE).await.unwrap();
    assert_eq!(parked(&world).await, [entry("cafe.ticket-bad", 1, "poison")]);
    assert_eq!(
        world.count("select count(*) from cafe.tickets where status = 'order_get'").await,
        22
    );

    rebuild::<Tickets>(&engine).await.unwrap();
    assert_eq!(parked(&world).await, [entry("cafe.ticket-bad", 1, "poison")]);
    assert_eq!(differing::<Tickets>(&engine).await, [""; 0]);
    worker.stop().await;
}
