//! Tokens of an issuer that publishes its keys, and changes them.

use super::{
    get, guarded,
    signer::{Signer, claims},
    token,
};
use crate::town::Town;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use support::issuer::Issuer;
use tokio::time::{Instant, sleep};

const PATH: &str = "/cafe/tickets";

async fn with(issuer: &Issuer, refresh: &str) -> Town {
    let (url, refresh) = (issuer.url(), refresh.to_owned());
    guarded(&[("JANGTEO_AUTH_JWKS_URL", url), ("JANGTEO_AUTH_JWKS_REFRESH", refresh)]).await
}

fn of(signer: &Signer) -> String {
    signer.token(&claims("manager", "bora"))
}

async fn becomes(town: &Town, token: &str, status: StatusCode) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while get(town, PATH, token).await.status != status {
        assert!(Instant::now() < deadline, "never {status}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn each_kind_of_key_is_believed_under_its_own_name() {
    let issuer = Issuer::start().await;
    let signers = [Signer::rsa("a"), Signer::ec("b"), Signer::ed("c")];
    let unreadable = json!({ "kty": "RSA", "kid": "d" });
    issuer.publish(signers.iter().map(Signer::jwk).chain([unreadable]).collect());
    let town = with(&issuer, "5m").await;
    for signer in &signers {
        assert_eq!(get(&town, PATH, &of(signer)).await.status, StatusCode::OK);
        let mut header = signer.header();
        header.as_object_mut().unwrap().remove("kid");
        let unnamed = signer.token_with(&header, &claims("manager", "bora"));
        assert_eq!(get(&town, PATH, &unnamed).await.status, StatusCode::OK);
        header["kid"] = json!("of another");
        let misnamed = signer.token_with(&header, &claims("manager", "bora"));
        assert_eq!(get(&town, PATH, &misnamed).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_new_key_is_believed_and_an_old_one_is_not_any_more() {
    let issuer = Issuer::start().await;
    let (old, new) = (Signer::rsa("old"), Signer::ed("new"));
    issuer.publish(vec![old.jwk()]);
    let town = with(&issuer, "1h").await;
    assert_eq!(get(&town, PATH, &of(&old)).await.status, StatusCode::OK);
    assert_eq!(get(&town, PATH, &of(&new)).await.status, StatusCode::UNAUTHORIZED);
    issuer.publish(vec![new.jwk()]);
    // Its name is not known, so the issuer is asked long before the hour.
    becomes(&town, &of(&new), StatusCode::OK).await;
    assert_eq!(get(&town, PATH, &of(&old)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn keys_that_are_withdrawn_are_noticed_in_the_background() {
    let issuer = Issuer::start().await;
    let (old, new) = (Signer::ec("old"), Signer::ec("new"));
    issuer.publish(vec![old.jwk(), new.jwk()]);
    let town = with(&issuer, "200ms").await;
    let kept = of(&old);
    assert_eq!(get(&town, PATH, &kept).await.status, StatusCode::OK);
    issuer.publish(vec![new.jwk()]);
    becomes(&town, &kept, StatusCode::UNAUTHORIZED).await;
    // Away, the last ones hold.
    issuer.fail();
    let asked = issuer.asked();
    while issuer.asked() < asked + 2 {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(get(&town, PATH, &of(&new)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_issuer_that_was_never_there_is_no_reason_to_refuse_but_to_wait() {
    let issuer = Issuer::start().await;
    let signer = Signer::rsa("a");
    let town = with(&issuer, "1h").await;
    let answer = get(&town, PATH, &of(&signer)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.retry_after.as_deref(), Some("2"));
    // What does not need it is as always.
    assert_eq!(get(&town, PATH, &token("manager", "bora")).await.status, StatusCode::OK);
    assert_eq!(get(&town, PATH, "nonsense").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&town, "/health/live", &of(&signer)).await.status, StatusCode::OK);
    assert_eq!(get(&town, "/openapi.json", &of(&signer)).await.status, StatusCode::OK);
    issuer.publish(vec![signer.jwk()]);
    becomes(&town, &of(&signer), StatusCode::OK).await;
}

#[tokio::test]
async fn names_that_nobody_knows_do_not_burden_the_issuer() {
    let issuer = Issuer::start().await;
    issuer.publish(vec![Signer::ec("a").jwk()]);
    let town = with(&issuer, "1h").await;
    let other = Signer::ec("b");
    let before = issuer.asked();
    for number in 0..50 {
        let header = json!({ "alg": "ES256", "kid": format!("k{number}") });
        let token = other.token_with(&header, &claims("manager", "bora"));
        let request = town.client.request(Method::GET, PATH).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let asked = issuer.asked() - before;
    assert!(asked <= 4, "asked {asked} times");
}
