//! Bad input gets a clear answer, and changes nothing.

use crate::{
    cafe::Cafe,
    client::{Answer, answer},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

fn is_problem(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.content_type.starts_with("application/problem+json"), "{answer:?}");
    assert_eq!(answer.body["code"], code, "{answer:?}");
    assert_eq!(answer.body["status"], status.as_u16(), "{answer:?}");
}

#[tokio::test]
async fn each_mistake_is_named_and_nothing_is_stored() {
    let cafe = Cafe::open().await;
    let good = json!({ "orderId": "o1", "product": "Espresso", "qty": 1, "price": 1500 });
    let bad_request = StatusCode::BAD_REQUEST;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    for (field, value, status, code) in [
        ("qty", json!("two"), bad_request, "malformed"),
        ("qty", json!(1.5), bad_request, "malformed"),
        ("qty", json!([1]), bad_request, "malformed"),
        ("qty", json!(null), bad_request, "malformed"),
        ("qty", json!(0), unprocessable, "invalid-value"),
        ("qty", json!(-3), unprocessable, "invalid-value"),
        ("qty", json!(1_000_001), unprocessable, "invalid-value"),
        ("qty", json!(u64::MAX), unprocessable, "invalid-value"),
        ("price", json!(1e300), unprocessable, "invalid-value"),
        ("price", json!("99999999999999999999999"), unprocessable, "invalid-value"),
        ("price", json!(0), unprocessable, "invalid-value"),
        ("product", json!(""), unprocessable, "invalid-value"),
        ("product", json!("a\u{0}b"), unprocessable, "invalid-value"),
        ("product", json!("긴".repeat(101)), unprocessable, "invalid-value"),
        ("product", json!({}), bad_request, "malformed"),
        ("orderId", json!("../etc"), unprocessable, "invalid-value"),
        ("orderId", json!("a".repeat(65)), unprocessable, "invalid-value"),
        ("orderId", json!("\u{202e}o"), unprocessable, "invalid-value"),
        ("customerId", json!(true), bad_request, "malformed"),
        ("quantity", json!(1), bad_request, "malformed"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let refused = cafe.client.post("/cafe/orders", body.clone()).await;
        is_problem(&refused, status, code);
        assert!(refused.body.to_string().contains(field), "{body}: {refused:?}");
    }
    let missing = cafe.client.post("/cafe/orders", json!({ "product": "Espresso" })).await;
    is_problem(&missing, bad_request, "malformed");
    assert!(missing.body.to_string().contains("qty"), "{missing:?}");
    assert_eq!(cafe.client.get("/cafe/order-status").await.body, json!([]));
}

#[tokio::test]
async fn what_is_no_request_of_ours_gets_a_problem_document_too() {
    let cafe = Cafe::open().await;
    let post = |body: Vec<u8>| {
        let request = cafe.client.request(Method::POST, "/cafe/orders");
        answer(request.header("Content-Type", "application/json").body(body))
    };
    for broken in ["", "{", "[]", "nonsense", "{\"qty\":1,\"qty\":2}", "\u{feff}{}", "\"\\ud800\""]
    {
        is_problem(&post(broken.into()).await, StatusCode::BAD_REQUEST, "malformed");
    }
    is_problem(&post(vec![b'"', 0xff, 0xfe]).await, StatusCode::BAD_REQUEST, "malformed");
    let deep = "[".repeat(100_000);
    is_problem(&post(deep.into()).await, StatusCode::BAD_REQUEST, "malformed");
    let large = answer(
        cafe.client
            .request(Method::POST, "/cafe/orders")
            .json(&json!({ "product": "x".repeat(10 << 20) })),
    );
    is_problem(&large.await, StatusCode::PAYLOAD_TOO_LARGE, "too-large");

    is_problem(&cafe.client.get("/cafe/nothing").await, StatusCode::NOT_FOUND, "no-such-route");
    is_problem(
        &cafe.client.get("/cafe/order-status/o1").await,
        StatusCode::NOT_FOUND,
        "unknown-order",
    );
    let wrong = answer(cafe.client.request(Method::DELETE, "/cafe/orders")).await;
    is_problem(&wrong, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
    let text = cafe.client.request(Method::POST, "/cafe/orders").body("qty=1");
    is_problem(&answer(text).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type");
    let tagged = |tag| {
        let cancel = cafe.client.request(Method::POST, "/cafe/orders/nobody/request-cancel");
        cancel.json(&json!({})).header("If-Match", tag)
    };
    for tag in ["\"7\"", "*", "W/\"7\""] {
        let stale = answer(tagged(tag)).await;
        is_problem(&stale, StatusCode::PRECONDITION_FAILED, "stale");
    }
    is_problem(&answer(tagged("7")).await, StatusCode::BAD_REQUEST, "malformed");
    let unknown = cafe.client.post("/cafe/orders/nobody/request-cancel", json!({})).await;
    is_problem(&unknown, StatusCode::NOT_FOUND, "unknown-order");
    is_problem(
        &cafe.client.get_at("/cafe/menu", "yesterday").await,
        StatusCode::BAD_REQUEST,
        "malformed",
    );
}
