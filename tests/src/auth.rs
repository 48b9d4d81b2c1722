//! Who is let in, by what, and what they may do.

mod browser;
mod issuer;
mod keys;
mod rights;
mod sessions;
mod signer;
mod tokens;

use crate::{client::Answer, town::Town};
use reqwest::{Method, Response, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};
use signer::Signer;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A service that believes tokens of this secret, looks at all others too, and with more variables.
async fn guarded(more: &[(&'static str, String)]) -> Town {
    let secrets = ("JANGTEO_AUTH_SECRETS", SECRET.to_owned());
    let all = ("JANGTEO_LOGIN_LIMIT", "off".to_owned());
    Town::open_with(&[&[secrets, all], more].concat(), &[]).await
}

/// A token of the secret.
fn token(role: &str, sub: &str) -> String {
    Signer::secret(SECRET).token(&signer::claims(role, sub))
}

async fn get(town: &Town, path: &str, token: &str) -> Answer {
    let request = town.client.request(Method::GET, path).bearer_auth(token);
    crate::client::answer(request).await
}

async fn post(town: &Town, path: &str, token: &str, body: Value) -> Answer {
    let request = town.client.request(Method::POST, path).bearer_auth(token).json(&body);
    crate::client::answer(request).await
}

/// What a browser sends and gets: redirects are not followed.
async fn sent(town: &Town, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    sent_with(town, method, path, headers, "").await
}

async fn sent_with(
    town: &Town,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> Response {
    let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let mut request = client.request(method, format!("{}{path}", town.service.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !form.is_empty() {
        request = request.header("Content-Type", "application/x-www-form-urlencoded");
    }
    request.body(form.to_owned()).send().await.unwrap()
}

/// All that an answer says but its own name and time.
async fn whole(response: Response) -> (u16, HeaderMap, String) {
    let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
    for own in ["x-request-id", "date"] {
        headers.remove(own);
    }
    (status, headers, response.text().await.unwrap())
}

async fn code(response: Response) -> (u16, String) {
    let (status, _, body) = whole(response).await;
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| json!({}));
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}
