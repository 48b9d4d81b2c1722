//! What the description says of all operations, or of all of a kind.

use crate::http::operation::{Kind, Operation, Shape};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const ABOUT: &str = "An order, rental and stock backend of five contexts. Commands are decided upon an \
append-only log; queries are answered from views that are folded from it.\n\n\
* **Read your writes**: a command's answer has `Log-Position`; sent as `Min-Position` with a query, \
the query is answered when its view has come there.\n\
* **Repeats**: a command with an `Idempotency-Key` has one effect and one answer, however often it is sent.\n\
* **Concurrency**: an answer about one thing has an `ETag`; sent as `If-Match` with a command, the \
command is done only if the thing is still so.\n\
* **Problems** are documents (RFC 9457) with a stable `code`.\n\
* Whole numbers may be sent as text, and ids as numbers. Unknown fields are refused.";

pub(super) fn info() -> Value {
    json!({
        "title": "Jangteo",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

/// The context that a path belongs to, or what else it is about.
pub(super) fn tag(path: &str) -> &str {
    match path.trim_start_matches('/').split('/').next().unwrap_or_default() {
        "warehouse" => "warehouse",
        "market" => "market",
        "rental" => "rental",
        "restaurant" => "restaurant",
        "cafe" => "cafe",
        _ => "operations",
    }
}

pub(super) fn tags() -> Value {
    json!([
        { "name": "warehouse", "description": "Goods are delivered, kept in lots, shipped and disposed of." },
        { "name": "market", "description": "Neighbours rent things to each other, and review them." },
        { "name": "rental", "description": "Electronics for rent: stock, fee, delivery, and every way back." },
        { "name": "restaurant", "description": "Orders, cooking and delivery on one page." },
        { "name": "cafe", "description": "Order and pay in one request; members earn points." },
        { "name": "operations", "description": "For those who run the service." },
    ])
}

pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "A JWT with `sub` and `role`, an API key, or the key of the service. Where \
                            none is configured the service answers this machine only, and needs no token.",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "jangteo_session",
            "description": "The same token, as the console keeps it. Not from other sites.",
        },
    })
}

pub(super) fn headers() -> Value {
    let header =
        |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    json!({
        "X-Request-Id": header("The request's name: as it was sent, or a new one.", text()),
        "Log-Position": header("Where the log stands with this command done; to be sent as Min-Position.",
                               json!({ "type": "string", "pattern": "^[0-9]+-[0-9]+$" })),
        "ETag": header("The version of the thing that the answer is about, to be sent as If-Match.",
                       json!({ "type": "string", "pattern": "^\"[0-9]+\"$" })),
        "Location": header("The path of what was created.", text()),
        "Link": header("The next page's address, when there is more: `<…>; rel=\"next\"`.", text()),
        "View-Parked": header("Of how many streams something is parked, so that the view may not show everything.",
                              json!({ "type": "integer", "minimum": 1 })),
        "Retry-After": header("When to ask again, in seconds.", json!({ "type": "integer", "minimum": 1 })),
        "WWW-Authenticate": header("How to say who you are.", text()),
    })
}

/// The headers that an operation may be sent with.
pub(super) fn parameters(operation: &Operation) -> Vec<Value> {
    let header = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema });
    let text = |most: u32| json!({ "type": "string", "minLength": 1, "maxLength": most, "pattern": "^[ -~]+$" });
    let key = header(
        "Idempotency-Key",
        "The same again has the same answer, and no other effect.",
        text(255),
    );
    let tag = |name: &str, description: &str| header(name, description, text(200));
    let position = header(
        "Min-Position",
        "A Log-Position that the view must know of; answered when it does, or with 503 `view-behind`.",
        json!({ "type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}$" }),
    );
    let wait = header(
        "Prefer",
        "`wait=<seconds>`: how long the view may take to come there, from 1 to 25; 5 if not said.",
        json!({ "type": "string", "pattern": "^wait=[0-9]{1,2}$" }),
    );
    match operation.kind {
        Kind::Command { primary: Some(_) } => {
            vec![
                key,
                tag(
                    "If-Match",
                    "Done only if the thing still has this ETag, or with `*` if it exists.",
                ),
            ]
        }
        Kind::Command { primary: None } => vec![key],
        Kind::Query(Shape::Row) if operation.is_tagged => {
            vec![position, wait, tag("If-None-Match", "304 if the thing still has this ETag.")]
        }
        Kind::Query(Shape::Row | Shape::List) => vec![position, wait],
        Kind::Query(Shape::Stream) => vec![
            position,
            wait,
            header(
                "Last-Event-ID",
                "The id of the last event that was seen: what changed since then is told first.",
                json!({ "type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}([.][0-9]{1,18})?$" }),
            ),
        ],
        Kind::Plain if operation.method == Method::POST => vec![key],
        Kind::Plain => vec![],
    }
}

/// The headers of a success.
pub(super) fn success_headers(operation: &Operation) -> Value {
    let mut names = vec!["X-Request-Id"];
    match operation.kind {
        Kind::Command { primary } => {
            names.push("Log-Position");
            names.extend(primary.map(|_| "ETag"));
        }
        Kind::Query(Shape::Row) => {
            names.push("View-Parked");
            names.extend(operation.is_tagged.then_some("ETag"));
        }
        Kind::Query(Shape::List) => names.extend(["Link", "View-Parked"]),
        Kind::Plain if operation.query.iter().any(|parameter| parameter.name == "limit") => {
            names.push("Link");
        }
        Kind::Query(Shape::Stream) | Kind::Plain => {}
    }
    if operation.answer.status == StatusCode::CREATED {
        names.push("Location");
    }
    referred(&names)
}

fn referred(names: &[&str]) -> Value {
    let header = |name: &&str| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    };
    Value::Object(names.iter().map(header).collect::<Map<_, _>>())
}

/// 304 for a client that has the answer.
pub(super) fn not_modified() -> Value {
    json!({
        "description": "The client has the answer that it named in If-None-Match.",
        "headers": referred(&["X-Request-Id", "ETag", "View-Parked"]),
    })
}

/// The one shape of every answer that is no success.
pub(super) fn problem() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not done (RFC 9457). More members say the numbers that `detail` speaks of.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "Stable, for programs." },
            "detail": { "type": "string", "description": "For people." },
            "field": { "type": "string", "description": "The field of the request that it is about." },
            "retryAfter": { "type": "integer", "description": "Seconds." },
        },
    })
}

pub(super) fn problem_response(status: u16, codes: &BTreeSet<&'static str>) -> Value {
    let named: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let mut headers = vec!["X-Request-Id"];
    match status {
        401 => headers.push("WWW-Authenticate"),
        409 | 429 | 503 => headers.push("Retry-After"),
        412 => headers.push("ETag"),
        _ => {}
    }
    json!({
        "description": named.join(", "),
        "headers": referred(&headers),
        // Both hold (JSON Schema 2020-12). Generators of clients see the one type that is named.
        "content": { "application/problem+json": { "schema": {
            "$ref": "#/components/schemas/Problem",
            "properties": { "code": { "enum": codes } },
        } } },
    })
}
