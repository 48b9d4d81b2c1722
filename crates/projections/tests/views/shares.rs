//! The work of a view that is cut into shares of its keys, and work that processes share.

use crate::harness::{PATIENCE, Tally, Worker, World, until, working};
use crate::rebuild::differing;
use domain::{
    Aggregate,
    cafe::order::{self, Order},
};
use eventlog::consumer::{Consumers, Share};
use projections::{
    Condition, Engine, Error, ReadModel, cafe::order_status::OrderStatus, registry::view,
};
use std::{collections::BTreeSet, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn cut<M: ReadModel>(engine: &Engine, shares: u32) -> Result<(), Error> {
    let shares = Share::cut(shares).unwrap();
    engine.cut(&[view::<M>()], &shares, &mut |_| {}).await.map(drop)
}

async fn orders(world: &World, prefix: &str, count: usize) {
    for number in 0..count {
        world.order(&format!("{prefix}{number}")).await;
    }
}

/// Who has leases of the view.
async fn owners(world: &World, view: &str) -> BTreeSet<Uuid> {
    let states = Consumers::new(world.pool.clone()).of_follower(view).await.unwrap();
    states.into_iter().filter_map(|state| state.owner).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_cut_while_it_is_kept_and_goes_on_in_shares() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    orders(&world, "a", 60).await;
    cut::<OrderStatus>(&engine, 3).await.unwrap();
    orders(&world, "b", 60).await;
    let accepted = world.append::<Order>("a7", 2, &[order::Event::OrderAccepted]).await;
    engine.wait_for(OrderStatus::NAME, accepted, PATIENCE).await.unwrap();
    assert_eq!(world.count("select count(*) from cafe.order_status").await, 120);
    let consumers = Consumers::new(world.pool.clone());
    assert_eq!(consumers.shares(OrderStatus::NAME).await.unwrap(), Share::cut(3).unwrap());
    assert_eq!(differing::<OrderStatus>(&engine).await, [""; 0]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_keep_shares_of_a_view_and_each_event_shows_once() {
    let world = World::new().await;
    let (one, other) = (world.engine(1), world.engine(2));
    cut::<Tally>(&one, 4).await.unwrap();
    let first = Worker::of::<Tally>(&one).await;
    working::<Tally>(&one).await;
    let second = Worker::of::<Tally>(&other).await;
    let stop = CancellationToken::new();
    let (a, b) = (one.clone(), other.clone());
    let (until_a, until_b) = (stop.clone(), stop.clone());
    let balancing = [
        tokio::spawn(async move { a.roster().balance(&until_a).await }),
        tokio::spawn(async move { b.roster().balance(&until_b).await }),
    ];
    let mut number = 0;
    until("both have shares", || {
        number += 1;
        let (world, number) = (&world, number);
        async move {
            world.order(&format!("o{number}")).await;
            owners(world, Tally::NAME).await.len() == 2
        }
    })
    .await;
    let last = world.order("last").await;
    one.wait_for(Tally::NAME, last, PATIENCE).await.unwrap();
    let wrong = "select count(*) from test.tally where events <> 2";
    assert_eq!(world.count(wrong).await, 0);
    let rows = world.count("select count(*) from test.tally").await;
    assert_eq!(rows, number + 1);
    assert_eq!(differing::<Tally>(&one).await, [""; 0]);
    stop.cancel();
    for task in balancing {
        task.await.unwrap();
    }

    // Killed, its shares are taken over.
    first.kill().await;
    let last = world.order("after").await;
    tokio::time::timeout(
        crate::harness::SHORT_LEASE + Duration::from_secs(1),
        other.wait_for(Tally::NAME, last, PATIENCE),
    )
    .await
    .expect("within the lease and a second")
    .unwrap();
    until("all is kept", || async { other.local(Tally::NAME).condition == Condition::Working })
        .await;
    assert_eq!(world.count(wrong).await, 0);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_becomes_whole_again_and_is_rolled_back() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Tally>(&engine).await;
    orders(&world, "a", 50).await;
    cut::<Tally>(&engine, 2).await.unwrap();
    orders(&world, "b", 50).await;
    cut::<Tally>(&engine, 1).await.unwrap();
    orders(&world, "c", 50).await;
    engine.roll_back(view::<Tally>(), &mut |_| {}).await.unwrap();
    let consumers = Consumers::new(world.pool.clone());
    assert_eq!(consumers.shares(Tally::NAME).await.unwrap(), Share::cut(2).unwrap());
    let last = world.order("last").await;
    engine.wait_for(Tally::NAME, last, PATIENCE).await.unwrap();
    assert_eq!(world.count("select count(*) from test.tally where events = 2").await, 151);
    assert_eq!(differing::<Tally>(&engine).await, [""; 0]);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_waits_in_each_share_and_is_skipped_in_all() {
    let world = World::new().await;
    let engine = world.engine(1);
    cut::<OrderStatus>(&engine, 2).await.unwrap();
    let worker = Worker::of::<OrderStatus>(&engine).await;
    world.order("o1").await;
    let nonsense = world.nonsense("o1", 2).await;
    let accepted = world.append::<Order>("o1", 3, &[order::Event::OrderAccepted]).await;
    until("it is parked", || async {
        let parked = engine.wait_for(OrderStatus::NAME, nonsense, PATIENCE).await;
        matches!(parked, Err(projections::NotReached::Parked { .. }))
    })
    .await;
    let parked = eventlog::consumer::ParkedEvents::new(world.pool.clone());
    let stream = eventlog::StreamName::new(Order::CATEGORY, "o1");
    let consumers = parked.consumers(OrderStatus::NAME, &stream).await.unwrap();
    assert_eq!(consumers, ["cafe.order_status#0/2", "cafe.order_status#1/2"]);
    for consumer in &consumers {
        assert!(parked.skip(consumer, &stream, "nonsense").await.unwrap());
    }
    until("nothing is parked", || async {
        engine.wait_for(OrderStatus::NAME, accepted, PATIENCE).await.is_ok()
    })
    .await;
    assert_eq!(
        world.count("select count(*) from cafe.order_status where accepted_at is not null").await,
        1
    );
    worker.stop().await;
    assert_eq!(differing::<OrderStatus>(&engine).await, [""; 0]);
}
