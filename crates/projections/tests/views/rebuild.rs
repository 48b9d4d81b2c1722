//! A view is rebuilt while it is read and kept up.

use crate::harness::{PATIENCE, Tally, Worker, World};
use domain::cafe::order::{self, Order};
use eventlog::{EventLog, consumer::Consumers};
use projections::{
    Error, ReadModel, Stage,
    cafe::order_status::OrderStatus,
    query::{self, Page},
};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

#[tokio::test]
async fn a_rebuild_leads_to_the_same_rows() {
    let world = World::new().await;
    let engine = world.engine(1);
    for number in 0..120 {
        world.order(&format!("o{number}")).await;
    }
    for number in 0..120 {
        world.append::<Order>(&format!("o{number}"), 2, &[order::Event::OrderAccepted]).await;
    }
    let mut stages = Vec::new();
    let rebuilt =
        engine.rebuild::<Tally>(&mut |progress| stages.push(progress.stage)).await.unwrap();
    assert_eq!(
        (rebuilt.stage, rebuilt.events, rebuilt.position),
        (Stage::Done, 360, world.log.end().await.unwrap())
    );
    assert_eq!(stages.last(), Some(&Stage::Done));
    assert_eq!(world.count("select count(*) from test.tally where events = 3").await, 120);
    assert_eq!(engine.verify::<Tally>().await.unwrap().differing, [""; 0]);
}

#[tokio::test]
async fn a_wrong_row_is_found_and_mended() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Tally>(&engine).await;
    world.order("o1").await;
    let end = world.order("o2").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    let wrong =
        "update test.tally set events = 7 where id = 'o1'; insert into test.tally values ('o3', 1)";
    world.pool.get().await.unwrap().batch_execute(wrong).await.unwrap();
    assert_eq!(engine.verify::<Tally>().await.unwrap().differing, ["o1", "o3"]);
    engine.rebuild::<Tally>(&mut |_| {}).await.unwrap();
    assert_eq!(engine.verify::<Tally>().await.unwrap().differing, [""; 0]);
    assert_eq!(world.count("select events from test.tally__old where id = 'o1'").await, 7);
    worker.stop().await;
}

/// Readers count the rows all the time: never fewer than before, and never an error.
#[tokio::test(flavor = "multi_thread")]
async fn rebuilds_under_load_hide_nothing_and_double_nothing() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let tally = Worker::of::<Tally>(&engine).await;
    for number in 0..100 {
        world.order(&format!("a{number}")).await;
    }
    let end = world.log.end().await.unwrap();
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();

    let over = AtomicBool::new(false);
    let writing = async {
        let mut number = 0;
        while !over.load(Ordering::SeqCst) {
            world.order(&format!("b{number}")).await;
            number += 1;
        }
    };
    let reading = async {
        let page = Page { limit: u32::MAX, ..Page::default() };
        let mut seen = 100;
        while !over.load(Ordering::SeqCst) {
            let rows = query::list::<OrderStatus>(&world.pool, &page).await.unwrap().len();
            assert!(rows >= seen, "{rows} rows after {seen}");
            seen = rows;
        }
    };
    let rebuilding = async {
        for _ in 0..4 {
            engine.rebuild::<OrderStatus>(&mut |_| {}).await.unwrap();
            engine.rebuild::<Tally>(&mut |_| {}).await.unwrap();
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(writing, reading, rebuilding);

    let end = world.log.end().await.unwrap();
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    assert_eq!(engine.verify::<OrderStatus>().await.unwrap().differing, [""; 0]);
    assert_eq!(engine.verify::<Tally>().await.unwrap().differing, [""; 0]);
    assert_eq!(world.count("select count(*) from test.tally where events <> 2").await, 0);
    worker.stop().await;
    tally.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_killed_leaves_the_view_and_begins_anew() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Tally>(&engine).await;
    let mut end = world.order("o0").await;
    for number in 1..300 {
        end = world.order(&format!("o{number}")).await;
    }
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    for stop_after in [1, 2, 4] {
        let (steps, mut stepped) = tokio::sync::mpsc::unbounded_channel();
        let killed = engine.clone();
        let rebuild = tokio::spawn(async move {
            let mut tell = |_: &projections::Rebuilt| steps.send(()).unwrap_or(());
            killed.rebuild::<Tally>(&mut tell).await
        });
        for _ in 0..stop_after {
            stepped.recv().await;
        }
        rebuild.abort();
        let _ = rebuild.await;
        assert_eq!(engine.verify::<Tally>().await.unwrap().rows, 300);
    }
    engine.rebuild::<Tally>(&mut |_| {}).await.unwrap();
    assert_eq!(world.count("select count(*) from test.tally where events = 2").await, 300);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_held_up_for_too_long_loses_to_the_next() {
    let world = World::new().await;
    let engine = world.engine(1);
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    world.order("o1").await;
    let first = engine.clone();
    let first = tokio::task::spawn_blocking(move || {
        let mut hold = move |_: &projections::Rebuilt| {
            let _ = began.send(());
            let _ = wait.recv();
        };
        tokio::runtime::Handle::current().block_on(first.rebuild::<Tally>(&mut hold))
    });
    begun.recv().await.unwrap();
    // The first one cannot prolong its lease while it is held up, so the second takes it.
    let second = engine.rebuild::<Tally>(&mut |_| {}).await;
    drop(go_on);
    let first = first.await.unwrap();
    assert!(second.is_ok() && matches!(first, Err(Error::Fenced(_))), "{first:?} {second:?}");
    assert_eq!(world.count("select events from test.tally").await, 2);
}

#[tokio::test]
async fn a_second_one_at_the_same_time_is_refused() {
    let world = World::new().await;
    let consumers = Consumers::new(world.pool.clone());
    consumers.register(&["test.tally__shadow"]).await.unwrap();
    let running =
        consumers.acquire("test.tally__shadow", Uuid::from_u128(7), PATIENCE).await.unwrap();
    assert!(running.is_some());
    let refused = world.engine(1).rebuild::<Tally>(&mut |_| {}).await;
    assert!(matches!(refused, Err(Error::Rebuilding(_))), "{refused:?}");
}
