//! A collector of traces (OTLP over HTTP), and a payment gateway and a receiver of notices that
//! remember of which trace they were told. The messages are written down here once more, as the standard numbers their fields.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use prost::Message;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, task::AbortHandle};

#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Sent>,
}

#[derive(Clone, PartialEq, Message)]
struct Sent {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string_value: Option<String>,
    #[prost(int64, optional, tag = "3")]
    int_value: Option<i64>,
}

/// A span as it arrived. Ids are in hexadecimal digits; no parent is an empty text.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub service: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    /// 1 internal, 2 server, 3 client, 5 consumer.
    pub kind: i32,
    pub began: u64,
    pub ended: u64,
    pub attributes: BTreeMap<String, String>,
}

pub struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

#[derive(Default)]
struct Shared {
    spans: Mutex<Vec<Span>>,
    keys: Mutex<Vec<String>>,
    /// What the gateway was told in `traceparent`.
    parents: Mutex<Vec<Option<String>>>,
    /// What the receiver of notices was told there.
    of_notices: Mutex<Vec<Option<String>>>,
}

impl Collector {
    /// On a free port.
    pub async fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let routes = Router::new()
            .route("/v1/traces", post(take))
            .route("/charges", post(charge))
            .route("/notices", post(notice))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let server = async move { axum::serve(listener, routes).await };
        Self { address, shared, server: tokio::spawn(server).abort_handle() }
    }

    /// Of both, the collector and the gateway.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn spans(&self) -> Vec<Span> {
        self.shared.spans.lock().expect("no panic").clone()
    }

    /// The header `x-key` of each request with spans.
    pub fn keys(&self) -> Vec<String> {
        self.shared.keys.lock().expect("no panic").clone()
    }

    /// What came in `traceparent` with each notice, in order.
    pub fn of_notices(&self) -> Vec<Option<String>> {
        self.shared.of_notices.lock().expect("no panic").clone()
    }

    /// What came in `traceparent` with each charge, in order.
    pub fn parents(&self) -> Vec<Option<String>> {
        self.shared.parents.lock().expect("no panic").clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if header(&headers, "content-type").as_deref() != Some("application/x-protobuf") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    let Ok(export) = Export::decode(body) else { return StatusCode::BAD_REQUEST };
    shared.keys.lock().expect("no panic").extend(header(&headers, "x-key"));
    let spans = export.resource_spans.into_iter().flat_map(|of_service| {
        let attributes = texts(of_service.resource.unwrap_or_default().attributes);
        let service = attributes.get("service.name").cloned().unwrap_or_default();
        let spans = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.map(move |sent| span(service.clone(), sent)).collect::<Vec<_>>()
    });
    shared.spans.lock().expect("no panic").extend(spans);
    StatusCode::OK
}

fn span(service: String, sent: Sent) -> Span {
    Span {
        service,
        trace: hex(&sent.trace_id),
        id: hex(&sent.span_id),
        parent: hex(&sent.parent_span_id),
        name: sent.name,
        kind: sent.kind,
        began: sent.start_time_unix_nano,
        ended: sent.end_time_unix_nano,
        attributes: texts(sent.attributes),
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: AnyValue| {
        let number = value.int_value.map(|number| number.to_string());
        value.string_value.or(number).unwrap_or_default()
    };
    attributes.into_iter().map(|one| (one.key, one.value.map(text).unwrap_or_default())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn charge(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Json<Value> {
    shared.parents.lock().expect("no panic").push(header(&headers, "traceparent"));
    Json(json!({"chargeId": asked["key"], "status": "approved", "amount": asked["amount"]}))
}

async fn notice(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> StatusCode {
    shared.of_notices.lock().expect("no panic").push(header(&headers, "traceparent"));
    StatusCode::OK
}
