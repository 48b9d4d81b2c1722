//! The description of the HTTP interface is what the program says, and its examples are true.

use crate::{
    client::{Answer, answer},
    contract::{DESCRIPTION, PRINTED, operations, resolved},
    town::Town,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn the_committed_one_is_what_the_program_prints_and_serves() {
    let town = Town::open().await;
    let printed = town.run(&["openapi"]).await;
    let next = "docs/openapi.json is not what the program says: target/debug/jangteo openapi > docs/openapi.json";
    assert!(printed == PRINTED, "{next}");
    let served = town.client.get("/openapi.json").await;
    assert!(served.body == *DESCRIPTION, "/openapi.json is another one than is printed");
}

#[test]
fn operations_have_names_of_their_own_and_what_is_referred_to_exists() {
    let names: Vec<_> = operations().map(|(_, _, operation)| &operation["operationId"]).collect();
    let different: BTreeSet<_> = names.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), different.len());
    follow(&DESCRIPTION);
}

fn follow(part: &'static Value) {
    resolved(part);
    match part {
        Value::Array(parts) => parts.iter().for_each(follow),
        Value::Object(parts) => parts.values().for_each(follow),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What has to be there for an example, and is not left by the examples before it.
enum Step {
    Before(&'static str, Value),
    /// Until the field of the row there is true.
    Until(&'static str, &'static str),
    Example(&'static str),
}

use Step::{Before, Example, Until};

#[tokio::test]
async fn every_example_works() {
    let town = Town::open().await;
    let mut shown = BTreeSet::new();
    for step in
        warehouse().into_iter().chain(market()).chain(rental()).chain(restaurant()).chain(cafe())
    {
        match step {
            Before(path, body) => {
                let post = || town.client.request(Method::POST, path).json(&body);
                succeeds(path, post, |sent| sent.status.is_success()).await;
            }
            Until(path, field) => {
                town.client.until(path, field, |answer| answer.body[field] == true).await;
            }
            Example(name) => {
                works(&town, name).await;
                shown.insert(name.to_owned());
            }
        }
    }
    for (path, _, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        let is_read = name.starts_with("get") && !shown.contains(name);
        // What is sent again must have been given up, which takes hours: its own tests show that.
        if is_read && !path.ends_with("/live") {
            works(&town, name).await;
            shown.insert(name.to_owned());
        }
    }
    // Last, for it takes away what the others show.
    works(&town, "postPeopleByIdForget").await;
    shown.insert("postPeopleByIdForget".to_owned());
    let all: BTreeSet<_> = operations()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<_> = all.difference(&shown).filter(|name| !is_shown_elsewhere(name)).collect();
    assert!(missing.is_empty(), "examples that are not tried: {missing:?}");
}

/// `notices` has given-up notices to send again, `live` has streams.
fn is_shown_elsewhere(name: &str) -> bool {
    name == "postNoticesByEventIdResend" || name.ends_with("Live")
}

/// Sends an example until it is answered with success, for what it builds upon may need a moment.
async fn works(town: &Town, name: &str) {
    let (path, method, operation) = operations()
        .find(|(_, _, operation)| operation["operationId"] == name)
        .unwrap_or_else(|| panic!("{name} is not described"));
    let request = || example(town, path, &method, operation);
    succeeds(name, request, |sent| is_as_described(sent, operation)).await;
}

async fn succeeds(
    what: &str,
    request: impl Fn() -> RequestBuilder,
    is_well: impl Fn(&Answer) -> bool,
) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let sent = answer(request()).await;
        if is_well(&sent) {
            return;
        }
        let is_early = [404, 409, 503].contains(&sent.status.as_u16());
        assert!(is_early && Instant::now() < deadline, "{what}: {sent:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

fn is_as_described(sent: &Answer, operation: &Value) -> bool {
    sent.status.is_success() && operation["responses"].get(sent.status.as_str()).is_some()
}

/// The request that the description shows.
pub fn example(
    town: &Town,
    path: &str,
    method: &Method,
    operation: &'static Value,
) -> RequestBuilder {
    let mut path = path.to_owned();
    let mut query = vec![];
    for parameter in operation["parameters"].as_array().unwrap().iter().map(resolved) {
        let name = parameter["name"].as_str().unwrap();
        match (parameter["in"].as_str(), parameter["example"].as_str()) {
            (Some("path"), Some(value)) => path = path.replace(&format!("{{{name}}}"), value),
            (Some("query"), Some(value)) => query.push((name, value)),
            _ => assert!(parameter["required"] != true, "{path}: {name} has no example"),
        }
    }
    let request = town.client.request(method.clone(), &path).query(&query);
    match operation["requestBody"]["content"]["application/json"].get("example") {
        Some(body) => request.json(body),
        None => request,
    }
}

fn warehouse() -> Vec<Step> {
    vec![
        Example("postWarehouseDeliveries"),
        Before(
            "/warehouse/deliveries",
            json!({ "deliveryId": "d-2", "product": "배", "qty": 5, "customerId": "min" }),
        ),
        Example("postWarehouseLotsByDeliveryIdShip"),
        Example("postWarehouseLotsByDeliveryIdDispose"),
        Example("postWarehouseStockByProductShip"),
        Example("postWarehouseStockByProductDispose"),
        Example("patchWarehouseWarehousesByDeliveryId"),
        Example("deleteWarehouseWarehousesByDeliveryId"),
    ]
}

fn item(number: u32) -> Step {
    let item = json!({ "itemNo": format!("i-{number}"), "itemName": "사다리", "itemPrice": 5000 });
    Before("/market/items", item)
}

fn reserved(number: u32) -> Step {
    let reservation = json!({
        "reservationNo": format!("r-{number}"), "itemNo": format!("i-{number}"),
        "customerId": "min", "customerName": "김민", "phone": "010-1234-5678",
    });
    Before("/market/reservations", reservation)
}

fn market() -> Vec<Step> {
    let mut steps = vec![Example("postMarketItems"), item(2), Example("deleteMarketItemsByItemNo")];
    steps.extend([3, 4, 5, 6, 7].map(item));
    steps.push(Example("postMarketReservations"));
    steps.extend([3, 4, 5, 6].map(reserved));
    let another = json!({
        "reservationNo": "r-2", "itemNo": "i-7", "customerId": "min", "customerName": "김민",
    });
    steps.push(Before("/market/reservations", another));
    steps.extend([
        Before("/market/reservations/r-2/pay", json!({})),
        Example("postMarketReservationsByReservationNoCancelPayment"),
        Example("postMarketReservationsByReservationNoCancel"),
        Example("deleteMarketReservationsByReservationNo"),
        Example("patchMarketReservationsByReservationNo"),
        Before("/market/reservations/r-4/pay", json!({})),
        Example("patchMarketItemsByItemNo"),
        Example("postMarketReservationsByReservationNoPay"),
        Example("postMarketItemsByItemNoLend"),
        Example("postMarketItemsByItemNoReturn"),
        Example("getMarketItemsByItemNo"),
        Example("getMarketItemInfoByItemNo"),
        Example("postMarketReviews"),
    ]);
    steps
}

fn rental() -> Vec<Step> {
    let order = |number: u32| {
        let order = json!({ "orderId": format!("o-{number}"), "productId": "p-1", "qty": 1 });
        Before("/rental/orders", order)
    };
    vec![
        Example("postRentalInventories"),
        Example("postRentalOrders"),
        order(2),
        order(3),
        order(4),
        Example("postRentalRentalRequest"),
        order(6),
        Example("postRentalOrdersByOrderIdCancel"),
        Example("postRentalOrdersByOrderIdReportShortage"),
        Example("getRentalRentalCancel"),
        Example("postRentalShipmentsByOrderIdDeliver"),
        Until("/rental/total-view/o-4", "deliveryStarted"),
        Before("/rental/orders/o-4/cancel", json!({})),
        Example("postRentalShipmentsByOrderIdCompleteRetrieval"),
    ]
}

fn restaurant() -> Vec<Step> {
    let order = |number: u32| {
        let order = json!({
            "orderId": format!("o-{number}"), "restaurantId": "k", "restaurantMenuId": "bibimbap", "qty": 1, "customerId": "min",
        });
        Before("/restaurant/orders", order)
    };
    vec![
        Example("postRestaurantMenus"),
        Example("postRestaurantMenusByIdRestock"),
        Example("postRestaurantOrders"),
        order(2),
        order(3),
        Example("postRestaurantOrdersByOrderIdCancel"),
        Example("deleteRestaurantOrdersByOrderId"),
        Example("postRestaurantCooksByOrderIdComplete"),
        Example("postRestaurantDeliveriesByOrderIdComplete"),
    ]
}

fn cafe() -> Vec<Step> {
    let order = |number: u32| {
        let order = json!({
            "orderId": format!("o-{number}"), "product": "아메리카노", "qty": 1, "price": 4500,
        });
        Before("/cafe/orders", order)
    };
    vec![
        Example("putCafeMenuByProduct"),
        Example("postCafeMembers"),
        Example("postCafeOrders"),
        order(2),
        order(3),
        order(4),
        order(5),
        Example("postCafeOrdersByOrderIdRequestCancel"),
        Example("putCafeOrdersByOrderId"),
        Example("postCafeTicketsByOrderIdReject"),
        Example("putCafeDeliveriesByOrderId"),
        Example("postCafeTicketsByOrderIdAccept"),
        Example("postCafeTicketsByOrderIdMake"),
        Example("postCafeTicketsByOrderIdHandOver"),
        Example("postCafeMembersByCustomerIdReversePoint"),
        Example("postCafeMembersByCustomerIdWithdraw"),
    ]
}
