//! What happens when things are killed, gone or mute: nothing acknowledged is lost, nothing happens
//! twice, and money moves once.

use crate::{
    cafe::{Cafe, coffee},
    client::{Client, try_answer},
    gateway::Gateway,
    service::{Place, Service, run},
};
use futures::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn approved(charge: &Value) -> bool {
    charge["status"] == "approved"
}

#[tokio::test]
async fn killed_amid_two_thousand_orders_it_has_each_that_was_answered_once_and_paid_once() {
    let gateway = Gateway::start(&["--latency", "0..5ms"]).await;
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("PAYMENT_URL", gateway.url.clone());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);

    let (answered, answers) = tokio::sync::watch::channel(0);
    let orders = stream::iter(0..2000).map(|n| {
        let (client, answered) = (client.clone(), &answered);
        async move {
            let order = format!("k{n}");
            let request = client.request(Method::POST, "/cafe/orders").json(&coffee(&order));
            let created = matches!(try_answer(request).await, Ok(answer) if answer.status == StatusCode::CREATED);
            answered.send_modify(|count| *count += usize::from(created));
            created.then_some(order)
        }
    });
    let killing = async {
        let mut answers = answers;
        answers.wait_for(|&count| count >= 700).await.unwrap();
        service.kill().await;
    };
    let (acknowledged, ()) = tokio::join!(
        orders.buffer_unordered(200).filter_map(async |order| order).collect::<Vec<_>>(),
        killing
    );
    assert!((700..2000).contains(&acknowledged.len()), "{}", acknowledged.len());

    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    for order in &acknowledged {
        let path = format!("/cafe/order-status/{order}");
        client.becomes(&path, "paymentStatus", "paid").await;
        client.becomes(&format!("/cafe/tickets/{order}"), "status", "order_get").await;
    }
    // Every charge belongs to an order that says so, also those that nobody was told of.
    let charges = gateway.charges().await;
    for (key, charge) in &charges {
        assert!(approved(charge), "{charge}");
        let order = key.strip_prefix("cafe-").unwrap();
        client.becomes(&format!("/cafe/order-status/{order}"), "paymentStatus", "paid").await;
    }
    assert!(charges.len() >= acknowledged.len());
    no_intent_is_open(&client).await;
    views_equal_a_rebuild(&environment, &place, &client).await;
}

/// No order is without an outcome of its payment.
async fn no_intent_is_open(client: &Client) {
    let none = |answer: &crate::client::Answer| answer.body == json!([]);
    client.until("/cafe/order-status?status=init", "no open intent", none).await;
}

/// Rebuilds every view and compares it with what it was, row for row.
async fn views_equal_a_rebuild(
    environment: &BTreeMap<&'static str, String>,
    place: &Place,
    client: &Client,
) {
    for view in ["order_status", "tickets", "points", "point_ledger", "menu"] {
        let before = rows(place, view).await;
        let (code, printed) = run(environment, &["rebuild", &format!("cafe.{view}")]).await;
        assert_eq!(code, 0, "{printed}");
        assert_eq!(rows(place, view).await, before, "cafe.{view}");
    }
    assert_eq!(client.get("/health/ready").await.status, StatusCode::OK);
}

async fn rows(place: &Place, view: &str) -> Vec<String> {
    let (client, connection) =
        place.database.config().connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let select = format!("select to_jsonb(v)::text from cafe.{view} v order by 1");
    let rows = client.query(&select, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
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

#[tokio::test]
async fn asked_to_end_it_ends_and_loses_nothing() {
    let place = Place::new().await;
    let environment = place.environment();
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    assert_eq!(client.post("/cafe/orders", coffee("o1")).await.status, StatusCode::CREATED);
    assert_eq!(service.terminate().await, Some(0));
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    client.becomes("/cafe/tickets/o1", "status", "order_get").await;
}
