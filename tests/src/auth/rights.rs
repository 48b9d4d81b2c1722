//! What a role may do, and that a customer sees and changes only what is theirs.

use super::{get, guarded, post, token};
use crate::{cafe::coffee, live::listening::Listening};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_customer_speaks_of_themselves_whatever_they_say() {
    let town = guarded(&[]).await;
    let (min, jun, store) =
        (token("customer", "min"), token("customer", "jun"), token("store", "till-1"));
    let mut order = coffee("o1");
    order["customerId"] = json!("jun");
    let placed = post(&town, "/cafe/orders", &min, order).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    assert_eq!(placed.body["customerId"], "min");

    let position = placed.position.unwrap();
    let stands = async |token: &str, path: &str| {
        let request = town.client.request(reqwest::Method::GET, path).bearer_auth(token);
        crate::client::answer(request.header("Min-Position", &position)).await
    };
    let path = "/cafe/order-status/o1";
    assert_eq!(stands(&min, path).await.status, StatusCode::OK);
    assert_eq!(stands(&store, path).await.status, StatusCode::OK);
    let others = stands(&jun, path).await;
    assert_eq!(
        (others.status, &others.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-order"))
    );
    let never = stands(&jun, "/cafe/order-status/never").await;
    assert_eq!((never.status, &never.body["code"]), (others.status, &others.body["code"]));

    assert_eq!(stands(&min, "/cafe/order-status").await.body.as_array().unwrap().len(), 1);
    assert_eq!(stands(&jun, "/cafe/order-status").await.body, json!([]));
    let asked = stands(&jun, "/cafe/order-status?customerId=min").await;
    assert_eq!((asked.status, &asked.body["code"]), (StatusCode::FORBIDDEN, &json!("not-yours")));
}

#[tokio::test]
async fn a_role_may_do_what_is_its_own() {
    let town = guarded(&[]).await;
    for (role, path, status) in [
        ("customer", "/cafe/tickets", StatusCode::FORBIDDEN),
        ("courier", "/cafe/tickets", StatusCode::FORBIDDEN),
        ("store", "/cafe/tickets", StatusCode::OK),
        ("kitchen", "/cafe/tickets", StatusCode::OK),
        ("store", "/metrics", StatusCode::FORBIDDEN),
        ("manager", "/metrics", StatusCode::FORBIDDEN),
        ("operator", "/metrics", StatusCode::OK),
        ("customer", "/cafe/menu", StatusCode::OK),
    ] {
        let answer = get(&town, path, &token(role, "somebody")).await;
        assert_eq!(answer.status, status, "{role} {path}");
        if status == StatusCode::FORBIDDEN {
            assert_eq!(answer.body["code"], "forbidden");
        }
    }
    // What is not served is no secret to whoever is known, and told nobody else.
    let known = get(&town, "/nowhere", &token("customer", "min")).await;
    assert_eq!(known.status, StatusCode::NOT_FOUND);
    assert_eq!(town.client.get("/nowhere").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_log_names_who_did_it_by_role_and_id() {
    let town = guarded(&[]).await;
    let placed = post(&town, "/cafe/orders", &token("customer", "min"), coffee("o1")).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let client = town.database().client().await;
    let select = "select actor from eventlog.events where version = 0 and stream = 'cafe.order-o1'";
    let rows = client.query(select, &[]).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(),
        ["customer:min"]
    );
}

#[tokio::test]
async fn a_customer_hears_of_what_is_theirs_and_of_nothing_else() {
    let town = guarded(&[]).await;
    let (min, jun) = (token("customer", "min"), token("customer", "jun"));
    let placed = post(&town, "/cafe/orders", &min, coffee("o1")).await;
    let position = placed.position.unwrap();
    let asked =
        town.client.request(reqwest::Method::GET, "/cafe/order-status/o1").bearer_auth(&min);
    crate::client::answer(asked.header("Min-Position", &position)).await;

    let others = get(&town, "/cafe/order-status/o1/live", &jun).await;
    let never = get(&town, "/cafe/order-status/never/live", &jun).await;
    assert_eq!(
        (others.status, &others.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-order"))
    );
    assert_eq!((never.status, &never.body["code"]), (others.status, &others.body["code"]));
    let path = "/cafe/order-status/live?customerId=min";
    assert_eq!(get(&town, path, &jun).await.body["code"], "not-yours");
    assert_eq!(get(&town, "/cafe/tickets/live", &jun).await.status, StatusCode::FORBIDDEN);

    let list = "/cafe/order-status/live";
    let mut of_min = Listening::with(&town.client, list, "orderId", &min).await;
    let mut of_jun = Listening::with(&town.client, list, "orderId", &jun).await;
    assert!(of_min.rows.keys().eq(["o1"]) && of_jun.rows.is_empty());
    for (order, token) in [("o2", &min), ("o3", &jun)] {
        let placed = post(&town, "/cafe/orders", token, coffee(order)).await;
        assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    }
    of_jun.becomes("the one order", |rows| rows.keys().eq(["o3"])).await;
    of_min.becomes("both orders", |rows| rows.keys().eq(["o1", "o2"])).await;
    // A row may be told again, never another's.
    of_jun.settles().await;
    assert!(of_jun.rows.keys().eq(["o3"]));
}

#[tokio::test]
async fn a_caller_has_so_many_streams_and_others_have_theirs() {
    let town = guarded(&[("JANGTEO_STREAMS_PER_CALLER", "1".to_owned())]).await;
    let (min, jun) = (token("customer", "min"), token("customer", "jun"));
    let list = "/cafe/order-status/live";
    let _first = Listening::with(&town.client, list, "orderId", &min).await;
    let refused = get(&town, list, &min).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("too-many-streams"))
    );
    Listening::with(&town.client, list, "orderId", &jun).await;
}

#[tokio::test]
async fn a_customer_forgets_nobody_but_themselves() {
    let town = guarded(&[]).await;
    let (min, jun, store) =
        (token("customer", "min"), token("customer", "jun"), token("store", "till-1"));
    for who in [&min, &jun] {
        let joined = post(&town, "/cafe/members", who, json!({ "name": "김" })).await;
        assert_eq!(joined.status, StatusCode::CREATED, "{joined:?}");
    }
    let mut guests = coffee("o1");
    guests["phone"] = json!("010-1234-5678");
    let placed = post(&town, "/cafe/orders", &store, guests).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let forget = async |token: &str, person: &str| {
        post(&town, &format!("/people/{person}/forget"), token, json!({})).await
    };
    for person in ["jun", "cafe.order:o1", "nobody"] {
        let refused = forget(&min, person).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::NOT_FOUND, &json!("unknown-person"))
        );
    }
    assert_eq!(forget(&store, "jun").await.status, StatusCode::FORBIDDEN);
    assert_eq!(forget(&min, "min").await.status, StatusCode::OK);
    let manager = token("manager", "boss");
    for person in ["jun", "cafe.order:o1"] {
        assert_eq!(forget(&manager, person).await.status, StatusCode::OK, "{person}");
    }
}
