//! A rebuild is killed at each stage: the view is as if there had been none, and the next is
//! through.

use super::{is_well_again, load::Load, rebuilding::Rebuilding, scene::Scene};
use crate::client::Client;
use reqwest::StatusCode;
use tokio::time::Instant;
use tokio_postgres::{Client as Database, Transaction};

/// Where it is killed, the view that it rebuilds, a query that must be answered, and the lock on the
/// view that lets it come as far as that and no further.
const KILLED: [(&str, &str, &str, &str); 6] = [
    ("folding", "cafe.order_status", "/cafe/order-status", "row share"),
    ("writing", "cafe.tickets", "/cafe/tickets", "row share"),
    ("indexing", "market.item_info", "/market/items", "row share"),
    ("comparing", "warehouse.movements", "/warehouse/movements", "row share"),
    ("catchingUp", "warehouse.stock", "/warehouse/stock", "access share"),
    ("swapping", "warehouse.lots", "/warehouse/lots", "access share"),
];

#[tokio::test]
async fn at_any_stage_the_view_is_unhurt_and_the_next_is_through() {
    let scene = Scene::open().await;
    let process = scene.start("all").await;
    let load = Load::start(&[&process.service.url]).await;
    load.goes_on(300).await;

    let mut database = scene.client().await;
    let holding = database.transaction().await.unwrap();
    for (_, view, _, mode) in KILLED {
        hold(&holding, view, mode).await;
    }
    for (stage, view, query, _) in KILLED {
        let mut rebuilding = Rebuilding::start(&scene, &[view, "--verify"]);
        rebuilding.comes_to(stage).await;
        rebuilding.killed_early().await;
        is_answered(&process.client, query).await;
    }
    holding.rollback().await.unwrap();

    is_well_again(&process.client, Instant::now()).await;
    let views = KILLED.map(|(_, view, _, _)| view);
    scene.views_equal_the_log(&views).await;
    Rebuilding::start(&scene, &views).ends().await;
    for (_, _, query, _) in KILLED {
        is_answered(&process.client, query).await;
    }
    assert_eq!(shadows(&database).await, Vec::<String>::new());
    load.goes_on(50).await;
    let memory = load.end().await;
    assert_eq!(memory.failures, Vec::<String>::new());
    scene.holds(&memory, &process.client).await;
}

async fn hold(transaction: &Transaction<'_>, view: &str, mode: &str) {
    transaction.batch_execute(&format!("lock table {view} in {mode} mode")).await.unwrap();
}

async fn is_answered(client: &Client, query: &str) {
    let listed = client.get(query).await;
    assert_eq!(listed.status, StatusCode::OK, "{query}: {listed:?}");
    assert!(!listed.body.as_array().expect("a list").is_empty(), "{query} shows nothing");
}

/// What rebuilds left behind: tables, and checkpoints.
async fn shadows(database: &Database) -> Vec<String> {
    let select = "select relname::text from pg_class
                  where relkind = 'r' and relname like '%\\_\\_shadow'
                  union all select name from consumers.checkpoints where name like '%\\_\\_shadow'";
    let rows = database.query(select, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
