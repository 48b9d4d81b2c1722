//! What pages of others cannot make a browser do, and what answers tell browsers.

use super::{code, guarded, sent, token};
use crate::{cafe::coffee, town::Town};
use reqwest::{Method, StatusCode};

const CANCEL: &str = "/rental/rentalCancel?orderId=o1&productId=1";

#[tokio::test]
async fn without_a_means_foreign_names_and_pages_are_refused() {
    let town = Town::open().await;
    for (method, path) in
        [(Method::GET, "/cafe/menu"), (Method::POST, "/cafe/orders"), (Method::GET, "/docs")]
    {
        let rebound = sent(&town, method, path, &[("Host", "evil.example")]).await;
        assert_eq!(code(rebound).await, (403, "foreign-host".to_owned()), "{path}");
    }
    for header in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        for (method, path) in [(Method::POST, "/cafe/orders"), (Method::GET, CANCEL)] {
            let refused = sent(&town, method, path, &[header]).await;
            assert_eq!(code(refused).await, (403, "cross-site".to_owned()), "{path}");
        }
        // A link to here may be followed.
        assert_eq!(
            sent(&town, Method::GET, "/cafe/menu", &[header]).await.status(),
            StatusCode::OK
        );
    }
    let own = town.service.url.clone();
    let ours = sent(&town, Method::GET, CANCEL, &[("Referer", &format!("{own}/docs"))]).await;
    assert_eq!(code(ours).await, (404, "unknown-order".to_owned()));
    let ours = town.client.request(Method::POST, "/cafe/orders").header("Origin", own);
    let placed = crate::client::answer(ours.json(&coffee("o1"))).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    // Whoever is no browser says nothing of pages.
    assert_eq!(town.client.post("/cafe/orders", coffee("o2")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn answers_tell_browsers_what_not_to_do_with_them() {
    let town = guarded(&[]).await;
    let bearer = format!("Bearer {}", token("manager", "bora"));
    for path in ["/cafe/menu", "/cafe/tickets/none", "/nowhere", "/docs", "/health/live", "/login"]
    {
        for headers in [&[("Authorization", bearer.as_str())][..], &[]] {
            let answer = sent(&town, Method::GET, path, headers).await;
            let said = |name: &str| {
                let value = answer.headers().get(name).map(|value| value.to_str().unwrap());
                value.unwrap_or_default().to_owned()
            };
            assert_eq!(said("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(said("x-frame-options"), "DENY", "{path}");
            assert_eq!(said("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(said("cache-control"), "no-store", "{path}");
            assert!(said("content-security-policy").starts_with("default-src 'none'"), "{path}");
            assert_eq!(said("strict-transport-security"), "", "{path}");
        }
    }
    let secure = [("Authorization", bearer.as_str()), ("X-Forwarded-Proto", "https")];
    let answer = sent(&town, Method::GET, "/cafe/menu", &secure).await;
    assert!(answer.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn no_other_site_reads_anything() {
    for town in [Town::open().await, guarded(&[]).await] {
        let bearer = format!("Bearer {}", token("manager", "bora"));
        let origin = ("Origin", "https://other.example");
        let asked = [
            origin,
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization"),
        ];
        let preflight = sent(&town, Method::OPTIONS, "/cafe/orders", &asked).await;
        assert!(preflight.status().is_client_error(), "{preflight:?}");
        let read =
            sent(&town, Method::GET, "/cafe/menu", &[origin, ("Authorization", &bearer)]).await;
        assert_eq!(read.status(), StatusCode::OK);
        for answer in [preflight, read] {
            let mut names = answer.headers().keys().map(|name| name.as_str());
            assert!(!names.any(|name| name.starts_with("access-control-")), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn with_a_means_nobody_cancels_by_following_a_link() {
    let town = guarded(&[]).await;
    let session = format!("jangteo_session={}", token("operator", "op"));
    let followed = sent(&town, Method::GET, CANCEL, &[("Cookie", &session)]).await;
    assert_eq!(code(followed).await, (403, "not-by-get".to_owned()));
    // Any name may lead to a service that asks for tokens.
    let elsewhere = [("Host", "shop.example"), ("Cookie", session.as_str())];
    let menu = sent(&town, Method::GET, "/cafe/menu", &elsewhere).await;
    assert_eq!(menu.status(), StatusCode::OK);
}
