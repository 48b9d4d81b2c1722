use super::*;
use axum::{body::to_bytes, http::StatusCode};

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn names_the_field_and_when_to_ask_again() {
    let problem = Problem::unavailable("part-down", "closed", Duration::from_millis(1200))
        .field("qty")
        .with("orderId", "o1");
    let response = problem.into_response();
    assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    let (status, document) = read(response).await;
    assert_eq!(status, 503);
    assert_eq!(
        document,
        json!({
            "type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "part-down",
            "detail": "closed", "field": "qty", "retryAfter": 2, "orderId": "o1",
        })
    );
}

#[tokio::test]
async fn what_the_framework_answers_becomes_a_document_and_keeps_its_headers() {
    let plain = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")], "no").into_response();
    let response = from_framework(plain);
    assert_eq!(response.headers()[header::ALLOW], "GET");
    let (_, document) = read(response).await;
    assert_eq!(document["code"], "method-not-allowed");
}

#[tokio::test]
async fn a_panic_is_a_500_without_detail() {
    let (status, document) = read(catch_panic(async { panic!("secret") }).await).await;
    assert_eq!(status, 500);
    assert!(!document.to_string().contains("secret"));
}

#[test]
fn a_success_is_left_alone() {
    assert_eq!(from_framework("fine".into_response()).status(), 200);
}
