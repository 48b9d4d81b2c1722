//! Views are rebuilt while they are kept and read, and while a worker of theirs is killed.

use super::{
    TAKEN_OVER, is_well_again,
    load::{Load, PRODUCT},
    rebuilding::Rebuilding,
    scene::Scene,
    within,
};
use crate::{cafe::coffee, client::Client};
use reqwest::StatusCode;
use tokio::{sync::watch, time::Instant};

/// What was there before is always shown.
const THERE: [(&str, &str); 4] = [
    ("/cafe/order-status/first", "orderId"),
    ("/cafe/tickets/first", "orderId"),
    ("/warehouse/stock/rice", "product"),
    ("/warehouse/lots/lot", "deliveryId"),
];

/// Lists that only grow.
const GROWING: [&str; 4] = [
    "/cafe/order-status?limit=1000",
    "/cafe/tickets?limit=1000",
    "/market/items?limit=1000",
    "/warehouse/movements?limit=1000",
];

#[tokio::test]
async fn every_query_is_answered_and_none_sees_half_a_view() {
    let scene = Scene::open().await;
    let process = scene.start("all").await;
    let client = &process.client;
    assert_eq!(client.post("/cafe/orders", coffee("first")).await.status, StatusCode::CREATED);
    let load = Load::start(&[&process.service.url]).await;
    load.goes_on(200).await;
    assert_eq!(THERE[2].0, format!("/warehouse/stock/{PRODUCT}"));
    for (path, _) in THERE {
        client.until(path, "there", |answer| answer.status == StatusCode::OK).await;
    }

    let (rebuilding, under_way) = watch::channel(());
    let rebuilds = async {
        for _ in 0..3 {
            Rebuilding::start(&scene, &["--all"]).ends().await;
        }
        drop(rebuilding);
    };
    let readers = async { tokio::join!(find(client, &under_way), count(client, &under_way)) };
    let (answered, ()) = tokio::join!(readers, rebuilds);
    assert!(answered.0 >= 100 && answered.1 >= 40, "{answered:?}");
    load.goes_on(50).await;
    let memory = load.end().await;
    assert_eq!(memory.failures, Vec::<String>::new());
    scene.holds(&memory, client).await;
}

/// Looks for what is there, until the rebuilds are through. How many queries were answered.
async fn find(client: &Client, under_way: &watch::Receiver<()>) -> usize {
    let mut answered = 0;
    while under_way.has_changed().is_ok() {
        for (path, field) in THERE {
            let shown = client.get(path).await;
            assert_eq!(shown.status, StatusCode::OK, "{path}: {shown:?}");
            assert!(shown.body[field].is_string(), "{path}: {shown:?}");
            answered += 1;
        }
    }
    answered
}

/// Counts what only grows, until the rebuilds are through. How many queries were answered.
async fn count(client: &Client, under_way: &watch::Receiver<()>) -> usize {
    let mut counted = GROWING.map(|_| 0);
    let mut answered = 0;
    while under_way.has_changed().is_ok() {
        for (path, before) in GROWING.iter().zip(&mut counted) {
            let listed = client.get(path).await;
            assert_eq!(listed.status, StatusCode::OK, "{path}: {listed:?}");
            let now = listed.body.as_array().expect("a list").len();
            assert!(now >= *before, "{path} had {before} rows, and now {now}");
            *before = now;
            answered += 1;
        }
    }
    answered
}

#[tokio::test]
async fn a_worker_that_is_killed_meanwhile_is_replaced_and_the_rebuild_goes_on() {
    let scene = Scene::open().await;
    let api = scene.start("api").await;
    let (mut working, mut alone) = scene.start_first_worker(&api.client).await;
    let load = Load::start(&[&api.service.url]).await;
    load.goes_on(200).await;
    for stage in ["folding", "swapping"] {
        let standby = scene.start("worker").await;
        let mut rebuilding = Rebuilding::start(&scene, &["--all"]);
        rebuilding.comes_to(stage).await;
        let killed = Instant::now();
        working.service.kill().await;
        let taken = within(killed, TAKEN_OVER, async || alone.taken_over(&api.client).await).await;
        rebuilding.ends().await;
        (working, alone) = (standby, taken);
    }
    is_well_again(&api.client, Instant::now()).await;
    load.goes_on(50).await;
    scene.holds(&load.end().await, &api.client).await;
}
