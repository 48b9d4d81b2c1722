//! A service that sends SMS and KakaoTalk messages, at `NOTICE_URL`. The contract between it and us
//! is in `docs/notices.md`.
//!
//! Each request is signed: HMAC-SHA256 with the first of the secrets, over the time and the body.

use super::{Notice, NoticeError, NoticeSink};
use crate::clock::Clock;
use async_trait::async_trait;
use eventlog::trace::{Kind, Span, TRACEPARENT};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, RequestBuilder, Url, header::CONTENT_TYPE};
use serde::Serialize;
use sha2::Sha256;
use std::{fmt, fmt::Write, sync::Arc, time::Duration};
use uuid::Uuid;

/// When the request was signed, in seconds since 1970.
pub const TIMESTAMP: &str = "Jangteo-Timestamp";
/// Which secret signed it.
pub const KEY_ID: &str = "Jangteo-Key-Id";
/// All secrets there are, the signing one first: what receivers should know.
pub const KEY_IDS: &str = "Jangteo-Key-Ids";
/// `sha256=<hex>` of the HMAC over `<timestamp>.<body>`.
pub const SIGNATURE: &str = "Jangteo-Signature";
/// The event's id again, where services look for such a thing.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// How long to wait; below what one try of the outbox may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A secret that both sides know, with the name by which they speak of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub id: String,
    pub secret: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

/// The secrets in use, at least one. The first signs; the others are about to, or have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    signing: Secret,
    others: Vec<Secret>,
}

/// Why no client can be made for a notice URL. Does not repeat the URL: it may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWebhook {
    #[error("the notice URL must begin with http:// or https://")]
    NotHttp,
    #[error("no HTTP client can be made for the notice service")]
    Client(#[source] reqwest::Error),
}

/// Hands notices over to one service. Connections are kept and shared.
pub struct WebhookSink {
    client: Client,
    url: Url,
    secrets: Secrets,
    /// The value of [`KEY_IDS`].
    key_ids: String,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    event_id: Uuid,
    channel: &'static str,
    recipient: &'a str,
    text: &'a str,
}

#[derive(Debug, thiserror::Error)]
#[error("it answered {0}")]
struct Refused(reqwest::StatusCode);

impl Secrets {
    pub fn new(signing: Secret, others: Vec<Secret>) -> Self {
        Self { signing, others }
    }

    fn ids(&self) -> String {
        let all = std::iter::once(&self.signing).chain(&self.others);
        all.map(|secret| &*secret.id).collect::<Vec<_>>().join(", ")
    }
}

impl WebhookSink {
    /// Goes straight to `url`, past any proxy, and follows no redirects.
    pub fn new(url: Url, secrets: Secrets, clock: Arc<dyn Clock>) -> Result<Self, InvalidWebhook> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidWebhook::NotHttp);
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(TIME_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| InvalidWebhook::Client(error.without_url()))?;
        Ok(Self { client, url, key_ids: secrets.ids(), secrets, clock })
    }

    /// Signed anew for each try, since receivers refuse what was signed long ago.
    fn request(
        &self,
        notice: &Notice,
        recipient: &str,
    ) -> Result<RequestBuilder, serde_json::Error> {
        let body = serde_json::to_string(&Body {
            event_id: notice.fact_id,
            channel: notice.channel.as_str(),
            recipient,
            text: &notice.body,
        })?;
        let timestamp = self.clock.now().timestamp();
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, timestamp)
            .header(KEY_ID, &self.secrets.signing.id)
            .header(KEY_IDS, &self.key_ids)
            .header(SIGNATURE, sign(&self.secrets.signing.secret, timestamp, &body))
            .header(IDEMPOTENCY_KEY, notice.fact_id.to_string());
        Ok(request.body(body))
    }
}

#[async_trait]
impl NoticeSink for WebhookSink {
    async fn send(&self, notice: &Notice, recipient: &str) -> Result<(), NoticeError> {
        let request = self.request(notice, recipient).map_err(NoticeError::new)?;
        let span = Span::here(Kind::Client, "notice");
        let request = match span.traceparent() {
            Some(parent) => request.header(TRACEPARENT, parent),
            None => request,
        };
        let answer = request.send().await;
        let answer = answer.map_err(|error| match error.is_connect() {
            true => NoticeError::unreached(error.without_url()),
            false => NoticeError::new(error.without_url()),
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(NoticeError::new(Refused(status))),
        }
    }
}

/// The signature of a request: what stands in the header [`SIGNATURE`].
pub fn sign(secret: &str, timestamp: i64, body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes())
        .expect("any length will do for a key");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_contract_says() {
        let body = r#"{"eventId":"0195f3f0-0000-7000-8000-000000000001","channel":"sms"}"#;
        let expected = "sha256=95b25e87c08d490079809732119af1e225d44d02603b6673e24fdba7229d70aa";
        assert_eq!(sign("a-secret-of-some-length", 1_763_600_000, body), expected);
    }

    #[test]
    fn debug_keeps_secrets() {
        let secret = |id: &str| Secret { id: id.to_owned(), secret: "hush".to_owned() };
        let secrets = Secrets::new(secret("k2"), vec![secret("k1")]);
        assert_eq!(secrets.ids(), "k2, k1");
        assert!(!format!("{secrets:?}").contains("hush"));
    }
}
