//! PostgreSQL is killed under the service, and comes back. The service goes on by itself.

use super::{is_well_again, load::Load, scene::Scene};
use crate::own_postgres::OwnPostgres;
use tokio::time::Instant;

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let mut postgres = OwnPostgres::start().await;
    let scene = Scene::open_on(&postgres).await;
    let process = scene.start("all").await;
    let load = Load::start(&[&process.service.url]).await;

    load.goes_on(150).await;
    postgres.kill_postmaster().await;
    postgres.start_again().await;
    is_well_again(&process.client, Instant::now()).await;

    load.goes_on(150).await;
    postgres.cut_power().await;
    postgres.start_again().await;
    is_well_again(&process.client, Instant::now()).await;

    load.goes_on(100).await;
    scene.holds(&load.end().await, &process.client).await;
}
