//! Sessions of the console: logging in and out, and whom a session's pages may speak for.

use super::{
    SECRET, code, guarded, sent, sent_with,
    signer::{Signer, claims, from_now},
    token,
};
use crate::{cafe::coffee, town::Town};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

async fn login(town: &Town, form: &str, headers: &[(&str, &str)]) -> Response {
    sent_with(town, Method::POST, "/login", headers, form).await
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name).map(|value| value.to_str().unwrap());
    value.unwrap_or_default().to_owned()
}

/// What the browser would send next.
fn cookie(response: &Response) -> String {
    header(response, "set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn order(town: &Town, id: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = town.client.request(Method::POST, "/cafe/orders").json(&coffee(id));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn whoever_logs_in_is_known_until_they_log_out() {
    let town = guarded(&[]).await;
    let form = format!("token={}&next=%2Fcafe%2Fmenu%3Flimit%3D1", token("manager", "bora"));
    let answer = login(&town, &form, &[("Sec-Fetch-Site", "same-origin")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&answer, "location"), "/cafe/menu?limit=1");
    let set = header(&answer, "set-cookie");
    for part in ["jangteo_session=", "; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        assert!(set.contains(part), "{part} is not in {set}");
    }
    assert!(!set.contains("Secure") && !set.contains("Domain"), "{set}");
    let session = cookie(&answer);
    let kept = [("Cookie", session.as_str())];
    assert_eq!(sent(&town, Method::GET, "/cafe/tickets", &kept).await.status(), StatusCode::OK);

    // Its own pages may speak for it, those of others may not.
    let own = town.service.url.clone();
    let from = |origin| [kept[0], ("Origin", origin)];
    assert_eq!(order(&town, "o1", &from(own.as_str())).await, StatusCode::CREATED);
    assert_eq!(order(&town, "o2", &from("https://evil.example")).await, StatusCode::FORBIDDEN);
    let site = [kept[0], ("Sec-Fetch-Site", "same-site")];
    assert_eq!(order(&town, "o2", &site).await, StatusCode::FORBIDDEN);
    let bearer = format!("Bearer {}", token("manager", "bora"));
    let meant = [("Authorization", bearer.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(order(&town, "o3", &meant).await, StatusCode::CREATED);

    let elsewhere = [kept[0], ("Sec-Fetch-Site", "cross-site")];
    let refused = sent(&town, Method::POST, "/logout", &elsewhere).await;
    assert_eq!(code(refused).await, (403, "cross-site".to_owned()));
    let out = sent(&town, Method::POST, "/logout", &kept).await;
    assert_eq!(
        (out.status(), header(&out, "location")),
        (StatusCode::SEE_OTHER, "/login".to_owned())
    );
    assert!(header(&out, "set-cookie").starts_with("jangteo_session=; "), "{out:?}");
    assert!(header(&out, "set-cookie").contains("; Max-Age=0"), "{out:?}");
    assert_eq!(cookie(&out), "jangteo_session=");
    let nobody = [("Cookie", "jangteo_session=")];
    let answer = sent(&town, Method::GET, "/cafe/tickets", &nobody).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_is_as_good_as_its_token_everywhere_and_no_longer() {
    let town = guarded(&[]).await;
    let mut short = claims("manager", "bora");
    short["exp"] = json!(from_now(-22));
    let form = format!("token={}", Signer::secret(SECRET).token(&short));
    let answer = login(&town, &form, &[("X-Forwarded-Proto", "https")]).await;
    assert!(header(&answer, "set-cookie").ends_with("; Secure"), "{answer:?}");
    assert_eq!(header(&answer, "location"), "/");
    let session = cookie(&answer);
    let kept = [("Cookie", session.as_str())];
    assert_eq!(sent(&town, Method::GET, "/cafe/tickets", &kept).await.status(), StatusCode::OK);
    let (other, _files) = town.another("api").await;
    let there = reqwest::Client::new().get(format!("{}/cafe/tickets", other.url));
    let there = there.header("Cookie", &session).send().await.unwrap();
    assert_eq!(there.status(), StatusCode::OK);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while sent(&town, Method::GET, "/cafe/tickets", &kept).await.status() != 401 {
        assert!(tokio::time::Instant::now() < deadline, "it does not end");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn whoever_does_not_get_in_is_led_back_and_nobody_is_led_away() {
    let town = guarded(&[]).await;
    let good = token("manager", "bora");
    for wrong in ["", "x", &good[1..], "%00", &format!("{good}x")] {
        let answer = login(&town, &format!("token={wrong}&next=%2Fdocs"), &[]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(header(&answer, "location"), "/login?refused=1&next=%2Fdocs");
        assert_eq!(header(&answer, "set-cookie"), "");
    }
    for next in
        ["//evil.example", "https:%2F%2Fevil.example", "%2F%5Cevil.example", "%2F%0D%0Ax: y"]
    {
        let answer = login(&town, &format!("token={good}&next={next}"), &[]).await;
        assert_eq!(header(&answer, "location"), "/", "{next}");
        assert!(!cookie(&answer).is_empty());
    }
    let elsewhere = [("Origin", "https://evil.example")];
    let refused = login(&town, &format!("token={good}"), &elsewhere).await;
    assert_eq!(code(refused).await, (403, "cross-site".to_owned()));
    let no_form = sent(&town, Method::POST, "/login", &[("Content-Type", "text/plain")]).await;
    assert_eq!(code(no_form).await, (415, "unsupported-media-type".to_owned()));
    let large = login(&town, &format!("token={}", "x".repeat(40_000)), &[]).await;
    assert_eq!(code(large).await, (413, "too-large".to_owned()));
    let mut long = claims("manager", "bora");
    long["name"] = json!("x".repeat(3_500));
    let long = login(&town, &format!("token={}", Signer::secret(SECRET).token(&long)), &[]).await;
    assert_eq!(code(long).await, (413, "too-large".to_owned()));
}

#[tokio::test]
async fn where_nothing_is_asked_there_is_nothing_to_log_in_to() {
    let town = Town::open().await;
    let answer = login(&town, "token=x&next=%2Fdocs", &[]).await;
    assert_eq!(
        (answer.status(), header(&answer, "location")),
        (StatusCode::SEE_OTHER, "/docs".to_owned())
    );
    assert_eq!(header(&answer, "set-cookie"), "");
}
