//! A service that takes notices by the contract, and misbehaves when told to. It believes nothing
//! that is not signed, and takes each event once.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, task::AbortHandle};

/// How old a signature may be.
const TOLERANCE: Duration = Duration::from_secs(300);

pub struct NoticeReceiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

struct Shared {
    secrets: HashMap<String, String>,
    state: Mutex<Received>,
}

#[derive(Default)]
struct Received {
    answer: StatusCode,
    requests: Vec<Request>,
    taken: Vec<Value>,
}

/// A request with a good signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub key_id: String,
    pub key_ids: String,
    pub idempotency_key: String,
    pub body: Value,
    /// What it was answered with.
    pub status: u16,
}

impl NoticeReceiver {
    /// On a free port; knows these secrets by their ids.
    pub async fn start(secrets: &[(&str, &str)]) -> Self {
        let secrets = secrets.iter().map(|(id, secret)| ((*id).to_owned(), (*secret).to_owned()));
        let shared = Arc::new(Shared { secrets: secrets.collect(), state: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let server = serve(listener, shared.clone());
        Self { address, shared, server }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        Self::url_at(self.address)
    }

    /// Its address for those who reach it by another way.
    pub fn url_at(address: SocketAddr) -> String {
        format!("http://{address}/notices")
    }

    /// Answers all further requests with this status.
    pub fn answer(&self, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.shared.state.lock().expect("no panic").answer = status;
    }

    /// Every request whose signature was good, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().expect("no panic").requests.clone()
    }

    /// What was taken: each event once, in order.
    pub fn taken(&self) -> Vec<Value> {
        self.shared.state.lock().expect("no panic").taken.clone()
    }
}

impl Drop for NoticeReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> AbortHandle {
    let routes = Router::new().route("/notices", post(receive)).with_state(shared);
    let server = async move { axum::serve(listener, routes).await };
    tokio::spawn(server).abort_handle()
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let timestamp = header("Jangteo-Timestamp");
    let secret = shared.secrets.get(&header("Jangteo-Key-Id"));
    let signature = header("Jangteo-Signature");
    let good = secret.is_some_and(|secret| is_signed(secret, &timestamp, &body, &signature));
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    if !good || !is_fresh(&timestamp) {
        return StatusCode::UNAUTHORIZED;
    }
    let mut state = shared.state.lock().expect("no panic");
    let status = state.answer;
    if status.is_success() && !state.taken.iter().any(|one| one["eventId"] == body["eventId"]) {
        state.taken.push(body.clone());
    }
    state.requests.push(Request {
        key_id: header("Jangteo-Key-Id"),
        key_ids: header("Jangteo-Key-Ids"),
        idempotency_key: header("Idempotency-Key"),
        body,
        status: status.as_u16(),
    });
    status
}

fn is_signed(secret: &str, timestamp: &str, body: &[u8], signature: &str) -> bool {
    let Some(Ok(signature)) = signature.strip_prefix("sha256=").map(bytes) else {
        return false;
    };
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

fn bytes(hex: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or("?"));
    pairs.map(|pair| u8::from_str_radix(pair, 16)).collect()
}

#[expect(clippy::disallowed_methods, reason = "a receiver has a clock of its own")]
fn is_fresh(timestamp: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    timestamp.parse().is_ok_and(|at: u64| now.abs_diff(at) <= TOLERANCE.as_secs())
}
