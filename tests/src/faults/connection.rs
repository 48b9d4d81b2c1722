//! The network between the service and its database, or its log, is cut, slow, or swallows
//! everything for a while. The service goes on by itself.

use super::{
    PATIENCE, is_well_again,
    load::Load,
    scene::{Process, Scene},
    within,
};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;
use support::proxy::Proxy;
use tokio::time::Instant;

/// Each way.
const DELAY: Duration = Duration::from_millis(50);

mod to_the_database {
    use super::*;

    #[tokio::test]
    async fn cut_again_and_again_and_slow_for_a_while() {
        let (scene, proxy) = Scene::open_behind_proxy().await;
        cut_and_slow(scene, proxy).await;
    }

    #[tokio::test]
    async fn mute_for_longer_than_anybody_waits() {
        let (scene, proxy) = Scene::open_behind_proxy().await;
        mute(scene, proxy).await;
    }
}

mod to_the_log {
    use super::*;

    #[tokio::test]
    async fn cut_again_and_again_and_slow_for_a_while() {
        let (scene, proxy) = Scene::open_with_log_behind_proxy().await;
        cut_and_slow(scene, proxy).await;
    }

    #[tokio::test]
    async fn mute_for_longer_than_anybody_waits() {
        let (scene, proxy) = Scene::open_with_log_behind_proxy().await;
        mute(scene, proxy).await;
    }
}

async fn cut_and_slow(scene: Scene, proxy: Proxy) {
    let (process, load) = begin(&scene).await;
    for _ in 0..5 {
        proxy.cut();
        load.goes_on(50).await;
    }
    is_well_again(&process.client, Instant::now()).await;
    proxy.delay(DELAY);
    load.goes_on(30).await;
    proxy.pass();
    end(&scene, &process, load).await;
}

async fn mute(scene: Scene, proxy: Proxy) {
    let (process, load) = begin(&scene).await;
    proxy.black_hole();
    if scene.has_its_log_elsewhere() {
        // What is known already can still be asked.
        let listed = process.client.get("/cafe/order-status").await;
        assert_eq!(listed.status, StatusCode::OK, "{listed:?}");
    }
    // The service itself gives up on what it cannot do, and says so.
    let item = json!({ "itemNo": "in-the-dark", "itemName": "Lamp", "itemPrice": 100 });
    let given_up = process.client.post("/market/items", item).await;
    assert_eq!(given_up.status, StatusCode::SERVICE_UNAVAILABLE, "{given_up:?}");
    within(Instant::now(), PATIENCE, async || {
        let health = process.client.get("/health/ready").await;
        let is_down = health.status == StatusCode::SERVICE_UNAVAILABLE;
        if is_down { Ok(()) } else { Err(health) }
    })
    .await;
    proxy.pass();
    end(&scene, &process, load).await;
}

async fn begin(scene: &Scene) -> (Process, Load) {
    let process = scene.start("all").await;
    let load = Load::start(&[&process.service.url]).await;
    load.goes_on(100).await;
    (process, load)
}

async fn end(scene: &Scene, process: &Process, load: Load) {
    is_well_again(&process.client, Instant::now()).await;
    load.goes_on(100).await;
    scene.holds(&load.end().await, &process.client).await;
}
