//! `Idempotency-Key` at the real program: one answer after a restart, at another process, and for those
//! who come while the first is under way.

use crate::{
    client::{Answer, Client},
    gateway::Gateway,
    town::Town,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn coffee(qty: i64) -> Value {
    json!({ "product": "라떼", "qty": qty, "price": 4500 })
}

async fn order(client: &Client, qty: i64) -> Answer {
    client.post_once("/cafe/orders", "my order", coffee(qty)).await
}

#[tokio::test]
async fn one_key_is_one_answer_at_every_process_and_after_a_restart() {
    let gateway = Gateway::start(&[]).await;
    let mut town = Town::open_with(&[("PAYMENT_URL", gateway.url.clone())], &[]).await;
    let first = order(&town.client, 1).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    for _ in 0..2 {
        let (other, _files) = town.another("api").await;
        for client in [&town.client, &Client::new(&other.url)] {
            assert_eq!(order(client, 1).await, first);
            let reused = order(client, 2).await;
            assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY, "{reused:?}");
            assert_eq!(reused.body["code"], "idempotency-key-reused");
        }
        assert_eq!(other.terminate().await, Some(0));
        town = town.restart().await;
    }
    assert_eq!(gateway.charges().await.len(), 1);
    assert_eq!(town.events("cafe.order").await, 2);
}

#[tokio::test]
async fn whoever_comes_meanwhile_waits_for_the_answer_also_at_another_process() {
    let gateway = Gateway::start(&["--latency", "400ms"]).await;
    let town = Town::open_with(&[("PAYMENT_URL", gateway.url.clone())], &[]).await;
    let (other, _files) = town.another("api").await;
    let elsewhere = Client::new(&other.url);
    let (here, there, again) =
        tokio::join!(order(&town.client, 1), order(&elsewhere, 1), order(&town.client, 1));
    assert_eq!(here.status, StatusCode::CREATED, "{here:?}");
    assert_eq!((&there, &again), (&here, &here));
    assert_eq!(gateway.charges().await.len(), 1);
}
