//! Everything that the service depends on is stopped and started again, one after the other, under
//! one load. Each time health says what is missing, the service is well again by itself soon after,
//! and in the end nothing is lost or doubled.

use super::{PATIENCE, is_well_again, load::Load, scene::Scene, within};
use crate::{cafe::coffee, client::Client, own_postgres::OwnPostgres};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::net::SocketAddr;
use support::{notice_receiver::NoticeReceiver, proxy::Proxy};
use tokio::time::Instant;

const SECRET: (&str, &str) = ("k1", "a-secret-that-both-sides-know");

/// Customers who want to be told, each under a number of their own.
struct Told<'a> {
    client: &'a Client,
    orders: usize,
}

impl Told<'_> {
    async fn order(&mut self, orders: usize) {
        for _ in 0..orders {
            let mut order = coffee(&format!("told-{}", self.orders));
            order["phone"] = json!(format!("010-1234-{:04}", self.orders));
            let answer = self.client.post("/cafe/orders", order).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
            self.orders += 1;
        }
    }
}

/// Health tells of it: this check, standing like this.
async fn is_said(client: &Client, name: &str, status: &str) {
    within(Instant::now(), PATIENCE, async || {
        let health = client.try_get("/health/ready").await.map_err(|error| error.to_string())?;
        let checks = health.body["checks"].as_array().cloned().unwrap_or_default();
        let said = |check: &Value| {
            check["name"] == name && check["status"] == status && check["reason"].is_string()
        };
        if checks.iter().any(said) { Ok(()) } else { Err(health.body.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_says_what_is_missing_and_recovers_by_itself() {
    let mut postgres = OwnPostgres::start().await;
    let (mut scene, log) = Scene::open_with_log_behind_proxy().await;
    scene.keep_views_on(&postgres);
    let gateway: SocketAddr = scene.gateway.url.trim_start_matches("http://").parse().unwrap();
    let gateway = Proxy::start(gateway).await;
    let receiver = NoticeReceiver::start(&[SECRET]).await;
    let notices = Proxy::start(receiver.address()).await;
    scene.environment.extend([
        ("PAYMENT_URL", format!("http://{}", gateway.address())),
        ("NOTICE_URL", NoticeReceiver::url_at(notices.address())),
        ("NOTICE_SECRETS", format!("{}:{}", SECRET.0, SECRET.1)),
    ]);
    let (api, mut worker) = (scene.start("api").await, scene.start("worker").await);
    let client = &api.client;
    is_well_again(client, Instant::now()).await;
    let load = Load::start(&[&api.service.url]).await;
    let mut told = Told { client, orders: 0 };
    told.order(10).await;
    load.goes_on(50).await;

    log.refuse();
    is_said(client, "log", "down").await;
    log.pass();
    is_well_again(client, Instant::now()).await;
    load.goes_on(50).await;

    postgres.kill_postmaster().await;
    is_said(client, "database", "down").await;
    postgres.start_again().await;
    is_well_again(client, Instant::now()).await;
    load.goes_on(50).await;

    gateway.refuse();
    is_said(client, "breaker", "degraded").await;
    gateway.pass();
    is_well_again(client, Instant::now()).await;
    load.goes_on(50).await;

    notices.refuse();
    told.order(10).await;
    is_said(client, "notices", "degraded").await;
    notices.pass();
    is_well_again(client, Instant::now()).await;
    load.goes_on(50).await;

    worker.service.kill().await;
    is_said(client, "cafe.order_status", "degraded").await;
    worker = scene.start("worker").await;
    is_well_again(client, Instant::now()).await;
    load.goes_on(50).await;

    told.order(10).await;
    scene.holds(&load.end().await, client).await;
    // Everybody heard of everything, once for whoever knows its id.
    let database = scene.client().await;
    let asked = "select count(*), count(*) filter (where state = 'sent') from commands.notices";
    within(Instant::now(), PATIENCE, async || {
        let counts = database.query_one(asked, &[]).await.unwrap();
        let (all, sent): (i64, i64) = (counts.get(0), counts.get(1));
        let taken = receiver.taken().len() as i64;
        if (sent, taken) == (all, all) { Ok(()) } else { Err((all, sent, taken)) }
    })
    .await;
    assert_eq!(worker.service.terminate().await, Some(0));
    assert_eq!(api.service.terminate().await, Some(0));
}
