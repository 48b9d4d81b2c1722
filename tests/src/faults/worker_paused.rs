//! A process stands still, as on a machine that swaps or is moved, and goes on much later.

use super::{
    LEASE, PATIENCE, TAKEN_OVER, followers::Followers, is_well_again, load::Load, scene::Scene,
    within,
};
use crate::service::Service;
use std::collections::BTreeSet;
use tokio::time::Instant;

#[tokio::test]
async fn beyond_its_lease_it_writes_nothing_more_until_it_is_its_turn_again() {
    let scene = Scene::open().await;
    let api = scene.start("api").await;
    let (first, alone) = scene.start_first_worker(&api.client).await;
    let second = scene.start("worker").await;
    let load = Load::start(&[&api.service.url]).await;
    load.goes_on(100).await;

    let paused = Instant::now();
    first.service.signal("STOP").await;
    let taken = within(paused, TAKEN_OVER, async || alone.taken_over(&api.client).await).await;
    is_well_again(&api.client, paused).await;

    first.service.signal("CONT").await;
    load.goes_on(300).await;
    let now = Followers::now(&api.client).await;
    for (name, follower) in &now.0 {
        let (alone, taken) = (&alone.0[name], &taken.0[name]);
        assert!(taken.fence > alone.fence, "{name}");
        // Each owner has a fence of its own: the one that was woken has not gone on with its old one.
        // On a slow machine a lease may have run out just now.
        let is_theirs = follower.owner.is_none() || follower.owner == taken.owner;
        let is_same = follower.fence == taken.fence && is_theirs;
        assert!(is_same || follower.fence > taken.fence, "{name}: {follower:?} after {taken:?}");
        assert!(follower.at >= taken.at, "{name}");
    }

    // It works again: it has everything as soon as the other goes.
    let asked = Instant::now();
    second.service.signal("TERM").await;
    within(asked, LEASE / 2, async || taken.taken_over(&api.client).await).await;
    assert_eq!(second.service.ended().await, Some(0));
    load.goes_on(100).await;
    scene.holds(&load.end().await, &api.client).await;
}

#[tokio::test]
async fn amid_a_fold_it_keeps_its_view_from_nobody() {
    amid_a_transaction("cafe.order_status").await;
}

#[tokio::test]
async fn amid_a_reaction_it_keeps_its_context_from_nobody() {
    amid_a_transaction("commands.timers").await;
}

/// In which it locks something of this table.
async fn amid_a_transaction(table: &str) {
    let scene = Scene::open().await;
    let api = scene.start("api").await;
    let (worker, alone) = scene.start_first_worker(&api.client).await;
    let load = Load::start(&[&api.service.url]).await;
    load.goes_on(100).await;

    let paused = pause_while_it_locks(table, &worker.service, &scene).await;
    let _other = scene.start("worker").await;
    within(paused, TAKEN_OVER, async || alone.taken_over(&api.client).await).await;
    worker.service.signal("CONT").await;
    is_well_again(&api.client, Instant::now()).await;
    load.goes_on(100).await;
    scene.holds(&load.end().await, &api.client).await;
}

#[tokio::test]
async fn amid_an_append_it_keeps_the_log_from_nobody() {
    let scene = Scene::open().await;
    let (one, other) = (scene.start("all").await, scene.start("all").await);
    let load = Load::start(&[&one.service.url, &other.service.url]).await;
    load.goes_on(100).await;

    pause_while_it_locks("eventlog.head", &one.service, &scene).await;
    load.goes_on(100).await;
    is_well_again(&other.client, Instant::now()).await;
    one.service.signal("CONT").await;
    load.goes_on(100).await;
    scene.holds(&load.end().await, &one.client).await;
}

/// Stops a process when it has begun a transaction that locks something of a table, and not ended
/// it. Gives when that was.
async fn pause_while_it_locks(table: &str, service: &Service, scene: &Scene) -> Instant {
    let client = scene.client().await;
    within(Instant::now(), PATIENCE, async || {
        let stopped = Instant::now();
        service.signal("STOP").await;
        // What the others have under way changes from one look to the next.
        let first = idle_transactions(table, &client).await;
        let second = idle_transactions(table, &client).await;
        if first.intersection(&second).next().is_some() {
            return Ok(stopped);
        }
        service.signal("CONT").await;
        Err(format!("it never locks {table}"))
    })
    .await
}

/// Transactions that hold locks and wait for their client: process and beginning.
async fn idle_transactions(table: &str, client: &tokio_postgres::Client) -> BTreeSet<String> {
    let select = "select a.pid || ' ' || xact_start from pg_stat_activity a
                  join pg_locks l on l.pid = a.pid
                  where state = 'idle in transaction' and datname = current_database()
                    and mode in ('RowExclusiveLock', 'RowShareLock') and relation = $1::text::regclass";
    let rows = client.query(select, &[&table]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
