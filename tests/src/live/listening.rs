//! A client that listens, as a browser would: it keeps the last id, and applies what it is told.

use crate::client::{Answer, Client, try_answer};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(30);

/// An event. Comments and ids alone have no name.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

pub struct Listening {
    client: Client,
    path: String,
    /// Empty where none is needed.
    token: String,
    response: Option<Response>,
    read: Vec<u8>,
    /// As it is sent with the next connection.
    pub last_id: Option<String>,
    /// By what the rows are known: `orderId`.
    key: &'static str,
    /// What was told, by key.
    pub rows: BTreeMap<String, Value>,
    pub resets: usize,
}

impl Listening {
    /// Connects, and reads until it is ready.
    pub async fn to(client: &Client, path: &str, key: &'static str) -> Self {
        Self::with(client, path, key, "").await
    }

    /// The same with a token.
    pub async fn with(client: &Client, path: &str, key: &'static str, token: &str) -> Self {
        let mut listening = Self {
            client: client.clone(),
            path: path.to_owned(),
            token: token.to_owned(),
            response: None,
            read: Vec::new(),
            last_id: None,
            key,
            rows: BTreeMap::new(),
            resets: 0,
        };
        listening.connect().await;
        listening.until("ready").await;
        listening
    }

    /// What a listener is refused with.
    pub async fn refused(client: &Client, path: &str) -> Answer {
        try_answer(client.request(Method::GET, path)).await.expect("an answer")
    }

    /// Again and again, as after a connection that broke.
    pub async fn connect(&mut self) {
        self.response = None;
        self.read.clear();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut request = self.client.request(Method::GET, &self.path);
            if !self.token.is_empty() {
                request = request.bearer_auth(&self.token);
            }
            if let Some(id) = &self.last_id {
                request = request.header("Last-Event-ID", id);
            }
            match request.send().await {
                Ok(response) if response.status() == StatusCode::OK => {
                    assert_eq!(response.headers()["content-type"], "text/event-stream");
                    self.response = Some(response);
                    return;
                }
                other => assert!(Instant::now() < deadline, "{}: {other:?}", self.path),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Elsewhere, with what it knows.
    pub async fn connect_to(&mut self, client: &Client) {
        self.client = client.clone();
        self.connect().await;
    }

    /// The next event; none when the stream ended.
    pub async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, self.read_next()).await.expect("an event, or the end")
    }

    async fn read_next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                if let Some(event) = self.apply(&String::from_utf8(block).unwrap()) {
                    return Some(event);
                }
                continue;
            }
            let chunk = self.response.as_mut()?.chunk().await;
            match chunk {
                Ok(Some(chunk)) => self.read.extend_from_slice(&chunk),
                Ok(None) | Err(_) => self.response = None,
            }
        }
    }

    fn apply(&mut self, block: &str) -> Option<Event> {
        let field = |name: &str| {
            let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
            lines.next().map(|value| value.trim_start_matches(':').trim().to_owned())
        };
        if let Some(id) = field("id") {
            self.last_id = Some(id).filter(|id| !id.is_empty());
        }
        let event = Event { name: field("event")?, data: field("data")?.parse().unwrap() };
        match event.name.as_str() {
            "list" => {
                self.rows.clear();
                event.data.as_array().unwrap().iter().for_each(|row| self.put(row));
            }
            "row" => self.put(&event.data),
            "gone" => drop(self.rows.remove(event.data[self.key].as_str().unwrap())),
            "reset" => self.resets += 1,
            _ => {}
        }
        Some(event)
    }

    fn put(&mut self, row: &Value) {
        self.rows.insert(row[self.key].as_str().unwrap().to_owned(), row.clone());
    }

    /// Reads to the next event of this name.
    pub async fn until(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the end before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads until what it knows is as wanted, and connects again where the stream ends.
    pub async fn becomes(&mut self, what: &str, wanted: impl Fn(&BTreeMap<String, Value>) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(&self.rows) {
            assert!(Instant::now() < deadline, "never: {what}; last {:?}", self.rows);
            let next = timeout(Duration::from_millis(500), self.read_next()).await;
            if let Ok(None) = next {
                self.connect().await;
            }
        }
    }

    /// Reads until nothing is told for a while.
    pub async fn settles(&mut self) {
        while timeout(Duration::from_millis(700), self.read_next()).await.is_ok() {}
    }

    /// Nothing is told for a while.
    pub async fn hears_nothing(&mut self) {
        let next = timeout(Duration::from_millis(700), self.read_next()).await;
        assert!(next.is_err(), "{next:?}");
    }
}
