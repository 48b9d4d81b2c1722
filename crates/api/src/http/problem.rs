//! Problem documents (RFC 9457): the one shape of every answer that is not a success.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use serde_json::{Map, Value, json};
use std::{borrow::Cow, error::Error, panic::AssertUnwindSafe, time::Duration};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not done, for machines (`code`, `field`) and for people (`detail`).
#[derive(Clone, Debug)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug)]
struct Content {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    field: Option<String>,
    retry_after: Option<Duration>,
    members: Map<String, Value>,
    headers: HeaderMap,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Content {
            status,
            code: code.into(),
            detail: detail.into(),
            field: None,
            retry_after: None,
            members: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// The request does not have the form it should have: 400.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// A value is outside its rule: 422.
    pub fn invalid_value(field: &str, must_be: &str) -> Self {
        let detail = format!("{field} must be {must_be}");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail).field(field)
    }

    /// Something that is asked for by its id does not exist: 404.
    pub fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// It cannot be done now: 503, and when to ask again.
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<String>,
        retry_after: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// A fault of ours: 500. What it was is in the log, not in the answer.
    pub fn internal() -> Self {
        let detail = "something went wrong here; the log has it under this answer's x-request-id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// A dependency failed: logged here with its causes, answered with 503 and no detail.
    pub fn fault(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %Causes(error), "a request failed");
        Self::unavailable(
            "unavailable",
            "a part of the service cannot be reached",
            Duration::from_secs(2),
        )
    }

    /// Of what the framework answers with this status.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("no-such-route", "nothing is served under this path"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method-not-allowed", "this path does not take this method; see Allow")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "the body is too large"),
            status if status.is_client_error() => ("malformed", "the request cannot be understood"),
            _ => return Self::internal(),
        };
        Self::new(status, code, detail)
    }

    /// Names the field as the request names it.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Says when to ask again, in whole seconds, at least one.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds a member to the document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds to the headers of the answer.
    pub fn headers(mut self, add: impl FnOnce(&mut HeaderMap)) -> Self {
        add(&mut self.0.headers);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The document.
    pub fn document(&self) -> Value {
        let content = &*self.0;
        let mut document = json!({
            "type": "about:blank",
            "title": content.status.canonical_reason().unwrap_or("Unknown"),
            "status": content.status.as_u16(),
            "code": content.code,
            "detail": content.detail,
        });
        if let Some(field) = &content.field {
            document["field"] = field.as_str().into();
        }
        if let Some(seconds) = self.retry_after_seconds() {
            document["retryAfter"] = seconds.into();
        }
        for (name, value) in &content.members {
            document[name] = value.clone();
        }
        document
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after.map(|after| after.as_millis().div_ceil(1000).max(1) as u64)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.document().to_string()).into_response();
        let headers = response.headers_mut();
        headers.extend(self.0.headers.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// An error with all its causes on one line.
pub struct Causes<'a>(pub &'a (dyn Error + 'static));

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// Turns what the framework itself answers (no such route, wrong method, …) into problem documents.
/// Its headers, such as `Allow`, stay.
pub fn from_framework(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_ours = content_type.is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"));
    if !is_error || is_ours {
        return response;
    }
    let mut answer = Problem::of_status(status).into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

/// Answers 500 where `answer` panics. The panic itself is reported by the panic hook.
pub async fn catch_panic(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Problem::internal().into_response(),
    }
}

#[cfg(test)]
mod tests;
