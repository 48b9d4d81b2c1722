//! The payment gateway is down, or hangs.

use crate::{
    cafe::{Cafe, coffee},
    client::{Answer, Client},
    gateway::Gateway,
};
use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn approved(charge: &Value) -> bool {
    charge["status"] == "approved"
}

/// No order is without an outcome of its payment.
async fn no_intent_is_open(client: &Client) {
    let none = |answer: &Answer| answer.body == json!([]);
    client.until("/cafe/order-status?status=init", "no open intent", none).await;
}

#[tokio::test]
async fn with_the_gateway_down_nothing_is_charged_and_nothing_reaches_the_store() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let cafe = Cafe::open_with(&[("PAYMENT_URL", format!("http://{address}"))]).await;
    let refused = cafe.client.post("/cafe/orders", coffee("o1")).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    assert!(refused.retry_after.is_some());
    let closed = cafe.client.becomes("/cafe/order-status/o1", "status", "pay_fail").await;
    assert_eq!(closed.body["paymentStatus"], "failed");
    assert_eq!(cafe.client.get("/cafe/tickets/o1").await.status, StatusCode::NOT_FOUND);
    no_intent_is_open(&cafe.client).await;

    // The customer tries again when it is back.
    let gateway = Gateway::start_at(&address.to_string(), &[]).await;
    let paid = cafe.client.post("/cafe/orders", coffee("o1")).await;
    assert_eq!((paid.status, &paid.body["status"]), (StatusCode::CREATED, &json!("pay_success")));
    assert_eq!(gateway.charges().await.len(), 1);
}

#[tokio::test]
async fn a_gateway_that_hangs_is_asked_again_and_the_order_is_what_it_says() {
    let gateway = Gateway::start(&["--hang", "0.5", "--fail", "0.2", "--decline", "0.1"]).await;
    let cafe = Cafe::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let orders =
        stream::iter(0..40).map(|n| cafe.client.post("/cafe/orders", coffee(&format!("h{n}"))));
    for answer in orders.map(async |one| one.await).buffer_unordered(20).collect::<Vec<_>>().await {
        assert!([201, 402, 503].contains(&answer.status.as_u16()), "{answer:?}");
    }
    no_intent_is_open(&cafe.client).await;
    let charges = gateway.charges().await;
    for n in 0..40 {
        let shown = cafe.client.get(&format!("/cafe/order-status/h{n}")).await;
        let charge = charges.get(&format!("cafe-h{n}"));
        let paid = charge.is_some_and(approved);
        assert_eq!(shown.body["paymentStatus"] == "paid", paid, "{shown:?} {charge:?}");
    }
}
