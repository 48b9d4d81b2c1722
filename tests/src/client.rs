//! A client as a user would write one.

use crate::contract;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[derive(Clone)]
pub struct Client {
    url: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub position: Option<String>,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub view_parked: Option<String>,
    pub etag: Option<String>,
    pub body: Value,
}

impl Client {
    pub fn new(url: &str) -> Self {
        Self::hasty(url, Duration::from_secs(40))
    }

    /// Hangs up after this time.
    pub fn hasty(url: &str, patience: Duration) -> Self {
        let http = reqwest::Client::builder().timeout(patience).build().unwrap();
        Self { url: url.to_owned(), http }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// The same where nobody may be there to answer.
    pub async fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        try_answer(self.request(Method::GET, path)).await
    }

    /// Asks a view that shows at least what is at `position`.
    pub async fn get_at(&self, path: &str, position: &str) -> Answer {
        answer(self.request(Method::GET, path).header("Min-Position", position)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).json(&body);
        answer(request.header("Idempotency-Key", key)).await
    }

    /// Asks until the answer is as wanted, for a bounded time.
    pub async fn until(&self, path: &str, what: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let last = self.get(path).await;
            if wanted(&last) {
                return last;
            }
            assert!(Instant::now() < deadline, "{path} never: {what}; last {last:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks until a field of the answer has a value.
    pub async fn becomes(&self, path: &str, field: &str, value: &str) -> Answer {
        let what = format!("{field} = {value}");
        self.until(path, &what, |answer| answer.body[field] == value).await
    }
}

/// Sends a request; panics only when there is no answer at all.
pub async fn answer(request: RequestBuilder) -> Answer {
    try_answer(request).await.expect("an answer")
}

/// The same where nobody may be there to answer. What is answered must be as described.
pub async fn try_answer(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let (http, request) = request.build_split();
    let request = request?;
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = read(http.execute(request).await?).await?;
    contract::check(&method, &path, &answer);
    Ok(answer)
}

async fn read(response: Response) -> Result<Answer, reqwest::Error> {
    let header = |response: &Response, name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    Ok(Answer {
        status: response.status(),
        position: header(&response, "Log-Position"),
        content_type: header(&response, "Content-Type").unwrap_or_default(),
        retry_after: header(&response, "Retry-After"),
        view_parked: header(&response, "View-Parked"),
        etag: header(&response, "ETag"),
        body: response
            .bytes()
            .await
            .map(|bytes| serde_json::from_slice(&bytes).unwrap_or(Value::Null))?,
    })
}
