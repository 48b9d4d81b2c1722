//! An issuer of tokens, as far as it is needed: it publishes its keys, or does not.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, task::AbortHandle};

pub struct Issuer {
    address: SocketAddr,
    shared: Arc<Mutex<Published>>,
    server: AbortHandle,
}

#[derive(Default)]
struct Published {
    /// Without any it fails.
    keys: Option<Vec<Value>>,
    asked: usize,
}

impl Issuer {
    /// On a free port; publishes nothing yet, and fails when it is asked.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::<Mutex<Published>>::default();
        let routes = Router::new().route("/keys", get(keys)).with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, shared, server: server.abort_handle() }
    }

    pub fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    /// From now on publishes these, and no others.
    pub fn publish(&self, keys: Vec<Value>) {
        self.shared.lock().expect("no panic").keys = Some(keys);
    }

    /// From now on fails.
    pub fn fail(&self) {
        self.shared.lock().expect("no panic").keys = None;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.shared.lock().expect("no panic").asked
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keys(State(shared): State<Arc<Mutex<Published>>>) -> Response {
    let mut published = shared.lock().expect("no panic");
    published.asked += 1;
    match &published.keys {
        Some(keys) => Json(json!({ "keys": keys })).into_response(),
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}
