//! The café, from outside.

use crate::{
    client::{Client, answer},
    service::{Place, Service, run},
};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// A running service with a database of its own.
pub struct Cafe {
    pub environment: BTreeMap<&'static str, String>,
    pub service: Service,
    pub client: Client,
    _place: Place,
}

impl Cafe {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub async fn open_with(more: &[(&'static str, String)]) -> Self {
        let place = Place::new().await;
        let mut environment = place.environment();
        environment.extend(more.iter().cloned());
        let service = Service::start(&environment).await;
        Self { client: Client::new(&service.url), environment, service, _place: place }
    }

    /// Runs another command against the same database.
    pub async fn run(&self, arguments: &[&str]) -> (i32, String) {
        run(&self.environment, arguments).await
    }

    pub async fn demo(&self) -> (i32, String) {
        self.run(&["demo", "cafe", "--url", &self.service.url]).await
    }
}

pub fn coffee(order: &str) -> Value {
    json!({ "orderId": order, "product": "Espresso", "qty": 1, "price": 1500 })
}

#[tokio::test]
async fn the_walkthrough_fails_when_a_step_differs() {
    let cafe = Cafe::open().await;
    let (code, printed) = cafe.run(&["pause", "cafe.ticket"]).await;
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = cafe.demo().await;
    assert_ne!(code, 0, "{printed}");
}

#[tokio::test]
async fn ordering_works_while_the_store_is_paused_and_is_settled_when_it_is_back() {
    let cafe = Cafe::open().await;
    let (code, printed) = cafe.run(&["pause", "cafe.ticket"]).await;
    assert_eq!(code, 0, "{printed}");
    let ordered = cafe.client.post("/cafe/orders", coffee("o1")).await;
    assert_eq!(
        (ordered.status, &ordered.body["status"]),
        (StatusCode::CREATED, &json!("pay_success"))
    );
    let accept = cafe.client.post("/cafe/tickets/o1/accept", json!({})).await;
    assert_eq!(accept.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(accept.retry_after.is_some());
    let asked = cafe.client.post("/cafe/orders/o1/request-cancel", json!({})).await;
    assert_eq!(asked.status, StatusCode::OK);
    let position = asked.position.unwrap();
    let waits = cafe.client.get_at("/cafe/order-status/o1", &position).await;
    assert_eq!(waits.body["status"], "order_cancel_request");
    assert_eq!(cafe.client.get("/cafe/tickets/o1").await.status, StatusCode::NOT_FOUND);

    assert_eq!(cafe.run(&["resume", "cafe.ticket"]).await.0, 0);
    cafe.client.becomes("/cafe/tickets/o1", "status", "order_canceled").await;
    let settled = cafe
        .client
        .until("/cafe/order-status/o1", "refunded", |answer| answer.body["refundedAmount"] == 1500);
    assert_eq!(settled.await.body["status"], "order_cancel");
}

#[tokio::test]
async fn ordering_works_while_no_worker_runs_and_is_settled_when_one_does() {
    let place = Place::new().await;
    let mut environment = place.environment();
    let api = Service::start_with(&environment, &["--role", "api"]).await;
    let client = Client::new(&api.url);
    let ordered = client.post("/cafe/orders", coffee("o1")).await;
    assert_eq!(
        (ordered.status, &ordered.body["status"]),
        (StatusCode::CREATED, &json!("pay_success"))
    );
    let asked = client.post("/cafe/orders/o1/request-cancel", json!({})).await;
    assert_eq!(asked.status, StatusCode::OK);
    // Nobody keeps the view: a reader who insists is told at once.
    let behind = client.get_at("/cafe/order-status/o1", &asked.position.unwrap()).await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE);

    let files = tempfile::TempDir::new().unwrap();
    environment.insert("JANGTEO_DATA_DIR", files.path().display().to_string());
    environment.insert("JANGTEO_ROLE", "worker".to_owned());
    let _worker = Service::start(&environment).await;
    client.becomes("/cafe/tickets/o1", "status", "order_canceled").await;
    client.becomes("/cafe/order-status/o1", "status", "order_cancel").await;
}

#[tokio::test]
async fn one_key_a_hundred_times_at_once_is_one_order_and_a_hundred_equal_answers() {
    let cafe = Cafe::open().await;
    let order = json!({ "product": "Espresso", "qty": 2, "price": 1500 });
    let repeats = (0..100).map(|_| cafe.client.post_once("/cafe/orders", "key-1", order.clone()));
    let answers = join_all(repeats).await;
    assert_eq!(answers[0].status, StatusCode::CREATED, "{:?}", answers[0]);
    assert!(answers.iter().all(|one| one == &answers[0]), "{answers:?}");
    let position = answers[0].position.clone().unwrap();
    let orders = cafe.client.get_at("/cafe/order-status", &position).await;
    assert_eq!(orders.body.as_array().unwrap().len(), 1);

    let other = json!({ "product": "Espresso", "qty": 3, "price": 1500 });
    let refused = cafe.client.post_once("/cafe/orders", "key-1", other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["code"], "idempotency-key-reused");
}

#[tokio::test]
async fn one_key_across_two_processes_is_one_order() {
    let cafe = Cafe::open().await;
    let files = tempfile::TempDir::new().unwrap();
    let apart = ["--data-dir", files.path().to_str().unwrap()];
    let other = Service::start_with(&cafe.environment, &apart).await;
    let clients = [cafe.client.clone(), Client::new(&other.url)];
    let order = json!({ "product": "Espresso", "qty": 2, "price": 1500 });
    let repeats = (0..40).map(|n| clients[n % 2].post_once("/cafe/orders", "k", order.clone()));
    let answers = join_all(repeats).await;
    assert_eq!(answers[0].status, StatusCode::CREATED, "{:?}", answers[0]);
    assert!(answers.iter().all(|one| one == &answers[0]), "{answers:?}");
}

/// Who orders in the races: several, so that no one member's stream is the bottleneck.
const MEMBERS: usize = 20;

#[tokio::test]
async fn accepting_and_cancelling_at_once_has_one_outcome_and_the_money_fits_it() {
    let cafe = Cafe::open().await;
    for member in 0..MEMBERS {
        let member = json!({ "customerId": format!("c{member}"), "name": "정다운" });
        assert_eq!(cafe.client.post("/cafe/members", member).await.status, StatusCode::CREATED);
    }
    let races = join_all((0..200).map(|n| race(&cafe.client, n))).await;
    let accepted = races.iter().filter(|&&accepted| accepted).count();
    for member in 0..MEMBERS {
        let of_member = races.iter().skip(member).step_by(MEMBERS);
        let earned = of_member.filter(|&&accepted| accepted).count();
        let points = format!("/cafe/points/c{member}");
        cafe.client.until(&points, "all points", |one| one.body["point"] == json!(earned)).await;
    }
    assert!(
        (1..200).contains(&accepted),
        "a race that only one can win is none: {accepted} of 200"
    );
}

/// Orders, then accepts and asks to cancel at the same moment. A wish to cancel has one step more to
/// go, so in most races it has a head start, by steps of 40 ms. Whether the order was accepted.
async fn race(client: &Client, number: usize) -> bool {
    let order = format!("race-{number}");
    let mut body = coffee(&order);
    body["customerId"] = json!(format!("c{}", number % MEMBERS));
    assert_eq!(client.post("/cafe/orders", body).await.status, StatusCode::CREATED);
    let ticket = format!("/cafe/tickets/{order}");
    client.becomes(&ticket, "status", "order_get").await;
    let accept = format!("{ticket}/accept");
    let cancel = format!("/cafe/orders/{order}/request-cancel");
    let head_start = Duration::from_millis(number as u64 % 20 * 40);
    let accept = async {
        tokio::time::sleep(head_start).await;
        client.post(&accept, json!({})).await
    };
    let (accept, cancel) = tokio::join!(accept, client.post(&cancel, json!({})));
    assert_eq!(cancel.status, StatusCode::OK, "{cancel:?}");

    let accepted = accept.status == StatusCode::OK;
    assert!(accepted || accept.body["code"] == "order-canceled", "{accept:?}");
    let status = format!("/cafe/order-status/{order}");
    if accepted {
        let denied = |answer: &crate::client::Answer| answer.body["status"] == "order_received";
        // The wish to cancel was on record before, so this is the state after it was denied.
        let settled = client.until(&status, "received", denied).await;
        assert_eq!(settled.body["refundedAmount"], json!(0), "{settled:?}");
    } else {
        let refunded = |answer: &crate::client::Answer| answer.body["refundedAmount"] == 1500;
        let settled = client.until(&status, "refunded", refunded).await;
        assert_eq!(settled.body["status"], "order_cancel", "{settled:?}");
    }
    accepted
}

#[tokio::test]
async fn a_view_that_is_asked_from_a_position_shows_what_was_done() {
    let cafe = Cafe::open().await;
    let orders = (0..300).map(|n| {
        let client = cafe.client.clone();
        async move {
            let order = format!("o{n}");
            let ordered = client.post("/cafe/orders", coffee(&order)).await;
            let path = format!("/cafe/order-status/{order}");
            client.get_at(&path, &ordered.position.unwrap()).await
        }
    });
    for shown in join_all(orders).await {
        assert_eq!((shown.status, &shown.body["status"]), (StatusCode::OK, &json!("pay_success")));
    }
}

#[tokio::test]
async fn an_order_the_store_does_not_answer_is_rejected_and_refunded() {
    let cafe = Cafe::open_with(&[("CAFE_ACCEPT_TIMEOUT", "1s".to_owned())]).await;
    let ordered = cafe.client.post("/cafe/orders", coffee("o1")).await;
    assert_eq!(ordered.status, StatusCode::CREATED);
    let rejected = cafe
        .client
        .until("/cafe/order-status/o1", "refunded", |answer| answer.body["refundedAmount"] == 1500);
    assert_eq!(rejected.await.body["status"], "order_rejected");
}

#[tokio::test]
async fn the_short_forms_and_aliases_of_the_original_system_work() {
    let cafe = Cafe::open().await;
    let client = &cafe.client;
    for order in ["1", "2", "3"] {
        let body = json!({ "orderId": order, "product": "Mocha", "qty": "1", "price": "3000",
            "status": "init", "customerId": 7 });
        assert_eq!(client.post("/cafe/orders", body).await.status, StatusCode::CREATED);
        client.becomes(&format!("/cafe/deliveries/{order}"), "status", "order_get").await;
    }
    let put = |path, body| client.put(path, body);
    let received = put("/cafe/deliveries/1", json!({ "status": "receive", "product": "x" })).await;
    assert_eq!(received.status, StatusCode::OK, "{received:?}");
    let rejected = put("/cafe/deliveries/2", json!({ "status": "reject" })).await;
    assert_eq!(rejected.status, StatusCode::OK, "{rejected:?}");
    let cancel = put("/cafe/orders/3", json!({ "status": "order_cancel_request" })).await;
    assert_eq!(cancel.status, StatusCode::OK, "{cancel:?}");
    client.becomes("/cafe/orderStatuses/1", "status", "order_received").await;
    client.becomes("/cafe/orderStatuses/2", "status", "order_rejected").await;
    client.becomes("/cafe/orderStatuses/3", "status", "order_cancel").await;
    let all = client.get("/cafe/orderStatuses?limit=2").await;
    assert_eq!(all.body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_needed_where_one_is_set() {
    let cafe =
        Cafe::open_with(&[("JANGTEO_AUTH_KEY", "a-long-enough-secret-for-tests".to_owned())]).await;
    let get = |path| cafe.client.request(Method::GET, path);
    assert_eq!(answer(get("/cafe/menu")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(get("/health/live")).await.status, StatusCode::OK);
    let wrong = answer(get("/cafe/menu").bearer_auth("another-secret")).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = answer(get("/cafe/menu").bearer_auth("a-long-enough-secret-for-tests")).await;
    assert_eq!(right.status, StatusCode::OK);
}
