//! Those who listen to a view, on a real database.

use crate::harness::{PATIENCE, Tally, Worker, World, selected, until, working};
use domain::{
    Aggregate,
    cafe::order::{self, Order},
};
use eventlog::{
    StreamName,
    consumer::{ParkedEvents, Share},
};
use projections::{
    Engine, Live, ReadModel,
    cafe::order_status::OrderStatus,
    live::{Listener, Mark, Owner, Sees, Wanted, What},
    query::Page,
    registry::view,
    row::Closed,
};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

fn live(world: &World, engine: &Engine) -> Live {
    Live::new(engine.clone(), world.pool.clone(), Arc::new(Closed), CancellationToken::new())
}

fn all<R>() -> Wanted<R> {
    let page = Page { limit: 100, ..Page::default() };
    Wanted { what: What::List(page), sees: Sees::All }
}

async fn listen<M: ReadModel>(
    live: &Live,
    wanted: Wanted<M::Row>,
    since: Option<Mark>,
) -> Listener<M> {
    live.listen::<M>(wanted, since, None).await.unwrap().expect("it is there")
}

/// An event: its name, and its data.
type Event = (String, Value);

/// What is sent next; none at the end.
async fn next<M: ReadModel>(listener: &mut Listener<M>) -> Option<String> {
    let text = timeout(PATIENCE, listener.next()).await.expect("something, or the end")?;
    Some(String::from_utf8(text.to_vec()).unwrap())
}

fn events(text: &str) -> Vec<Event> {
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
    };
    let event = |block: &str| {
        let data = field(block, "data: ")?.parse().unwrap();
        Some((field(block, "event: ")?, data))
    };
    text.split("\n\n").filter_map(event).collect()
}

fn marks(text: &str) -> Vec<Mark> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

/// The keys that are told until all of these were.
async fn hears<M: ReadModel>(listener: &mut Listener<M>, keys: &[String], key: &str) {
    let mut missing: BTreeSet<_> = keys.iter().map(String::as_str).collect();
    while !missing.is_empty() {
        let text = next(listener).await.expect("more");
        for (name, data) in events(&text) {
            let rows = match data {
                Value::Array(rows) => rows,
                row => vec![row],
            };
            assert_ne!(name, "reset");
            rows.iter().filter_map(|row| row[key].as_str()).for_each(|key| {
                missing.remove(key);
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_off_and_misses_nothing_when_it_comes_back() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    working::<OrderStatus>(&engine).await;
    let live = live(&world, &engine);
    let mut slow = listen::<OrderStatus>(&live, all(), None).await;
    let first = next(&mut slow).await.unwrap();
    let mut quick = listen::<OrderStatus>(&live, all(), None).await;
    let orders: Vec<_> = (0..40).map(|number| format!("o{number}")).collect();
    for order in &orders {
        world.order(order).await;
        // One by one, so that each is a round of its own.
        hears(&mut quick, std::slice::from_ref(order), "orderId").await;
    }
    let (mut told, mut last) = (Vec::new(), marks(&first).pop());
    while let Some(text) = next(&mut slow).await {
        last = marks(&text).pop().or(last);
        told.extend(events(&text));
    }
    assert!(!told.is_empty() && told.len() < orders.len(), "{} of {}", told.len(), orders.len());
    let mut again = listen::<OrderStatus>(&live, all(), last).await;
    hears(&mut again, &orders[told.len()..], "orderId").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_processes_keep_in_shares_is_heard_in_a_third() {
    let world = World::new().await;
    let engines = [world.engine(1), world.engine(2)];
    let worker = Worker::of::<Tally>(&engines[0]).await;
    working::<Tally>(&engines[0]).await;
    let shares = Share::cut(4).unwrap();
    engines[0].cut(&[view::<Tally>()], &shares, &mut |_| {}).await.unwrap();
    let other = Worker::of::<Tally>(&engines[1]).await;
    let third = live(&world, &world.engine(3));
    let mut listener = listen::<Tally>(&third, all(), None).await;
    let orders: Vec<_> = (0..60).map(|number| format!("o{number}")).collect();
    // At once: whoever does not listen meanwhile is dropped.
    let ordering = async {
        for order in &orders {
            world.order(order).await;
        }
    };
    tokio::join!(ordering, hears(&mut listener, &orders, "id"));
    worker.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_means_the_same_in_every_process() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    working::<OrderStatus>(&engine).await;
    let (here, there) = (live(&world, &engine), live(&world, &world.engine(2)));
    let mut first = listen::<OrderStatus>(&here, all(), None).await;
    // So that what changes from now on is known there, too.
    let _somebody = listen::<OrderStatus>(&there, all(), None).await;
    world.order("o1").await;
    let mark = loop {
        let text = next(&mut first).await.unwrap();
        if text.starts_with("event: row") && text.contains("pay_success") {
            break marks(&text).pop();
        }
    };
    let second = world.order("o2").await;
    engine.wait_for(OrderStatus::NAME, second, PATIENCE).await.unwrap();
    // Its feed may be a moment behind; then it tells it afterwards.
    let mut again = listen::<OrderStatus>(&there, all(), mark).await;
    hears(&mut again, &["o2".to_owned()], "orderId").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_reads_anew_when_a_parked_event_is_folded_after_all() {
    let world = World::new().await;
    let engine = world.engine(1);
    world.append::<Order>("bad", 0, &[selected()]).await;
    world.nonsense("bad", 1).await;
    let end = world.append::<Order>("bad", 2, &[order::Event::OrderCancelRequested]).await;
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let table = ParkedEvents::new(world.pool.clone());
    until("it is parked", || async { table.all().await.unwrap().len() == 2 }).await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap_err();
    let live = live(&world, &engine);
    let what = What::Row("bad".to_owned());
    let mut row = listen::<OrderStatus>(&live, Wanted { what, sees: Sees::All }, None).await;
    let text = next(&mut row).await.unwrap();
    let names: Vec<_> = events(&text).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["row", "ready", "behind"], "{text}");
    let stream = StreamName::new(Order::CATEGORY, "bad");
    table.skip(OrderStatus::NAME, &stream, "no such event").await.unwrap();
    loop {
        let text = next(&mut row).await.unwrap();
        if let Some((_, data)) = events(&text).iter().find(|(name, _)| name == "row")
            && data["status"] == "order_cancel_request"
        {
            break assert!(text.contains("event: reset"), "{text}");
        }
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_reads_their_own_rows_only() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let end = world.order("o1").await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    let live = live(&world, &engine);
    let own = |id: &str| Sees::Own(Owner { column: "customer_id", id: id.to_owned() });
    for (who, rows) in [("c1", 1), ("c2", 0)] {
        let mut list =
            listen::<OrderStatus>(&live, Wanted { what: all::<()>().what, sees: own(who) }, None)
                .await;
        let text = next(&mut list).await.unwrap();
        let (name, data) = events(&text).remove(0);
        assert_eq!((name.as_str(), data.as_array().unwrap().len()), ("list", rows), "{who}");
        // Also when they say that they were there before.
        let since = Some("0-0".parse().unwrap());
        let what = || What::Row("o1".to_owned());
        for since in [None, since, marks(&text).pop()] {
            let wanted = Wanted { what: what(), sees: own(who) };
            let heard = live.listen::<OrderStatus>(wanted, since, None).await.unwrap();
            assert_eq!(heard.is_some(), rows == 1, "{who} {since:?}");
        }
    }
    worker.stop().await;
}
