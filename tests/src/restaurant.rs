//! The restaurant, from outside.

use crate::{
    client::{Answer, Client},
    town::Town,
};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

const VIEWS: [&str; 2] = ["restaurant.my_page", "restaurant.menus"];

const RECEIVED: [Option<&str>; 3] = [Some("ORDER : ORDERED"), Some("COOK : ORDER RECEIPT"), None];
const CANCELLED: [Option<&str>; 3] = [
    Some("ORDER : ORDER CANCELED"),
    Some("COOK : ORDER CANCELED"),
    Some("DELIVERY : ORDER CANCELED"),
];
const QTY_OVER: [Option<&str>; 3] =
    [Some("ORDER : QTY OVER CANCELED"), Some("COOK : QTY OVER"), Some("DELIVERY : QTY OVER")];

/// A restaurant with a dish of so many portions.
async fn with_portions(town: &Town, stock: i64) {
    let dish = json!({ "restaurantId": 7, "menuId": 1, "name": "비빔밥", "stock": stock });
    let added = town.client.post("/restaurant/menus", dish).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
}

fn an_order(order: &str, qty: i64) -> Value {
    json!({ "orderId": order, "restaurantId": 7, "restaurantMenuId": 1, "customerId": "c1",
        "qty": qty, "orderStatus": "ORDER : ORDERED" })
}

async fn order(client: &Client, order: &str) {
    let ordered = client.post("/restaurant/orders", an_order(order, 1)).await;
    assert_eq!(ordered.status, StatusCode::CREATED, "{ordered:?}");
}

fn statuses(page: &Value) -> [Option<&str>; 3] {
    ["orderStatus", "cookStatus", "deliveryStatus"].map(|name| page[name].as_str())
}

async fn shows(client: &Client, order: &str, wanted: [Option<&str>; 3]) {
    let path = format!("/restaurant/my-page/{order}");
    let as_wanted = |page: &Answer| statuses(&page.body) == wanted;
    client.until(&path, &format!("{wanted:?}"), as_wanted).await;
}

async fn stock_is(client: &Client, stock: i64) {
    let as_wanted = |menu: &Answer| menu.body["stock"] == stock;
    client.until("/restaurant/menus/7.1", &format!("{stock} portions"), as_wanted).await;
}

#[tokio::test]
async fn the_walkthrough_is_played_as_written_and_again() {
    let town = Town::open().await;
    for _ in 0..2 {
        town.demo("restaurant").await;
    }
    town.views_are_as_the_log_says(&VIEWS).await;
}

#[tokio::test]
async fn ordering_works_while_the_kitchen_is_paused_and_cancelling_changes_nothing() {
    let town = Town::open().await;
    with_portions(&town, 5).await;
    town.run(&["pause", "restaurant.cook"]).await;
    order(&town.client, "o1").await;
    let cancel = town.client.post("/restaurant/orders/o1/cancel", json!({})).await;
    assert_eq!(
        (cancel.status, &cancel.body["part"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("restaurant.cook"))
    );
    assert!(cancel.retry_after.is_some());
    let cooked = town.client.post("/restaurant/cooks/o1/complete", json!({})).await;
    assert_eq!(cooked.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(town.events("restaurant.order").await, 1);
    assert_eq!(town.events("restaurant.cook").await, 0);
    shows(&town.client, "o1", [Some("ORDER : ORDERED"), None, None]).await;

    town.run(&["resume", "restaurant.cook"]).await;
    shows(&town.client, "o1", RECEIVED).await;
    let cooked = town.client.post("/restaurant/cooks/o1/complete", json!({})).await;
    assert_eq!(cooked.status, StatusCode::OK, "{cooked:?}");
    let wanted = [Some("ORDER : ORDERED"), Some("COOKED"), Some("DELIVERY : COOK FIN")];
    shows(&town.client, "o1", wanted).await;
}

#[tokio::test]
async fn ordering_works_while_no_worker_runs_and_cancelling_changes_nothing() {
    let town = Town::open_with(&[], &["--role", "api"]).await;
    with_portions(&town, 5).await;
    order(&town.client, "o1").await;
    order(&town.client, "o2").await;
    let cancel = town.client.post("/restaurant/orders/o1/cancel", json!({})).await;
    assert_eq!(cancel.status, StatusCode::SERVICE_UNAVAILABLE, "{cancel:?}");
    assert!(cancel.retry_after.is_some());
    assert_eq!(town.events("restaurant.order").await, 2);
    assert_eq!(town.events("restaurant.cook").await, 0);

    let (_worker, _files) = town.another("worker").await;
    shows(&town.client, "o1", RECEIVED).await;
    let cancel = town.client.post("/restaurant/orders/o2/cancel", json!({})).await;
    assert_eq!(cancel.status, StatusCode::OK, "{cancel:?}");
    shows(&town.client, "o2", CANCELLED).await;
    stock_is(&town.client, 4).await;
}

#[tokio::test]
async fn everything_waits_for_a_paused_menu_and_a_cancel_still_wins() {
    let town = Town::open().await;
    with_portions(&town, 1).await;
    town.run(&["pause", "restaurant.menu"]).await;
    order(&town.client, "o1").await;
    order(&town.client, "o2").await;
    let cancel = town.client.delete("/restaurant/orders/o1").await;
    assert_eq!(
        (cancel.status, &cancel.body["orderStatus"]),
        (StatusCode::OK, &json!("ORDER : ORDER CANCELED"))
    );
    shows(&town.client, "o1", CANCELLED).await;
    town.run(&["resume", "restaurant.menu"]).await;
    shows(&town.client, "o2", RECEIVED).await;
    shows(&town.client, "o1", CANCELLED).await;
    stock_is(&town.client, 0).await;
}

#[tokio::test]
async fn of_sixty_orders_at_once_exactly_twenty_are_cooked() {
    let town = Town::open().await;
    let client = &town.client;
    with_portions(&town, 20).await;
    let ids: Vec<_> = (0..60).map(|n| format!("o{n}")).collect();
    join_all(ids.iter().map(|id| order(client, id))).await;
    let decided = |page: &Answer| {
        let pages = page.body.as_array().into_iter().flatten();
        pages.filter(|page| !page["cookStatus"].is_null()).count() == 60
    };
    client.until("/restaurant/my-page?customerId=c1", "all decided", decided).await;
    let cooking = ids.iter().map(|id| async move {
        client.post(&format!("/restaurant/cooks/{id}/complete"), json!({})).await
    });
    let answers = join_all(cooking).await;
    let cooked = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let refused = answers.iter().filter(|answer| answer.body["code"] == "order-cancelled").count();
    assert_eq!((cooked, refused), (20, 40), "{answers:?}");
    for (id, answer) in ids.iter().zip(&answers) {
        match answer.status {
            StatusCode::OK => {
                let fin = [Some("ORDER : ORDERED"), Some("COOKED"), Some("DELIVERY : COOK FIN")];
                shows(client, id, fin).await;
            }
            _ => shows(client, id, QTY_OVER).await,
        }
    }
    stock_is(client, 0).await;
    town.views_are_as_the_log_says(&VIEWS).await;
}

#[tokio::test]
async fn cooking_and_cancelling_at_once_has_one_outcome_and_the_portions_fit_it() {
    let town = Town::open().await;
    let client = &town.client;
    with_portions(&town, 40).await;
    let races = (0..40).map(|n| async move {
        let id = format!("r{n}");
        order(client, &id).await;
        shows(client, &id, RECEIVED).await;
        let cook = format!("/restaurant/cooks/{id}/complete");
        let cancel = format!("/restaurant/orders/{id}/cancel");
        let (cook, cancel) =
            tokio::join!(client.post(&cook, json!({})), client.post(&cancel, json!({})));
        let (cooked, cancelled) = (cook.status == StatusCode::OK, cancel.status == StatusCode::OK);
        assert_ne!(cooked, cancelled, "{cook:?} {cancel:?}");
        if cooked {
            assert_eq!(cancel.body["code"], "already-cooked");
        } else {
            assert_eq!(cook.body["code"], "order-cancelled");
            shows(client, &id, CANCELLED).await;
        }
        cooked
    });
    let cooked = join_all(races).await.into_iter().filter(|&cooked| cooked).count();
    stock_is(client, 40 - cooked as i64).await;
    println!("{cooked} cooked, {} cancelled", 40 - cooked);
}

#[tokio::test]
async fn cancelling_twice_answers_like_once() {
    let town = Town::open().await;
    with_portions(&town, 5).await;
    order(&town.client, "o1").await;
    let cancel =
        |key: &'static str| town.client.post_once("/restaurant/orders/o1/cancel", key, json!({}));
    let (first, same, other) = (cancel("a").await, cancel("a").await, cancel("b").await);
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(first, same);
    assert_eq!((first.status, &first.body), (other.status, &other.body));
    shows(&town.client, "o1", CANCELLED).await;
    stock_is(&town.client, 5).await;
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_unknown() {
    let town = Town::open().await;
    let unknown = town.client.post("/restaurant/orders", an_order("o1", 1)).await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-menu"))
    );
    for (path, code) in [
        ("/restaurant/orders/o1/cancel", "unknown-order"),
        ("/restaurant/cooks/o1/complete", "unknown-cook"),
        ("/restaurant/deliveries/o1/complete", "unknown-delivery"),
    ] {
        let unknown = town.client.post(path, json!({})).await;
        assert_eq!((unknown.status, &unknown.body["code"]), (StatusCode::NOT_FOUND, &json!(code)));
    }
    let dotted = json!({ "restaurantId": "a.b", "menuId": "1", "name": "Soup", "stock": 1 });
    let refused = town.client.post("/restaurant/menus", dotted).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let restock = town.client.post("/restaurant/menus/7.1/restock", json!({ "qty": 1 })).await;
    assert_eq!(restock.body["code"], "unknown-menu");
}

#[tokio::test]
async fn portions_survive_a_restart() {
    let town = Town::open().await;
    with_portions(&town, 2).await;
    order(&town.client, "o1").await;
    shows(&town.client, "o1", RECEIVED).await;
    let town = town.restart().await;
    let client = &town.client;
    let over = client.post("/restaurant/orders", an_order("o2", 2)).await;
    assert_eq!(over.status, StatusCode::CREATED);
    shows(client, "o2", QTY_OVER).await;
    order(client, "o3").await;
    shows(client, "o3", RECEIVED).await;
    stock_is(client, 0).await;
}
