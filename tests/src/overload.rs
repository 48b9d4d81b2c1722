//! More than can be done is refused at once, what was let in is done, and queries are answered
//! meanwhile.

use crate::{
    cafe::{Cafe, coffee},
    client::Answer,
    gateway::Gateway,
};
use futures::{StreamExt, stream::FuturesUnordered};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// So many commands run, as many wait in line, and the gateway takes its time.
async fn crowded() -> (Cafe, Gateway) {
    let gateway = Gateway::start(&["--latency", "400ms"]).await;
    let cafe = Cafe::open_with(&[
        ("PAYMENT_URL", gateway.url.clone()),
        ("JANGTEO_COMMAND_LIMIT", "4".to_owned()),
        ("JANGTEO_COMMAND_QUEUE", "4".to_owned()),
    ])
    .await;
    (cafe, gateway)
}

/// Answers, each with how long it took, in the order they came.
async fn at_once(cafe: &Cafe, orders: usize) -> Vec<(Answer, Duration)> {
    let begin = Instant::now();
    let asked: FuturesUnordered<_> = (0..orders)
        .map(|n| async move {
            let answer = cafe.client.post("/cafe/orders", coffee(&format!("o{n}"))).await;
            (answer, begin.elapsed())
        })
        .collect();
    asked.collect().await
}

#[tokio::test]
async fn more_orders_than_can_be_done_are_refused_quickly_and_the_others_succeed() {
    let (cafe, gateway) = crowded().await;
    let answers = at_once(&cafe, 40).await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(answer, _)| answer.status == StatusCode::CREATED);
    assert!(accepted.len() >= 8 && !refused.is_empty(), "{} accepted", accepted.len());
    for (answer, _) in &refused {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert_eq!(answer.body["code"], "overloaded");
        assert_eq!(answer.content_type, "application/problem+json");
        assert!(answer.retry_after.is_some());
    }
    // Refusing takes no part of the time that the gateway takes.
    let (_, half_refused_after) = &refused[refused.len() / 2];
    let (_, first_accepted_after) = &accepted[0];
    assert!(half_refused_after < first_accepted_after);
    assert_eq!(gateway.charges().await.len(), accepted.len());
    // The crowd is gone.
    assert_eq!(cafe.client.post("/cafe/orders", coffee("late")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn queries_are_answered_while_commands_stand_in_line() {
    let (cafe, _gateway) = crowded().await;
    let first = cafe.client.post("/cafe/orders", coffee("first")).await;
    let position = first.position.expect("a position");
    let (done, under_way) = watch::channel(());
    let commands = async {
        at_once(&cafe, 40).await;
        drop(done);
    };
    let queries = async {
        let mut answered = 0;
        while under_way.has_changed().is_ok() {
            let shown = cafe.client.get_at("/cafe/order-status/first", &position).await;
            let status = (shown.status, &shown.body["status"]);
            assert_eq!(status, (StatusCode::OK, &json!("pay_success")));
            answered += 1;
        }
        answered
    };
    let (answered, ()) = tokio::join!(queries, commands);
    assert!(answered >= 20, "{answered} in the time of two slow orders");
}

#[tokio::test]
async fn health_is_told_to_everybody_always() {
    let (cafe, _gateway) = crowded().await;
    let orders = at_once(&cafe, 40);
    let health = async {
        for _ in 0..20 {
            assert_eq!(cafe.client.get("/health/live").await.status, StatusCode::OK);
            assert_eq!(cafe.client.get("/health/ready").await.status, StatusCode::OK);
        }
    };
    tokio::join!(orders, health);
}
