//! The warehouse, from outside.

use crate::{client::Client, town::Town};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

const VIEWS: [&str; 3] = ["warehouse.stock", "warehouse.lots", "warehouse.movements"];

async fn deliver(client: &Client, lot: &str, product: &str, qty: i64) -> String {
    let body = json!({ "deliveryId": lot, "product": product, "qty": qty, "customerId": 1 });
    let delivered = client.post("/warehouse/deliveries", body).await;
    assert_eq!(delivered.status, StatusCode::CREATED, "{delivered:?}");
    delivered.position.unwrap()
}

#[tokio::test]
async fn the_walkthrough_is_played_as_written_and_again() {
    let town = Town::open().await;
    for _ in 0..2 {
        town.demo("warehouse").await;
    }
    town.views_are_as_the_log_says(&VIEWS).await;
}

#[tokio::test]
async fn what_is_delivered_is_in_stock_when_it_is_answered() {
    let town = Town::open().await;
    let position = deliver(&town.client, "d1", "텔레비전 55\"/B", 10).await;
    let product = "/warehouse/stock/%ED%85%94%EB%A0%88%EB%B9%84%EC%A0%84%2055%22%2FB";
    let stock = town.client.get_at(product, &position).await;
    assert_eq!(
        (stock.status, &stock.body["onHand"], &stock.body["lastEvent"]),
        (StatusCode::OK, &json!(10), &json!("InStock"))
    );
    let lot = town.client.get_at("/warehouse/warehouses/d1", &position).await;
    assert_eq!(lot.body["customerId"], "1");
    assert_eq!((&lot.body["qtyLeft"], &lot.body["status"]), (&json!(10), &json!("InStock")));
}

#[tokio::test]
async fn one_delivery_is_one_lot_whoever_repeats_it_and_how_often() {
    let town = Town::open().await;
    let body = json!({ "deliveryId": "d1", "product": "TV", "qty": "10" });
    let same_key =
        (0..30).map(|_| town.client.post_once("/warehouse/deliveries", "key", body.clone()));
    let no_key = (0..30).map(|_| town.client.post("/warehouse/deliveries", body.clone()));
    let (same_key, no_key) = tokio::join!(join_all(same_key), join_all(no_key));
    for answer in same_key.iter().chain(&no_key) {
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    assert!(same_key.iter().all(|answer| answer == &same_key[0]));
    let position = no_key[0].position.clone().unwrap();
    let movements = town.client.get_at("/warehouse/movements?product=TV", &position).await;
    assert_eq!(movements.body.as_array().unwrap().len(), 1, "{movements:?}");

    let other = json!({ "deliveryId": "d1", "product": "TV", "qty": 11 });
    let refused = town.client.post("/warehouse/deliveries", other).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::CONFLICT, &json!("delivery-exists"))
    );
}

#[tokio::test]
async fn a_repeated_shipment_ships_once_and_says_so_in_the_same_words() {
    let town = Town::open().await;
    deliver(&town.client, "d1", "TV", 10).await;
    let ship = || town.client.post_once("/warehouse/stock/TV/ship", "s", json!({ "qty": 4 }));
    let (first, again) = (ship().await, ship().await);
    assert_eq!((first.status, &first.body["onHand"]), (StatusCode::OK, &json!(6)), "{first:?}");
    assert_eq!(first, again);
}

#[tokio::test]
async fn nothing_is_stored_while_the_stock_is_paused() {
    let town = Town::open().await;
    town.run(&["pause", "warehouse.stock_item"]).await;
    let body = json!({ "deliveryId": "d1", "product": "TV", "qty": 10 });
    let refused = town.client.post("/warehouse/deliveries", body).await;
    assert_eq!(
        (refused.status, &refused.body["part"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("warehouse.stock_item"))
    );
    assert!(refused.retry_after.is_some());
    assert_eq!(town.events("warehouse.delivery").await, 0);
    town.run(&["resume", "warehouse.stock_item"]).await;
    deliver(&town.client, "d1", "TV", 10).await;
    assert_eq!(town.events("warehouse.delivery").await, 2);
}

#[tokio::test]
async fn nothing_is_stored_while_no_worker_runs_and_all_goes_on_when_one_does() {
    let town = Town::open_with(&[], &["--role", "api"]).await;
    let body = json!({ "deliveryId": "d1", "product": "TV", "qty": 10 });
    let refused = town.client.post("/warehouse/deliveries", body).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    assert!(refused.retry_after.is_some());
    assert_eq!(town.events("warehouse.delivery").await, 0);

    let (worker, _files) = town.another("worker").await;
    deliver(&town.client, "d1", "TV", 10).await;
    town.client.until("/warehouse/stock/TV", "10", |stock| stock.body["onHand"] == 10).await;
    assert_eq!(worker.terminate().await, Some(0));
    // That the worker has gone is known a moment later; until then goods are taken in as ever.
    let taken_in = async |n: usize| {
        let body = json!({ "deliveryId": format!("late-{n}"), "product": "TV", "qty": 10 });
        let answer = town.client.post("/warehouse/deliveries", body).await;
        assert!([201, 503].contains(&answer.status.as_u16()), "{answer:?}");
        answer.status == StatusCode::CREATED
    };
    let mut late = 0;
    while taken_in(late).await {
        late += 1;
        assert!(late < 1000, "taken in for ever");
    }
    assert_eq!(town.events("warehouse.delivery").await, 2 * (1 + late as i64));
    // Shipping asks nobody else.
    let shipped = town.client.post("/warehouse/stock/TV/ship", json!({ "qty": 1 })).await;
    assert_eq!(shipped.status, StatusCode::OK, "{shipped:?}");
}

#[tokio::test]
async fn goods_come_and_go_while_the_notice_service_is_away() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let secrets = ("NOTICE_SECRETS", "1:a-long-enough-secret-for-tests-0123456789".to_owned());
    let town = Town::open_with(&[("NOTICE_URL", url), secrets], &[]).await;
    deliver(&town.client, "d1", "TV", 10).await;
    let ship = town.client.post("/warehouse/lots/d1/ship", json!({ "qty": 10 })).await;
    assert_eq!(ship.status, StatusCode::OK, "{ship:?}");
    // Asked for, in stock, shipped, closed: all of it waits.
    let all = |answer: &crate::client::Answer| answer.body.as_array().unwrap().len() == 4;
    let waiting = town.client.until("/notices?state=pending", "four notices", all).await;
    assert!(waiting.body.to_string().contains("출고되었습니다"), "{waiting:?}");
}

#[tokio::test]
async fn shipping_and_disposing_at_once_never_takes_what_is_not_there() {
    let town = Town::open().await;
    let client = &town.client;
    for lot in ["d1", "d2", "d3"] {
        deliver(client, lot, "TV", 50).await;
    }
    let takers = (0..240).map(|n| async move {
        let (path, body) = match n % 4 {
            0 => ("/warehouse/stock/TV/ship", json!({ "qty": 1 })),
            1 => ("/warehouse/stock/TV/dispose", json!({ "qty": 1, "reason": "old" })),
            2 => ("/warehouse/lots/d2/ship", json!({ "qty": 1 })),
            _ => ("/warehouse/lots/d3/dispose", json!({ "qty": 1, "reason": "old" })),
        };
        client.post(path, body).await
    });
    let answers = join_all(takers).await;
    let taken = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let refused = answers.iter().filter(|answer| answer.body["code"] == "insufficient-stock");
    assert_eq!(taken + refused.count(), answers.len());
    assert!(taken <= 150, "{taken} of 150");

    let stock = |stock: &crate::client::Answer| {
        let total = |name: &str| stock.body[name].as_i64().unwrap();
        total("totalShipped") + total("totalObsolete") == taken as i64
    };
    let stock = client.until("/warehouse/stock/TV", "all of it", stock).await;
    assert_eq!(stock.body["onHand"], json!(150 - taken), "{stock:?}");
    let movements = client.get("/warehouse/movements?product=TV&limit=1000").await;
    let mut balance = 0;
    for movement in movements.body.as_array().unwrap() {
        balance += movement["delta"].as_i64().unwrap();
        assert_eq!(movement["balance"], json!(balance));
        assert!(balance >= 0, "{movement}");
    }
    let lots = client.get("/warehouse/lots?product=TV").await;
    let left: i64 =
        lots.body.as_array().unwrap().iter().map(|lot| lot["qtyLeft"].as_i64().unwrap()).sum();
    assert_eq!(left, 150 - taken as i64);
    town.views_are_as_the_log_says(&VIEWS).await;
}

#[tokio::test]
async fn more_than_is_there_is_refused_with_both_figures() {
    let town = Town::open().await;
    deliver(&town.client, "d1", "TV", 10).await;
    let refused = town.client.post("/warehouse/stock/TV/ship", json!({ "qty": 11 })).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let figures = ["code", "asked", "onHand"].map(|name| &refused.body[name]);
    assert_eq!(figures, [&json!("insufficient-stock"), &json!(11), &json!(10)]);
    for path in ["/warehouse/stock/Radio/ship", "/warehouse/lots/d9/ship"] {
        let unknown = town.client.post(path, json!({ "qty": 1 })).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{unknown:?}");
    }
}

#[tokio::test]
async fn the_short_forms_of_the_original_system_work() {
    let town = Town::open().await;
    let client = &town.client;
    deliver(client, "1", "TV", 10).await;
    let keep = |qty: Value| client.patch("/warehouse/warehouses/1", json!({ "qty": qty }));
    let kept = keep(json!("6")).await;
    assert_eq!((kept.status, &kept.body["qty"]), (StatusCode::OK, &json!(4)), "{kept:?}");
    assert_eq!(keep(json!(6)).await.body["qty"], 0);
    assert_eq!(keep(json!(7)).await.status, StatusCode::CONFLICT);
    assert_eq!(keep(json!(-1)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        let gone = client.delete("/warehouse/warehouses/1").await;
        assert_eq!((gone.status, gone.body), (StatusCode::NO_CONTENT, Value::Null));
    }
    client.becomes("/warehouse/warehouses/1", "status", "Closed").await;
    let unknown = client.delete("/warehouse/warehouses/2").await;
    assert_eq!(unknown.body["code"], "unknown-lot");
    let lots = client.get("/warehouse/warehouses?status=Closed&customerId=1").await;
    assert_eq!(lots.body.as_array().unwrap().len(), 1);
}
