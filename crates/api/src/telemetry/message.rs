//! Spans as OTLP has them (opentelemetry/proto/trace/v1): the fields that are used, under the numbers
//! that they have there.

use eventlog::trace::{Kind, Record, Value};

#[derive(Clone, PartialEq, prost::Message)]
pub struct Request {
    #[prost(message, repeated, tag = "1")]
    pub resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(int32, tag = "6")]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Status {
    #[prost(int32, tag = "3")]
    pub code: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AnyValue {
    #[prost(oneof = "OneValue", tags = "1, 3")]
    pub value: Option<OneValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum OneValue {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Number(i64),
}

/// STATUS_CODE_ERROR.
const FAILED: i32 = 2;

impl Request {
    /// `service` is the name of this service, `process` that of this process.
    pub fn of(service: &str, process: &str, spans: Vec<Record>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let attributes = vec![
            KeyValue::text("service.name", service),
            KeyValue::text("service.version", version),
            KeyValue::text("service.instance.id", process),
        ];
        let scope = Scope { name: "jangteo".to_owned(), version: version.to_owned() };
        let spans = spans.into_iter().map(Span::of).collect();
        let scopes = vec![ScopeSpans { scope: Some(scope), spans }];
        Self { resources: vec![ResourceSpans { resource: Some(Resource { attributes }), scopes }] }
    }
}

impl Span {
    fn of(record: Record) -> Self {
        let id = |id: u64| if id == 0 { Vec::new() } else { id.to_be_bytes().to_vec() };
        Self {
            trace_id: record.trace.as_bytes().to_vec(),
            span_id: id(record.id),
            parent_span_id: id(record.parent),
            name: record.name.into_owned(),
            kind: match record.kind {
                Kind::Internal => 1,
                Kind::Server => 2,
                Kind::Client => 3,
                Kind::Consumer => 5,
            },
            start_time_unix_nano: record.began,
            end_time_unix_nano: record.ended,
            attributes: record.attributes.into_iter().map(KeyValue::of).collect(),
            status: record.has_failed.then_some(Status { code: FAILED }),
        }
    }
}

impl KeyValue {
    fn text(key: &str, text: &str) -> Self {
        let value = Some(AnyValue { value: Some(OneValue::Text(text.to_owned())) });
        Self { key: key.to_owned(), value }
    }

    fn of((key, value): (&'static str, Value)) -> Self {
        let value = match value {
            Value::Text(text) => OneValue::Text(text.into_owned()),
            Value::Number(number) => OneValue::Number(number),
        };
        Self { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
    }
}
