//! A view is rebuilt while it is read and kept up.

use crate::harness::{PATIENCE, Tally, Worker, World};
use chrono::DateTime;
use domain::cafe::order::{self, Order};
use eventlog::{
    EventLog,
    consumer::{Consumers, Followers, ParkedEvents},
};
use projections::{
    Compared, Engine, Error, Progress, ReadModel, Rebuilt, Stage, Then,
    cafe::order_status::OrderStatus,
    query::{self, Page},
    registry::view,
};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// Rebuilds one view and gives what it came to.
pub async fn rebuild<M: ReadModel>(engine: &Engine) -> Result<Rebuilt, Error> {
    Ok(engine.rebuild(&[view::<M>()], Then::Swap, &mut |_| {}).await?.remove(0))
}

/// Compares a view with the log.
pub async fn compare<M: ReadModel>(engine: &Engine) -> Compared {
    let rebuilt = engine.rebuild(&[view::<M>()], Then::Compare, &mut |_| {}).await.unwrap();
    rebuilt.into_iter().next().unwrap().compared.unwrap()
}

/// The keys of the rows that are not as the log says.
pub async fn differing<M: ReadModel>(engine: &Engine) -> Vec<String> {
    compare::<M>(engine).await.keys
}

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
    let mut note = |progress: &Progress| stages.push(progress.stage);
    let rebuilt =
        engine.rebuild(&[view::<Tally>()], Then::Swap, &mut note).await.unwrap().remove(0);
    assert_eq!(
        (rebuilt.swapped, rebuilt.events, rebuilt.rows, rebuilt.position),
        (true, 360, 120, world.log.end().await.unwrap())
    );
    assert!(stages.is_sorted() && stages.last() == Some(&Stage::Done), "{stages:?}");
    assert_eq!(world.count("select count(*) from test.tally where events = 3").await, 120);
    assert_eq!(differing::<Tally>(&engine).await, [""; 0]);
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
    assert_eq!(differing::<Tally>(&engine).await, ["o1", "o3"]);
    rebuild::<Tally>(&engine).await.unwrap();
    assert_eq!(differing::<Tally>(&engine).await, [""; 0]);
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
            rebuild::<OrderStatus>(&engine).await.unwrap();
            rebuild::<Tally>(&engine).await.unwrap();
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(writing, reading, rebuilding);

    let end = world.log.end().await.unwrap();
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    assert_eq!(differing::<OrderStatus>(&engine).await, [""; 0]);
    assert_eq!(differing::<Tally>(&engine).await, [""; 0]);
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
            let mut tell = |_: &Progress| steps.send(()).unwrap_or(());
            killed.rebuild(&[view::<Tally>()], Then::Swap, &mut tell).await
        });
        for _ in 0..stop_after {
            stepped.recv().await;
        }
        rebuild.abort();
        let _ = rebuild.await;
        assert_eq!(compare::<Tally>(&engine).await.rows, 300);
    }
    rebuild::<Tally>(&engine).await.unwrap();
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
        let mut hold = move |_: &Progress| {
            let _ = began.send(());
            let _ = wait.recv();
        };
        let views = [view::<Tally>()];
        let rebuild = first.rebuild(&views, Then::Swap, &mut hold);
        tokio::runtime::Handle::current().block_on(rebuild)
    });
    begun.recv().await.unwrap();
    // As after a pause of its whole process, in which the lease ran out.
    let lost = "update consumers.checkpoints set owner = null, fence = fence + 1
                where name = 'test.tally__shadow'";
    world.pool.get().await.unwrap().batch_execute(lost).await.unwrap();
    let second = rebuild::<Tally>(&engine).await;
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
    let refused = rebuild::<Tally>(&world.engine(1)).await;
    assert!(matches!(refused, Err(Error::Rebuilding(_))), "{refused:?}");
}

#[tokio::test]
async fn several_views_are_folded_in_one_pass() {
    let world = World::new().await;
    let engine = world.engine(1);
    for number in 0..30 {
        world.order(&format!("o{number}")).await;
    }
    let views = [view::<Tally>(), view::<OrderStatus>()];
    let rebuilt = engine.rebuild(&views, Then::Swap, &mut |_| {}).await.unwrap();
    let found: Vec<_> = rebuilt.iter().map(|one| (one.view, one.events, one.rows)).collect();
    assert_eq!(found, [(Tally::NAME, 60, 30), (OrderStatus::NAME, 60, 30)]);
    assert_eq!(world.count("select count(*) from test.tally where events = 2").await, 30);
    assert_eq!(world.count("select count(*) from cafe.order_status").await, 30);
}

/// More rows than memory may hold, touched again after they went into the table.
#[tokio::test]
async fn rows_that_do_not_fit_into_memory_are_none_the_worse() {
    let world = World::new().await;
    let engine = world.engine(1);
    for number in 0..200 {
        world.order(&format!("o{number:03}")).await;
    }
    for number in (0..200).rev() {
        world.append::<Order>(&format!("o{number:03}"), 2, &[order::Event::OrderAccepted]).await;
    }
    for number in (0..200).step_by(3) {
        world.append::<Order>(&format!("o{number:03}"), 3, &[order::Event::OrderMade]).await;
    }
    let rebuilt = rebuild::<Tally>(&engine).await.unwrap();
    assert_eq!((rebuilt.events, rebuilt.rows), (667, 200));
    assert_eq!(world.count("select count(*) from test.tally where events = 3").await, 133);
    assert_eq!(world.count("select count(*) from test.tally where events = 4").await, 67);
    let keys = "select count(*) from pg_index where indrelid = 'test.tally'::regclass
                and indisprimary and indisvalid";
    assert_eq!(world.count(keys).await, 1);
}

#[tokio::test]
async fn what_was_in_place_before_can_be_put_back_and_forth() {
    let world = World::new().await;
    let engine = world.engine(1);
    world.order("o1").await;
    let nothing = engine.roll_back(view::<Tally>(), &mut |_| {}).await;
    assert!(matches!(nothing, Err(Error::NoOld(_))), "{nothing:?}");
    let worker = Worker::of::<Tally>(&engine).await;
    let end = world.order("o2").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    let mark = "update test.tally set events = 7 where id = 'o1'";
    world.pool.get().await.unwrap().batch_execute(mark).await.unwrap();
    rebuild::<Tally>(&engine).await.unwrap();
    let end = world.order("o3").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    // What was before has its mark, and what came since as well.
    for (events, rows) in [(7, 3), (2, 3), (7, 3)] {
        let back = engine.roll_back(view::<Tally>(), &mut |_| {}).await.unwrap();
        assert_eq!((back.swapped, back.rows as i64), (true, rows));
        assert_eq!(world.count("select events from test.tally where id = 'o1'").await, events);
        assert_eq!(world.count("select count(*) from test.tally").await, rows);
    }
    let end = world.order("o4").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    assert_eq!(differing::<Tally>(&engine).await, ["o1"]);
    worker.stop().await;
}

#[tokio::test]
async fn what_differs_is_not_put_in_place_unless_it_is_asked_for() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Tally>(&engine).await;
    let end = world.order("o1").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    let mark = "update test.tally set events = 7 where id = 'o1'";
    world.pool.get().await.unwrap().batch_execute(mark).await.unwrap();
    let kept = engine.rebuild(&[view::<Tally>()], Then::SwapIfEqual, &mut |_| {}).await.unwrap();
    let compared = kept[0].compared.as_ref().unwrap();
    assert_eq!((kept[0].swapped, compared.rows, compared.folded), (false, 1, 1));
    assert_eq!(compared.keys, ["o1"]);
    assert_eq!(world.count("select events from test.tally").await, 7);
    let left =
        "select count(*) from pg_tables where schemaname = 'test' and tablename like '%shadow'";
    assert_eq!(world.count(left).await, 0);
    rebuild::<Tally>(&engine).await.unwrap();
    let same = engine.rebuild(&[view::<Tally>()], Then::SwapIfEqual, &mut |_| {}).await.unwrap();
    assert!(same[0].swapped && same[0].compared.as_ref().unwrap().is_equal());
    worker.stop().await;
}

#[tokio::test]
async fn a_plan_says_what_would_be_done_and_does_nothing() {
    let world = World::new().await;
    let engine = world.engine(1);
    let consumers = Consumers::new(world.pool.clone());
    let worker = Worker::of::<Tally>(&engine).await;
    world.order("o1").await;
    let end = world.order("o2").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    let analyze = "analyze test.tally";
    world.pool.get().await.unwrap().batch_execute(analyze).await.unwrap();
    let plan = engine.plan(view::<Tally>()).await.unwrap();
    assert_eq!((plan.view, plan.end, plan.rows), (Tally::NAME, end, 2));
    assert!(plan.bytes > 0 && !plan.has_old && !plan.rebuilding, "{plan:?}");
    assert_eq!(consumers.state("test.tally__shadow").await.unwrap(), None);

    rebuild::<Tally>(&engine).await.unwrap();
    let plan = engine.plan(view::<Tally>()).await.unwrap();
    assert!(plan.has_old && !plan.rebuilding, "{plan:?}");

    consumers.register(&["test.tally__shadow"]).await.unwrap();
    let running = consumers.acquire("test.tally__shadow", Uuid::from_u128(7), PATIENCE).await;
    assert!(running.unwrap().is_some());
    let plan = engine.plan(view::<Tally>()).await.unwrap();
    assert!(plan.has_old && plan.rebuilding, "{plan:?}");
    worker.stop().await;
}

/// Nobody waits for an old table, and nothing that it parked is for a person to settle.
#[tokio::test]
async fn what_was_in_place_before_is_no_follower() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<Tally>(&engine).await;
    world.nonsense("bad", 0).await;
    let end = world.order("o1").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    rebuild::<Tally>(&engine).await.unwrap();
    let end = world.order("o2").await;
    engine.wait_for(Tally::NAME, end, PATIENCE).await.unwrap();
    let old = Consumers::new(world.pool.clone()).state("test.tally__old").await.unwrap().unwrap();
    assert!(old.position < end && old.poisoned_streams == 1, "{old:?}");

    let followers = Followers::new(world.log.clone(), world.pool.clone());
    let standings = followers.standings(DateTime::UNIX_EPOCH).await.unwrap();
    let told: Vec<_> =
        standings.followers.iter().map(|one| (one.follower(), one.backlog.events)).collect();
    assert_eq!(told, [(Tally::NAME, 0)]);
    let parked = ParkedEvents::new(world.pool.clone()).all().await.unwrap();
    assert_eq!(parked.iter().map(|one| &*one.consumer).collect::<Vec<_>>(), [Tally::NAME]);
    worker.stop().await;
}
