//! Sends requests, prints them with their answers, and checks what comes back.

use crate::cli::Failure;
use commands::clock::Clock;
use reqwest::{Client, Method, Response, StatusCode, Url, header};
use serde_json::Value;
use std::{
    io::{Write, stdout},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long what follows by itself may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to do about an answer that lacks what it should have.
pub(super) const ANOTHER: &str = "See that --url is the address of a Jangteo of this version.";

pub(super) struct Player {
    http: Client,
    base: Url,
    key: Option<String>,
    clock: Arc<dyn Clock>,
    /// Where the log was after the last command; views must know of it.
    position: Option<String>,
}

/// The status of an answer and its body.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
}

/// Fields by JSON pointer, and what they must hold.
pub(super) type Fields<'a> = &'a [(&'a str, Value)];

impl Player {
    pub(super) fn new(
        base: Url,
        key: Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let http = Client::builder().timeout(Duration::from_secs(40)).no_proxy().build();
        let http = http.map_err(|error| Failure::of(&error, ""))?;
        Ok(Self { http, base, key, clock, position: None })
    }

    /// An id that no earlier run has used.
    pub(super) fn new_id(&self) -> String {
        self.clock.new_id().to_string()
    }

    pub(super) fn say(&self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(stdout(), "{line}")?)
    }

    /// Sends a command and checks its answer. Gives the answer's body.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
        status: u16,
        fields: Fields<'_>,
    ) -> Result<Value, Failure> {
        self.say(&format!("   {method} {path} {body}"))?;
        let key = self.new_id();
        let request = self
            .http
            .request(method.clone(), self.url(path)?)
            .header("Idempotency-Key", key)
            .json(&body);
        let response = self.send(request).await?;
        if let Some(position) = response.headers().get("log-position") {
            self.position = position.to_str().ok().map(str::to_owned);
        }
        let answer = Answer::read(response).await?;
        self.say(&format!("   → {answer}"))?;
        let as_wanted = answer.status.as_u16() == status && holds(&answer.body, fields);
        if !as_wanted {
            let expected = format!("{status} with {}", text_of(fields));
            return Err(differs(&format!("{method} {path}"), &expected, &answer));
        }
        Ok(answer.body)
    }

    /// Asks a view until it shows what it should, which may follow a moment later.
    pub(super) async fn see(&mut self, path: &str, fields: Fields<'_>) -> Result<Value, Failure> {
        self.see_that(path, &text_of(fields), |body| holds(body, fields)).await
    }

    /// Asks a view until it is as `wanted`, which `what` says in words.
    pub(super) async fn see_that(
        &mut self,
        path: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut request = self.http.get(self.url(path)?);
            if let Some(position) = &self.position {
                request = request.header("Min-Position", position);
            }
            let answer = Answer::read(self.send(request).await?).await?;
            let as_wanted = answer.status == StatusCode::OK && wanted(&answer.body);
            if as_wanted || Instant::now() > deadline {
                self.say(&format!("   GET {path} → {answer}"))?;
            }
            if as_wanted {
                return Ok(answer.body);
            }
            if Instant::now() > deadline {
                return Err(differs(&format!("GET {path}"), what, &answer));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What there is now, without printing it.
    pub(super) async fn see_quietly(&self, path: &str) -> Result<Value, Failure> {
        let answer = Answer::read(self.send(self.http.get(self.url(path)?)).await?).await?;
        match answer.status {
            StatusCode::OK => Ok(answer.body),
            _ => Err(differs(&format!("GET {path}"), "200", &answer)),
        }
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base
            .join(path)
            .map_err(|error| Failure::of(&error, "Give --url as http://127.0.0.1:8080."))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let unreached = |error: reqwest::Error| {
            let next = format!(
                "Start the server (`jangteo serve`) or give its address with --url; {} was asked.",
                self.base
            );
            Failure::of(&error.without_url(), next)
        };
        request.header(header::ACCEPT, "application/json").send().await.map_err(unreached)
    }
}

impl Answer {
    async fn read(response: Response) -> Result<Self, Failure> {
        let status = response.status();
        let text = response.text().await.map_err(|error| {
            Failure::of(&error, "The server stopped in the middle of its answer.")
        })?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status, body })
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.body)
    }
}

fn holds(body: &Value, fields: Fields<'_>) -> bool {
    fields.iter().all(|(pointer, value)| body.pointer(pointer) == Some(value))
}

fn text_of(fields: Fields<'_>) -> String {
    let each = fields
        .iter()
        .map(|(pointer, value)| format!("{} {value}", pointer.trim_start_matches('/')));
    each.collect::<Vec<_>>().join(", ")
}

fn differs(request: &str, expected: &str, answer: &Answer) -> Failure {
    let next = match answer.status {
        StatusCode::UNAUTHORIZED => {
            "Give the server's key, or an operator's token, with --auth-key or JANGTEO_AUTH_KEY."
        }
        StatusCode::NOT_FOUND => "See the steps above, and that the server has all contexts.",
        _ => "See the steps above, and what the server logged.",
    };
    Failure::new(format!("{request}: expected {expected}, got {answer}"), next)
}
