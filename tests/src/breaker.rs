//! A payment gateway that is gone is left alone: nobody waits for it, and nothing is stored that it
//! would have to be asked about.

use crate::{
    cafe::{Cafe, coffee},
    client::Answer,
    gateway::Gateway,
};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the gateway is left alone, and how long the first call after that may take.
const PAUSE: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_millis(610);

async fn order(cafe: &Cafe, id: &str) -> Answer {
    cafe.client.post("/cafe/orders", coffee(id)).await
}

/// Orders that find nobody, each on record as failed, until there is no more asking.
async fn give_up(cafe: &Cafe) {
    for n in 0..5 {
        let refused = order(cafe, &format!("vain{n}")).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
        assert_eq!(refused.body["orderId"], format!("vain{n}"));
    }
}

/// The breaker as health shows it.
async fn standing(cafe: &Cafe) -> serde_json::Value {
    let health = cafe.client.get("/health/ready").await;
    assert_eq!(health.status, StatusCode::OK, "{health:?}");
    let checks = health.body["checks"].as_array().cloned().unwrap();
    checks.into_iter().find(|check| check["name"] == "breaker").expect("a breaker")
}

/// What Prometheus reads.
async fn numbers(cafe: &Cafe) -> String {
    let asked = cafe.client.request(reqwest::Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::OK);
    asked.text().await.unwrap()
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_left_alone_and_nothing_is_stored_until_it_is_back() {
    let files = tempfile::tempdir().unwrap();
    let journal = files.path().join("charges").display().to_string();
    let gateway = Gateway::start(&["--journal", &journal]).await;
    let cafe = Cafe::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    assert_eq!(order(&cafe, "before").await.status, StatusCode::CREATED);
    assert_eq!(standing(&cafe).await["status"], "up");

    let address = gateway.kill().await;
    give_up(&cafe).await;
    for n in 0..3 {
        let refused = order(&cafe, &format!("o{n}")).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
        assert_eq!(refused.body["code"], "payment-unavailable");
        assert!(refused.retry_after.is_some_and(|after| (1..=5).contains(&after.parse().unwrap())));
        let (_, printed) = cafe.run(&["stream", &format!("cafe.order-o{n}")]).await;
        assert!(!printed.contains("cafe.OrderSelected"), "{printed}");
    }
    let open = standing(&cafe).await;
    assert_eq!((&open["status"], &open["counts"]["opened"]), (&json!("degraded"), &json!(1)));
    let numbers = numbers(&cafe).await;
    for line in [
        "jangteo_payment_breaker_state{state=\"open\"} 1",
        "jangteo_payment_breaker_state{state=\"closed\"} 0",
        "jangteo_payment_breaker_opened_total 1",
        "jangteo_follower_owned{follower=\"reactor.cafe\"} 1",
    ] {
        assert!(numbers.contains(line), "{line} in {numbers}");
    }
    // What needs no payment is answered as before.
    assert_eq!(order(&cafe, "before").await.status, StatusCode::CREATED);

    let gateway = Gateway::start_at(&address, &["--journal", &journal]).await;
    let back = Instant::now();
    let answered = loop {
        let answer = order(&cafe, "after").await;
        if answer.status == StatusCode::CREATED {
            break back.elapsed();
        }
        assert_eq!(answer.body["code"], "payment-unavailable", "{answer:?}");
        assert!(back.elapsed() < 4 * PAUSE, "it never works again");
        sleep(Duration::from_millis(20)).await;
    };
    assert!(answered < PAUSE + PROBE + Duration::from_secs(2), "only after {answered:?}");
    let up = standing(&cafe).await;
    assert_eq!((&up["status"], &up["counts"]["opened"]), (&json!("up"), &json!(1)), "{up}");
    assert_eq!(
        gateway.charges().await.into_keys().collect::<Vec<_>>(),
        ["cafe-after", "cafe-before"]
    );
}

#[tokio::test]
async fn declines_are_answers() {
    let gateway = Gateway::start(&["--decline", "1"]).await;
    let cafe = Cafe::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    for n in 0..50 {
        let declined = order(&cafe, &format!("o{n}")).await;
        assert_eq!(declined.status, StatusCode::PAYMENT_REQUIRED, "{declined:?}");
    }
    let up = standing(&cafe).await;
    assert_eq!((&up["status"], &up["counts"]["refused"]), (&json!("up"), &json!(0)), "{up}");
    assert_eq!(gateway.charges().await.len(), 50);
}

#[tokio::test]
async fn switched_off_every_order_asks_the_gateway() {
    let gateway = Gateway::start(&[]).await;
    let off = ("PAYMENT_BREAKER", "off".to_owned());
    let cafe = Cafe::open_with(&[("PAYMENT_URL", gateway.url.clone()), off]).await;
    gateway.kill().await;
    for n in 0..20 {
        let refused = order(&cafe, &format!("o{n}")).await;
        assert_eq!(refused.body["orderId"], format!("o{n}"), "{refused:?}");
    }
}
