//! The rental, from outside.

use crate::{
    cafe::Cafe as House,
    client::{Answer, Client, try_answer},
    gateway::Gateway,
    service::{Place, Service, command, run},
};
use futures::{StreamExt, future::join_all, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VIEWS: [&str; 3] = ["rental.total_view", "rental.orders", "rental.inventory"];

async fn stocked(client: &Client, product: &str, qty: i64) {
    let body = json!({ "productId": product, "productName": "MACBOOK", "qty": qty });
    let registered = client.post("/rental/inventories", body).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
}

fn rental(order: &str, qty: i64) -> Value {
    json!({ "orderId": order, "productId": "2", "qty": qty, "amount": 10, "customerId": "c1" })
}

async fn rent(client: &Client, order: &str, qty: i64) -> Answer {
    client.post("/rental/orders", rental(order, qty)).await
}

/// Waits until the total view has come to a step.
async fn reaches(client: &Client, order: &str, step: &str) -> Answer {
    let path = format!("/rental/total-view/{order}");
    client.until(&path, step, |answer| answer.body[step] == true).await
}

async fn free(client: &Client, product: &str, left: i64) {
    let path = format!("/rental/inventoryCheck?productId={product}");
    client.until(&path, &format!("{left} free"), |answer| answer.body == left).await;
}

async fn pause(house: &House, part: &str) {
    let (code, printed) = house.run(&["pause", part]).await;
    assert_eq!(code, 0, "{printed}");
}

async fn resume(house: &House, part: &str) {
    let (code, printed) = house.run(&["resume", part]).await;
    assert_eq!(code, 0, "{printed}");
}

/// Each view holds what the log says, row for row.
async fn views_fit_the_log(environment: &BTreeMap<&'static str, String>) {
    for view in VIEWS {
        let (code, printed) = run(environment, &["verify", view]).await;
        assert_eq!(code, 0, "{printed}");
    }
}

#[tokio::test]
async fn the_walkthrough_is_played_as_written_and_again() {
    let house = House::open().await;
    for _ in 0..2 {
        let (code, printed) = house.run(&["demo", "rental", "--url", &house.service.url]).await;
        assert_eq!(code, 0, "{printed}");
    }
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn the_sample_data_is_there_for_the_walkthrough() {
    let house = House::open().await;
    for _ in 0..2 {
        let (code, printed) = house.run(&["sample-data"]).await;
        assert_eq!(code, 0, "{printed}");
    }
    for (product, name) in [("1", "IPAD"), ("2", "MACBOOK"), ("3", "EARPHONE")] {
        free(&house.client, product, 100).await;
        let shown = house.client.get(&format!("/rental/inventories/{product}")).await;
        assert_eq!(
            (&shown.body["productName"], &shown.body["reserved"]),
            (&json!(name), &json!(0))
        );
    }
}

#[tokio::test]
async fn the_short_forms_and_aliases_of_the_original_system_work() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    let path = "/rental/rentalRequest?orderId=2&productId=2&qty=10&amount=10";
    let rented = client.request(Method::POST, path);
    let rented = crate::client::answer(rented).await;
    assert_eq!(rented.status, StatusCode::CREATED, "{rented:?}");
    reaches(client, "2", "deliveryStarted").await;
    free(client, "2", 90).await;

    let cancel = "/rental/rentalCancel?orderId=2&productId=2";
    let asked = crate::client::answer(client.request(Method::HEAD, cancel)).await;
    assert_eq!(asked.status, StatusCode::METHOD_NOT_ALLOWED);
    let order = client.get("/rental/orders/2").await;
    assert_eq!(order.body["status"], "confirmed");
    let cancelled = client.get(cancel).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["status"]),
        (StatusCode::OK, &json!("cancelled"))
    );
    assert_eq!(client.get(cancel).await.status, StatusCode::OK);
    reaches(client, "2", "retrieveStarted").await;
    let shown = reaches(client, "2", "feeRefundCompleted").await;
    assert_eq!(shown.body["refundedAmount"], 10);
    let all = client.get("/rental/totalViews").await;
    assert_eq!(all.body[0], client.get("/rental/totalViews/2").await.body);
    let unknown = client.get("/rental/rentalCancel?orderId=nobody").await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-order"))
    );
}

#[tokio::test]
async fn where_a_key_is_set_no_get_changes_anything() {
    let key = "a-long-enough-secret-for-tests";
    let house = House::open_with(&[("JANGTEO_AUTH_KEY", key.to_owned())]).await;
    let get = house.client.request(Method::GET, "/rental/rentalCancel?orderId=1&productId=1");
    let refused = crate::client::answer(get.bearer_auth(key)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
}

#[tokio::test]
async fn the_fee_is_the_products_for_each_or_the_one_agreed() {
    let house = House::open().await;
    let client = &house.client;
    let product = json!({ "productId": 1, "productName": "IPAD", "qty": "5", "unitFee": 100 });
    assert_eq!(client.post("/rental/inventories", product).await.status, StatusCode::CREATED);
    stocked(client, "2", 5).await;
    let of =
        |order: &str, product: i64| json!({ "orderId": order, "productId": product, "qty": 3 });
    let with = |mut body: Value, amount: i64| {
        body["amount"] = json!(amount);
        body
    };

    let own = client.post("/rental/orders", of("o1", 1)).await;
    assert_eq!((own.status, &own.body["amount"]), (StatusCode::CREATED, &json!(300)));
    let agreed = client.post("/rental/orders", with(of("o2", 2), 7)).await;
    assert_eq!((agreed.status, &agreed.body["amount"]), (StatusCode::CREATED, &json!(7)));
    for (body, status, code) in [
        (with(of("o3", 1), 100), StatusCode::UNPROCESSABLE_ENTITY, "price-changed"),
        (of("o3", 2), StatusCode::UNPROCESSABLE_ENTITY, "amount-missing"),
        (of("o3", 9), StatusCode::NOT_FOUND, "unknown-product"),
        (with(of("o1", 2), 7), StatusCode::CONFLICT, "order-exists"),
    ] {
        let refused = client.post("/rental/orders", body).await;
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(code)));
    }
    let again = client.post("/rental/orders", of("o1", 1)).await;
    assert_eq!((again.status, again.body), (StatusCode::CREATED, own.body));
    assert_eq!(client.get("/rental/orders/o3").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn short_of_stock_is_refused_and_on_record_as_cancelled() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    for _ in 0..2 {
        let refused = rent(client, "o1", 110).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::CONFLICT, &json!("out-of-stock"))
        );
    }
    let shown = reaches(client, "o1", "rentalCancellationOccured").await;
    assert_eq!(shown.body["cancelledBy"], "shortage");
    assert_eq!(shown.body["cancelReason"], "110 asked, 100 left");
    assert_eq!(
        (&shown.body["feeReceived"], &shown.body["shipmentId"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(rent(client, "o2", 100).await.status, StatusCode::CREATED);
    free(client, "2", 0).await;
}

#[tokio::test]
async fn of_a_hundred_and_fifty_at_once_exactly_a_hundred_are_rented() {
    let gateway = Gateway::start(&[]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    let names: Vec<_> = (0..150).map(|n| format!("r{n}")).collect();
    let answers = join_all(names.iter().map(|order| rent(client, order, 1))).await;
    let (mut rented, mut refused) = (vec![], vec![]);
    for (order, answer) in names.iter().zip(&answers) {
        match answer.status {
            StatusCode::CREATED => rented.push(order),
            StatusCode::CONFLICT => refused.push((order, &answer.body["code"])),
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(rented.len(), 100);
    assert!(refused.iter().all(|(_, code)| **code == "out-of-stock"), "{refused:?}");
    free(client, "2", 0).await;
    for order in rented {
        reaches(client, order, "deliveryStarted").await;
    }
    for (order, _) in refused {
        reaches(client, order, "rentalCancellationOccured").await;
    }
    let charges = gateway.charges().await;
    assert_eq!(charges.len(), 100, "nobody else was charged");
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn with_the_inventory_down_a_request_fails_and_stores_nothing() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    pause(&house, "rental.inventory").await;
    let down = rent(client, "o1", 10).await;
    assert_eq!(
        (down.status, &down.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("part-down"))
    );
    assert!(down.retry_after.is_some());
    let (_, printed) = house.run(&["stream", "rental.order-o1"]).await;
    assert!(!printed.contains("RentalRequested"), "{printed}");
    resume(&house, "rental.inventory").await;
    assert_eq!(rent(client, "o1", 10).await.status, StatusCode::CREATED);
    reaches(client, "o1", "deliveryStarted").await;
}

#[tokio::test]
async fn with_billing_or_shipping_down_a_request_succeeds_and_the_rest_follows() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    for (order, part) in [("o1", "rental.bill"), ("o2", "rental.shipment")] {
        pause(&house, part).await;
        let rented = rent(client, order, 10).await;
        assert_eq!(rented.status, StatusCode::CREATED, "{rented:?}");
        let shown = reaches(client, order, "stockConfirmed").await;
        assert_eq!(shown.body["deliveryStarted"], false);
        resume(&house, part).await;
        reaches(client, order, "deliveryStarted").await;
    }
}

#[tokio::test]
async fn with_every_worker_stopped_a_request_succeeds_and_the_rest_follows() {
    let place = Place::new().await;
    let mut environment = place.environment();
    let api = Service::start_with(&environment, &["--role", "api"]).await;
    let client = Client::new(&api.url);
    stocked(&client, "2", 100).await;
    let rented = rent(&client, "o1", 10).await;
    assert_eq!((rented.status, &rented.body["status"]), (StatusCode::CREATED, &json!("confirmed")));
    assert_eq!(rent(&client, "o2", 91).await.status, StatusCode::CONFLICT);
    // Nobody keeps the view: a reader who insists is told at once.
    let behind = client.get_at("/rental/total-view/o1", &rented.position.unwrap()).await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE);

    let files = tempfile::TempDir::new().unwrap();
    environment.insert("JANGTEO_DATA_DIR", files.path().display().to_string());
    environment.insert("JANGTEO_ROLE", "worker".to_owned());
    environment.insert("JANGTEO_CONTEXTS", "rental".to_owned());
    let _worker = Service::start(&environment).await;
    reaches(&client, "o1", "deliveryStarted").await;
    let cancelled = client.post("/rental/orders/o1/cancel", json!({})).await;
    assert_eq!(cancelled.status, StatusCode::OK);
    reaches(&client, "o1", "feeRefundCompleted").await;
}

#[tokio::test]
async fn with_the_gateway_down_a_request_succeeds_and_is_charged_once_when_it_is_back() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let url = format!("http://{address}");
    let house = House::open_with(&[("PAYMENT_URL", url.clone())]).await;
    stocked(&house.client, "2", 100).await;
    assert_eq!(rent(&house.client, "o1", 10).await.status, StatusCode::CREATED);
    let shown = reaches(&house.client, "o1", "stockConfirmed").await;
    assert_eq!(shown.body["feeReceived"], false);
    let simulator = ["payment-simulator", "--listen", &address];
    let _gateway = command(&BTreeMap::new()).args(simulator).spawn().unwrap();
    reaches(&house.client, "o1", "deliveryStarted").await;
    let charges = Client::new(&url).get("/charges").await.body;
    assert_eq!(charges["charges"].as_array().unwrap().len(), 1, "{charges}");
}

#[tokio::test]
async fn a_declined_fee_cancels_the_order_and_releases_the_stock() {
    let gateway = Gateway::start(&["--decline", "1"]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    stocked(&house.client, "2", 100).await;
    assert_eq!(rent(&house.client, "o1", 10).await.status, StatusCode::CREATED);
    let shown = reaches(&house.client, "o1", "stockReleased").await;
    assert_eq!(shown.body["cancelledBy"], "payment");
    assert_eq!(
        (&shown.body["feeReceived"], &shown.body["refundedAmount"]),
        (&json!(false), &json!(0))
    );
    free(&house.client, "2", 100).await;
}

#[tokio::test]
async fn a_shortage_found_before_the_goods_left_stops_the_delivery() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    pause(&house, "rental.shipment").await;
    assert_eq!(rent(client, "o1", 10).await.status, StatusCode::CREATED);
    reaches(client, "o1", "feeReceived").await;
    let report = |qty: i64| client.post("/rental/orders/o1/report-shortage", json!({ "qty": qty }));
    let reported = report(4).await;
    assert_eq!((reported.status, &reported.body["qty"]), (StatusCode::OK, &json!(4)));
    assert_eq!(report(4).await.status, StatusCode::OK);
    assert_eq!(report(5).await.body["code"], "already-reported");
    let shown = reaches(client, "o1", "feeRefundCompleted").await;
    assert_eq!(
        (&shown.body["cancelledBy"], &shown.body["cancelReason"]),
        (&json!("shortage"), &json!("4 missing"))
    );
    resume(&house, "rental.shipment").await;
    let shown = reaches(client, "o1", "stockReleased").await;
    assert_eq!(
        (&shown.body["deliveryStopped"], &shown.body["deliveryStarted"]),
        (&json!(true), &json!(false))
    );
    free(client, "2", 96).await;
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn a_shortage_found_after_delivery_brings_everything_back() {
    let house = House::open().await;
    let client = &house.client;
    stocked(client, "2", 100).await;
    assert_eq!(rent(client, "o1", 10).await.status, StatusCode::CREATED);
    reaches(client, "o1", "deliveryStarted").await;
    let deliver = client.post("/rental/shipments/o1/deliver", json!({})).await;
    assert_eq!((deliver.status, &deliver.body["status"]), (StatusCode::OK, &json!("delivered")));
    client.becomes("/rental/orders/o1", "status", "completed").await;
    let late = client.post("/rental/orders/o1/cancel", json!({})).await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (StatusCode::CONFLICT, &json!("already-completed"))
    );
    let report = json!({ "qty": "3" });
    let reported = client.post("/rental/orders/o1/report-shortage", report).await;
    assert_eq!(reported.status, StatusCode::OK, "{reported:?}");
    reaches(client, "o1", "retrieveStarted").await;
    let shown = reaches(client, "o1", "feeRefundCompleted").await;
    assert_eq!(
        (&shown.body["refundedAmount"], &shown.body["status"]),
        (&json!(10), &json!("cancelled"))
    );
    let path = "/rental/shipments/o1/complete-retrieval";
    assert_eq!(client.post(path, json!({})).await.status, StatusCode::OK);
    free(client, "2", 97).await;
}

#[tokio::test]
async fn killed_amid_many_rentals_stock_and_money_fit_how_each_ends() {
    let gateway =
        Gateway::start(&["--latency", "0..20ms", "--hang", "0.05", "--fail", "0.1"]).await;
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("PAYMENT_URL", gateway.url.clone());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    stocked(&client, "2", 100).await;
    let (answered, mut answers) = tokio::sync::watch::channel(0);
    let rentals = stream::iter(0..200).map(|n| {
        let (client, answered) = (client.clone(), &answered);
        async move {
            let order = format!("k{n}");
            let request = client.request(Method::POST, "/rental/orders").json(&rental(&order, 1));
            let rented =
                matches!(try_answer(request).await, Ok(one) if one.status == StatusCode::CREATED);
            if rented && n % 3 == 0 {
                let path = format!("/rental/orders/{order}/cancel");
                // Killed or not, the answer is looked for afterwards.
                let _ = try_answer(client.request(Method::POST, &path).json(&json!({}))).await;
            }
            answered.send_modify(|count| *count += usize::from(rented));
            rented.then_some(order)
        }
    });
    let killing = async {
        answers.wait_for(|&count| count >= 40).await.unwrap();
        service.kill().await;
    };
    let (acknowledged, ()) = tokio::join!(
        rentals.buffer_unordered(20).filter_map(async |order| order).collect::<Vec<_>>(),
        killing
    );
    assert!((40..=100).contains(&acknowledged.len()), "{}", acknowledged.len());

    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    let settled = |answer: &Answer| {
        let all = answer.body.as_array().cloned().unwrap_or_default();
        !all.is_empty() && all.iter().all(is_settled)
    };
    let all = client.until("/rental/total-view?limit=1000", "all settled", settled).await;
    let all = all.body.as_array().cloned().unwrap();
    for order in &acknowledged {
        assert!(all.iter().any(|one| one["orderId"] == json!(order)), "{order} is lost");
    }
    let kept = all.iter().filter(|one| one["status"] == "confirmed").count() as i64;
    let on_the_way_back = all.iter().filter(|one| one["retrieveStarted"] == true).count() as i64;
    free(&client, "2", 100 - kept - on_the_way_back).await;
    let fits = |charge: &Value| {
        let order = charge["key"].as_str().unwrap().strip_prefix("rental-").unwrap();
        let order = all.iter().find(|one| one["orderId"] == order).unwrap();
        (charge["refunded"] == true) == (order["status"] == "cancelled")
    };
    let all_fit = |answer: &Answer| answer.body["charges"].as_array().unwrap().iter().all(fits);
    // What nobody heard of is looked for, and given back when it is not due.
    Client::new(&gateway.url).until("/charges", "money fits", all_fit).await;
    gateway.charges().await;
    views_fit_the_log(&environment).await;
}

/// Whether nothing is on its way any more but goods.
fn is_settled(order: &Value) -> bool {
    let is = |step: &str| order[step] == true;
    match order["status"].as_str() {
        Some("confirmed") => is("deliveryStarted"),
        Some("cancelled") if is("feeReceived") && !is("feeRefundCompleted") => false,
        Some("cancelled") => {
            is("stockReleased") || is("retrieveStarted") || is("inventoryStockShortage")
        }
        _ => false,
    }
}
