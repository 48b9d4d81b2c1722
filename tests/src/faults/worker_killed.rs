//! A worker is killed while another stands by.

use super::{TAKEN_OVER, is_well_again, load::Load, scene::Scene, within};
use tokio::time::Instant;

#[tokio::test]
async fn another_takes_over_when_the_lease_has_run_out() {
    let scene = Scene::open().await;
    let api = scene.start("api").await;
    let (first, alone) = scene.start_first_worker(&api.client).await;
    let _second = scene.start("worker").await;
    let load = Load::start(&[&api.service.url]).await;
    load.goes_on(200).await;

    let killed = Instant::now();
    first.service.kill().await;
    within(killed, TAKEN_OVER, async || alone.taken_over(&api.client).await).await;
    is_well_again(&api.client, Instant::now()).await;
    load.goes_on(100).await;
    scene.holds(&load.end().await, &api.client).await;
}
