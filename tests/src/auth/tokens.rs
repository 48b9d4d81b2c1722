//! Which tokens are believed, and that nobody learns why one is not.

use super::{
    SECRET, guarded,
    signer::{Signer, claims, encoded, from_now, hs256_with},
    token, whole,
};
use crate::{
    service::{Place, Service, run},
    town::Town,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::fs::{self, File};
use support::issuer::Issuer;
use tempfile::TempDir;

const KEY: &str = "the-one-key-of-this-service";
const AUDIENCE: &str = "the-shop";
const ISSUER: &str = "https://issuer.example";

/// Stands in every wrong token, to be looked for in the log.
const SUBJECT: &str = "somebody-in-particular";

fn good() -> Value {
    let mut good = claims("operator", SUBJECT);
    (good["aud"], good["iss"]) = (json!(AUDIENCE), json!(ISSUER));
    good
}

/// Good claims with this instead; null takes one away.
fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn wrong_claims() -> Vec<Value> {
    vec![
        with("exp", json!(from_now(-31))),
        with("exp", Value::Null),
        with("exp", json!("never")),
        with("nbf", json!(from_now(45))),
        with("sub", Value::Null),
        with("sub", json!(format!("{SUBJECT}; and more"))),
        with("role", Value::Null),
        with("role", json!("boss")),
        with("role", json!(["operator"])),
        with("aud", json!("another-shop")),
        with("aud", Value::Null),
        with("iss", json!("https://another.example")),
        with("iss", Value::Null),
    ]
}

/// Its middle or its end is another's.
fn tampered(token: &str) -> Vec<String> {
    let parts: Vec<_> = token.split('.').collect();
    let more = encoded(&with("sub", json!("somebody-else")));
    let turned: String = parts[2].chars().rev().collect();
    let (first, last) = parts[2].split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    vec![
        format!("{}.{more}.{}", parts[0], parts[2]),
        format!("{}.{}.{turned}", parts[0], parts[1]),
        format!("{}.{}.{other}{last}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.{}", parts[2]),
        token[..token.len() - 2].to_owned(),
    ]
}

fn wrong_tokens(secret: &Signer, rsa: &Signer) -> Vec<String> {
    let mut wrong = vec!["x".to_owned(), "...".to_owned(), format!("{KEY}1"), KEY.to_uppercase()];
    wrong.push(format!("jt_{}", "A".repeat(43)));
    for signer in [secret, rsa] {
        wrong.extend(wrong_claims().iter().map(|claims| signer.token(claims)));
        wrong.extend(tampered(&signer.token(&good())));
        let mut header = signer.header();
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("HS512")),
            ("alg", json!("PS256")),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
        ] {
            header[name] = value;
            wrong.push(signer.token_with(&header, &good()));
            let unsigned = format!("{}.{}.", encoded(&header), encoded(&good()));
            wrong.push(unsigned);
            header = signer.header();
        }
        let long = with("name", json!("x".repeat(9 * 1024)));
        wrong.push(signer.token(&long));
    }
    for (header, kid) in [(secret.header(), None), (secret.header(), Some("rsa-1"))] {
        let mut header = header;
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        let forms = rsa.public_forms();
        assert!(!forms.is_empty());
        wrong.extend(forms.iter().map(|form| hs256_with(form, &header, &good())));
    }
    wrong.push(Signer::secret("another-secret-that-is-long-enough").token(&good()));
    wrong.push(Signer::rsa("rsa-1").token(&good()));
    wrong.push(Signer::ec("rsa-1").token(&good()));
    wrong
}

#[tokio::test]
async fn who_is_refused_learns_nothing_and_leaves_nothing_in_the_log() {
    let (place, files, issuer) =
        (Place::new().await, TempDir::new().unwrap(), Issuer::start().await);
    let (secret, rsa) = (Signer::secret(SECRET), Signer::rsa("rsa-1"));
    issuer.publish(vec![rsa.jwk(), Signer::secret(SECRET).named("oct").jwk()]);
    let mut environment = place.environment();
    environment.extend([
        ("JANGTEO_LOGIN_LIMIT", "off".to_owned()),
        ("JANGTEO_AUTH_KEY", KEY.to_owned()),
        ("JANGTEO_AUTH_SECRETS", SECRET.to_owned()),
        ("JANGTEO_AUTH_JWKS_URL", issuer.url()),
        ("JANGTEO_AUTH_AUDIENCE", AUDIENCE.to_owned()),
        ("JANGTEO_AUTH_ISSUER", ISSUER.to_owned()),
    ]);
    let log = files.path().join("log");
    let service = Service::start_logging_to(&environment, File::create(&log).unwrap()).await;
    let http = reqwest::Client::new();
    let asked = |method: &Method| {
        let path = if method == Method::GET { "/metrics" } else { "/cafe/orders" };
        http.request(method.clone(), format!("{}{path}", service.url))
    };
    let answer = async |request: RequestBuilder| whole(request.send().await.unwrap()).await;

    // The good ones are, so that it is not for another reason that the others are refused.
    for token in [secret.token(&good()), rsa.token(&good()), KEY.to_owned()] {
        assert_eq!(answer(asked(&Method::GET).bearer_auth(token)).await.0, 200);
    }
    let wrong = wrong_tokens(&secret, &rsa);
    for method in [Method::GET, Method::POST] {
        let expected = answer(asked(&method)).await;
        assert_eq!(
            (expected.0, &expected.1["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        for token in &wrong {
            let refused = answer(asked(&method).bearer_auth(token)).await;
            assert!(refused == expected, "{token}: {refused:?}, and not {expected:?}");
        }
        for other in [format!("Basic {KEY}"), KEY.to_owned(), "Bearer".to_owned()] {
            assert!(answer(asked(&method).header("Authorization", other)).await == expected);
        }
        let twice =
            asked(&method).bearer_auth(KEY).header("Authorization", format!("Bearer {KEY}"));
        assert!(answer(twice).await == expected);
    }
    assert_eq!(service.terminate().await, Some(0));
    nothing_is_logged(&fs::read_to_string(&log).unwrap(), &wrong);
}

fn nothing_is_logged(log: &str, tokens: &[String]) {
    assert!(log.contains("a token is not believed"), "the log is not there: {log}");
    for secret in [KEY, SECRET, SUBJECT] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    for part in tokens.iter().flat_map(|token| token.split('.').chain([token.as_str()])) {
        assert!(part.len() < 16 || !log.contains(part), "{part} is in the log");
    }
}

#[tokio::test]
async fn secrets_are_changed_one_after_the_other() {
    const NEW: &str = "new:fedcba9876543210fedcba9876543210";
    let old = token("manager", "bora");
    let new = Signer::secret(&NEW[4..]).named("new").token(&claims("manager", "bora"));
    let town = guarded(&[]).await;
    let both = async |town: &Town| {
        let status = async |token| super::get(town, "/cafe/tickets", token).await.status.as_u16();
        [status(&old).await, status(&new).await]
    };
    assert_eq!(both(&town).await, [200, 401]);
    let with = |mut town: Town, secrets: &str| {
        town.environment.insert("JANGTEO_AUTH_SECRETS", secrets.to_owned());
        town.restart()
    };
    let town = with(town, &format!("{NEW}, {SECRET}")).await;
    assert_eq!(both(&town).await, [200, 200]);
    // What signs is the first.
    let minted = town.run(&["token", "--sub", "bora", "--role", "manager"]).await;
    let town = with(town, NEW).await;
    assert_eq!(both(&town).await, [401, 200]);
    assert_eq!(super::get(&town, "/cafe/tickets", minted.trim()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_are_made_on_the_command_line() {
    let town = guarded(&[]).await;
    let made = town.run(&["token", "--sub", "op", "--role", "operator", "--for", "2m"]).await;
    assert_eq!(super::get(&town, "/metrics", made.trim()).await.status, StatusCode::OK);
    let refused = async |arguments: &[&str]| {
        let (code, told) = run(&town.environment, arguments).await;
        assert_ne!(code, 0, "{told}");
        told
    };
    let told = refused(&["token", "--sub", "op", "--role", "boss"]).await;
    assert!(told.contains("customer, store, kitchen, courier, manager, operator"), "{told}");
    let told = refused(&["token", "--sub", "an op", "--role", "operator"]).await;
    assert!(told.contains("--sub must be"), "{told}");
    let told = refused(&["token", "--sub", "op", "--role", "operator", "--for", "ever"]).await;
    assert!(told.contains("--for is"), "{told}");
    let mut environment = town.environment.clone();
    environment.remove("JANGTEO_AUTH_SECRETS");
    let (code, told) = run(&environment, &["token", "--sub", "op", "--role", "operator"]).await;
    assert!(code == 1 && told.contains("Set JANGTEO_AUTH_SECRETS"), "{told}");
}
