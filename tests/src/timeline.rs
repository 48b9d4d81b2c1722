//! One thing's facts, wherever they are.

use crate::{
    cafe::{Cafe, coffee},
    client::Client,
};
use domain::{Context, timeline::shown};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{fs, path::Path};
use support::stand_in::StandIn;

const POINTS: &str = "cafe.member PointSaved";

const ALL: [&str; 10] = [
    "cafe.order OrderSelected",
    "cafe.order PaymentCompleted",
    "cafe.ticket TicketOpened",
    "cafe.ticket OrderReceived",
    "cafe.order OrderAccepted",
    POINTS,
    "cafe.ticket CoffeeMade",
    "cafe.order OrderMade",
    "cafe.ticket PickedUp",
    "cafe.order OrderPickedUp",
];

/// Orders, accepts, makes and hands over, for the member `1`.
async fn serve(client: &Client, order: &str) {
    let mut body = coffee(order);
    body["customerId"] = json!("1");
    body["phone"] = json!("010-1234-5678");
    assert_eq!(client.post("/cafe/orders", body).await.status, StatusCode::CREATED);
    client.becomes(&format!("/cafe/tickets/{order}"), "status", "order_get").await;
    for (command, leads_to) in
        [("accept", "order_received"), ("make", "made"), ("hand-over", "picked_up")]
    {
        let answer = client.post(&format!("/cafe/tickets/{order}/{command}"), json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let status = format!("/cafe/order-status/{order}");
        client.becomes(&status, "status", leads_to).await;
    }
}

/// The facts of a timeline once all are there.
async fn facts(client: &Client, order: &str) -> Vec<Value> {
    let path = format!("/cafe/orders/{order}/timeline");
    let all = |answer: &crate::client::Answer| answer.body.as_array().unwrap().len() >= ALL.len();
    let answer = client.until(&path, "all facts", all).await;
    answer.body.as_array().unwrap().clone()
}

fn text<'a>(fact: &'a Value, field: &str) -> &'a str {
    fact[field].as_str().unwrap()
}

fn position(fact: &Value) -> (u64, u64) {
    let (commit, prepare) = text(fact, "position").split_once('-').unwrap();
    (commit.parse().unwrap(), prepare.parse().unwrap())
}

/// Where and what, such as `cafe.order OrderMade`.
fn name(fact: &Value) -> String {
    let (category, _) = text(fact, "stream").split_once('-').unwrap();
    format!("{category} {}", text(fact, "type").strip_prefix("cafe.").unwrap())
}

fn is_complete_and_in_log_order(facts: &[Value], order: &str) {
    assert!(facts.is_sorted_by(|one, next| position(one) < position(next)), "{facts:?}");
    let names: Vec<_> = facts.iter().map(name).collect();
    let place = |name: &str| names.iter().position(|one| one == name).expect(name);
    // The member hears of it beside the order, in its own time.
    assert!(place(ALL[3]) < place(POINTS), "{names:?}");
    let of_both_sides: Vec<_> = names.iter().filter(|name| *name != POINTS).collect();
    assert_eq!(of_both_sides, ALL.iter().filter(|name| **name != POINTS).collect::<Vec<_>>());
    for fact in facts {
        let of_order = text(fact, "stream").ends_with(&format!("-{order}"));
        let points = fact["payload"]["orderId"] == order;
        assert!(of_order || points, "{fact}");
    }
}

async fn is_shown(cafe: &Cafe) {
    let member = json!({ "customerId": "1", "name": "정다운", "validated": true });
    assert_eq!(cafe.client.post("/cafe/members", member).await.status, StatusCode::CREATED);
    // The order `1` is not the member `1`, and the member's other orders are not this one.
    futures::future::join_all(["0", "1", "2"].map(|order| serve(&cafe.client, order))).await;
    for order in ["0", "1", "2"] {
        let facts = facts(&cafe.client, order).await;
        is_complete_and_in_log_order(&facts, order);
        assert!(!json!(facts).to_string().contains("1234-5678"), "{facts:?}");
        assert!(!json!(facts).to_string().contains("정다운"), "{facts:?}");
    }
    let facts = facts(&cafe.client, "1").await;
    in_pages(&cafe.client, &facts).await;
    printed(cafe, &facts).await;
}

async fn in_pages(client: &Client, facts: &[Value]) {
    let mut path = "/cafe/orders/1/timeline?limit=3".to_owned();
    let mut read = Vec::new();
    for _ in 0..4 {
        let page = client.get(&path).await.body;
        read.extend(page.as_array().unwrap().clone());
        let last = text(read.last().unwrap(), "position");
        path = format!("/cafe/orders/1/timeline?limit=3&after={last}");
    }
    assert_eq!(read, facts);
    let wrong = client.get("/cafe/orders/1/timeline?after=x").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nothing = client.get("/cafe/orders/nothing/timeline").await;
    assert_eq!(
        (nothing.status, &nothing.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-order"))
    );
}

/// From either side of the order.
async fn printed(cafe: &Cafe, facts: &[Value]) {
    for thing in ["cafe.order", "cafe.ticket"] {
        let (code, printed) = cafe.run(&["timeline", thing, "1"]).await;
        assert_eq!(code, 0, "{printed}");
        let lines: Vec<_> =
            printed.lines().filter(|line| !line.starts_with("what others")).collect();
        assert_eq!(lines.len(), facts.len(), "{printed}");
        for (line, fact) in lines.iter().zip(facts) {
            let words: Vec<_> = line.splitn(5, ' ').collect();
            let expected = [text(fact, "position"), text(fact, "stream"), text(fact, "type")];
            assert_eq!([words[0], words[2], words[3]], expected);
            assert_eq!(serde_json::from_str::<Value>(words[4]).unwrap(), fact["payload"]);
        }
    }
    let (code, printed) = cafe.run(&["timeline", "cafe.order", "nothing"]).await;
    assert_eq!(code, 1, "{printed}");
}

#[tokio::test]
async fn an_order_has_all_its_facts_in_log_order() {
    is_shown(&Cafe::open().await).await;
}

#[tokio::test]
async fn an_order_has_all_its_facts_with_the_log_on_eventstoredb() {
    let stand_in = StandIn::start().await;
    is_shown(&Cafe::open_with(&[("EVENTSTORE_URL", stand_in.url())]).await).await;
}

#[tokio::test]
async fn a_refund_belongs_to_what_was_asked() {
    let cafe = Cafe::open().await;
    assert_eq!(cafe.client.post("/cafe/orders", coffee("o1")).await.status, StatusCode::CREATED);
    cafe.client.becomes("/cafe/tickets/o1", "status", "order_get").await;
    let cancel = cafe.client.post("/cafe/orders/o1/request-cancel", json!({})).await;
    assert_eq!(cancel.status, StatusCode::OK);
    cafe.client.becomes("/cafe/order-status/o1", "paymentStatus", "refunded").await;
    let facts = cafe.client.get("/cafe/orders/o1/timeline").await.body;
    let facts = facts.as_array().unwrap();
    let request = |event: &str| {
        let fact = facts.iter().find(|fact| text(fact, "type") == format!("cafe.{event}"));
        text(fact.unwrap(), "correlationId").to_owned()
    };
    let (placed, cancelled) = (request("OrderSelected"), request("OrderCancelRequested"));
    assert_ne!(placed, cancelled);
    assert_eq!([request("PaymentCompleted"), request("TicketOpened")], [placed.clone(), placed]);
    let follows = ["OrderCancelConfirmed", "OrderCanceled", "Refunded"].map(request);
    assert!(follows.iter().all(|one| *one == cancelled), "{facts:?}");
}

/// No stored form shows who a person is.
#[test]
fn nothing_personal_is_shown_of_any_event() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    for context in Context::ALL {
        for entry in fs::read_dir(folder.join(context.name())).unwrap() {
            let golden: Value =
                serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            let event_type = text(&golden, "type");
            let shown = shown(event_type, &golden["payload"].to_string());
            for field in ["phone", "customerName", "recipient"] {
                assert!(shown.get(field).is_none(), "{event_type} shows {field}");
            }
        }
    }
}
