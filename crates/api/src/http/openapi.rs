//! The description of the service (OpenAPI 3.1), made from the table of operations.

mod common;
mod components;

pub use components::resolved;

use super::{
    access::Access,
    health,
    operation::{Kind, Operation, Parameter, Shape},
};
use axum::http::{Method, StatusCode};
use components::Components;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The whole document.
pub fn document(operations: &[Operation]) -> Value {
    let mut components = Components::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let method = operation.method.as_str().to_ascii_lowercase();
        let described = describe(operation, &mut components);
        paths.entry(operation.path).or_default().insert(method, described);
    }
    json!({
        "openapi": "3.1.0",
        "info": common::info(),
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": common::tags(),
        "security": [{ "bearer": [] }, { "session": [] }, {}],
        "paths": paths,
        "components": components.finish(),
    })
}

/// The document as it is committed and served.
pub fn printed(document: &Value) -> String {
    // A value of JSON can be written.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// The name of an operation in programs: `postCafeOrdersByOrderIdRequestCancel`.
pub fn operation_id(operation: &Operation) -> String {
    let mut id = operation.method.as_str().to_ascii_lowercase();
    for part in operation.path.split(['/', '-', '.', '_']).filter(|part| !part.is_empty()) {
        let (by, part) = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(variable) => ("By", variable),
            None => ("", part),
        };
        let (initial, rest) = part.split_at(part.len().min(1));
        id += &format!("{by}{}{rest}", initial.to_uppercase());
    }
    id
}

fn describe(operation: &Operation, components: &mut Components) -> Value {
    let mut described = json!({
        "operationId": operation_id(operation),
        "tags": [common::tag(operation.path)],
        "summary": operation.summary,
        "description": description(operation),
        "parameters": parameters(operation, components),
        "responses": responses(operation, components),
    });
    match operation.access {
        Access::Open => described["security"] = json!([]),
        Access::Only(_) => described["x-roles"] = json!(operation.access.roles()),
    }
    if operation.alias_of.is_some() {
        described["deprecated"] = json!(true);
    }
    if let Some(body) = operation.body {
        let schema = body(&mut components.schemas);
        let example = operation.example.body.clone().unwrap_or_else(|| json!({}));
        let required = schema.get("required").is_some() || requires(&schema, &components.schemas);
        described["requestBody"] = json!({
            "required": required,
            "content": { "application/json": { "schema": schema, "example": example } },
        });
    }
    described
}

/// Whether the schema that is referred to has fields that must be there.
fn requires(schema: &Schema, generator: &SchemaGenerator) -> bool {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let definition = name.and_then(|name| generator.definitions().get(name));
    definition.is_some_and(|definition| definition.get("required").is_some())
}

fn description(operation: &Operation) -> String {
    let who = match operation.access {
        Access::Open => "Everybody may ask, without a token.".to_owned(),
        Access::Only(_) => format!("Roles: {}.", operation.access.roles().join(", ")),
    };
    match operation.alias_of {
        Some(path) => format!("Another name of `{path}`. {who}"),
        None => who,
    }
}

fn parameters(operation: &Operation, components: &mut Components) -> Vec<Value> {
    let variable = operation.variable.zip(variable_of(operation.path)).map(|(schema, name)| {
        json!({
            "name": name, "in": "path", "required": true, "schema": schema(),
            "example": operation.example.variable,
        })
    });
    let query = operation.query.iter().map(|parameter| in_query(operation, parameter));
    let headers = common::parameters(operation);
    let headers = headers.into_iter().map(|header| components.parameter(header));
    variable.into_iter().chain(query).chain(headers).collect()
}

fn in_query(operation: &Operation, parameter: &Parameter) -> Value {
    let Parameter { name, is_required, schema } = parameter;
    let mut described =
        json!({ "name": name, "in": "query", "required": is_required, "schema": schema });
    let pairs = operation.example.query.split('&').filter_map(|pair| pair.split_once('='));
    if let Some((_, value)) = pairs.into_iter().find(|(key, _)| key == name) {
        described["example"] = json!(value);
    }
    described
}

/// The name of the variable part of a path.
pub fn variable_of(path: &str) -> Option<&str> {
    path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name)
}

fn responses(operation: &Operation, components: &mut Components) -> Map<String, Value> {
    let mut responses = Map::new();
    let answer = &operation.answer;
    let mut success = json!({
        "description": answer.status.canonical_reason().unwrap_or("Done"),
        "headers": common::success_headers(operation),
    });
    if answer.status != StatusCode::NO_CONTENT {
        let schema = answer.schema.map(|schema| schema(&mut components.schemas));
        success["content"] = json!({ answer.media_type: { "schema": schema.unwrap_or_default() } });
    }
    let content = success["content"].clone();
    responses.insert(answer.status.as_str().to_owned(), success);
    if operation.is_tagged {
        responses.insert("304".to_owned(), common::not_modified());
    }
    for (status, codes) in problems(operation) {
        let described = match operation.otherwise {
            Some(same) if same.as_u16() == status => {
                let mut described = common::problem_response(status, &codes);
                described["content"][answer.media_type] = content[answer.media_type].clone();
                described
            }
            Some(_) | None => components.problem(status, &codes),
        };
        responses.insert(status.to_string(), described);
    }
    responses
}

/// All problems that an operation may be answered with: their codes by status.
pub fn problems(operation: &Operation) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let mut problems = operation.problems.clone();
    let mut add = |status: u16, codes: &[&'static str]| {
        problems.entry(status).or_default().extend(codes);
    };
    add(400, &["malformed"]);
    add(403, &["foreign-host"]);
    add(431, &["head-too-large"]);
    add(500, &["internal"]);
    add(503, &["timeout", "unavailable"]);
    if operation.path.starts_with(health::PATH) {
        return problems;
    }
    add(429, &["too-many-requests"]);
    add(503, &["starting", "too-many-connections"]);
    if operation.access == Access::Open {
        return problems;
    }
    add(401, &["unauthorized"]);
    add(429, &["too-many-failed-logins"]);
    add(403, &["forbidden", "cross-site"]);
    add(503, &["overloaded"]);
    if operation.variable.is_some() || !operation.query.is_empty() {
        add(422, &["invalid-value"]);
    }
    match operation.kind {
        Kind::Command { primary } => {
            add(408, &["too-slow"]);
            add(409, &["still-running", "concurrent-change"]);
            add(413, &["too-large"]);
            add(422, &["invalid-value", "idempotency-key-reused"]);
            add(503, &["part-down"]);
            match primary {
                Some(_) => add(412, &["stale"]),
                None => add(412, &["precondition-failed"]),
            }
            if operation.body.is_some() {
                add(415, &["unsupported-media-type"]);
            }
        }
        Kind::Query(shape) => {
            add(422, &["invalid-value"]);
            add(503, &["view-behind"]);
            if shape != Shape::Row {
                add(403, &["not-yours"]);
            }
        }
        Kind::Plain if operation.method != Method::GET => {
            add(408, &["too-slow"]);
            add(409, &["still-running"]);
            add(412, &["precondition-failed"]);
            add(413, &["too-large"]);
            add(422, &["idempotency-key-reused"]);
        }
        Kind::Plain => {}
    }
    problems
}
