//! The description of the service: `/openapi.json` for programs, `/docs` for people. Both come out of
//! the table of operations when the process starts; the page needs nothing from elsewhere.

use super::{
    access::Access,
    openapi,
    operation::{Operation, Routes, question},
};
use askama::Template;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("../../templates/docs.css");

/// Both, ready to be sent.
pub struct Documents {
    json: Bytes,
    html: Bytes,
    /// What the page may load: its own style, by its hash.
    policy: HeaderValue,
}

pub fn routes() -> Routes<Arc<Documents>> {
    let json =
        question("This description (OpenAPI 3.1)", Access::Open).gives::<Map<String, Value>>();
    let html = question("This description, to be read", Access::Open).gives_text(HTML);
    Routes::default().get("/openapi.json", as_json, json).get("/docs", as_page, html)
}

impl Documents {
    pub fn of(operations: &[Operation]) -> Arc<Self> {
        let document = openapi::document(operations);
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'"
        );
        Arc::new(Self {
            json: openapi::printed(&document).into(),
            html: Page::of(&document, operations).into(),
            // Base64 is ASCII.
            policy: HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("")),
        })
    }
}

async fn as_json(State(documents): State<Arc<Documents>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], documents.json.clone())
}

async fn as_page(State(documents): State<Arc<Documents>>) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(HTML)),
        (header::CONTENT_SECURITY_POLICY, documents.policy.clone()),
    ];
    (headers, documents.html.clone())
}

/// The page, made once.
#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    style: &'static str,
    about: Vec<String>,
    sections: Vec<Section>,
    schemas: Vec<(String, String)>,
}

struct Section {
    name: String,
    about: String,
    operations: Vec<Shown>,
}

/// An operation as the page shows it.
struct Shown {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    is_alias: bool,
    parameters: Vec<ShownParameter>,
    body: Option<String>,
    curl: String,
    answers: Vec<(String, String)>,
}

struct ShownParameter {
    name: String,
    place: String,
    is_required: bool,
    description: String,
}

impl Page {
    fn of(document: &Value, operations: &[Operation]) -> String {
        let about = text(&document["info"]["description"]);
        let tags = document["tags"].as_array().into_iter().flatten();
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        let page = Self {
            style: STYLE,
            about: about.lines().filter(|line| !line.is_empty()).map(plain).collect(),
            sections: tags.map(|tag| Section::of(tag, document, operations)).collect(),
            schemas: schemas.map(|(name, schema)| (name.clone(), pretty(schema))).collect(),
        };
        // Writing into memory cannot fail.
        page.render().unwrap_or_default()
    }
}

impl Section {
    fn of(tag: &Value, document: &Value, operations: &[Operation]) -> Self {
        let name = text(&tag["name"]);
        let ours = operations.iter().map(|operation| {
            let method = operation.method.as_str().to_ascii_lowercase();
            (operation, &document["paths"][operation.path][&method])
        });
        let ours = ours.filter(|(_, described)| described["tags"][0] == tag["name"]);
        let operations =
            ours.map(|(operation, described)| Shown::of(operation, described, document));
        Self { about: text(&tag["description"]), operations: operations.collect(), name }
    }
}

impl Shown {
    fn of(operation: &Operation, described: &Value, document: &Value) -> Self {
        let whole = |part| openapi::resolved(document, part);
        let parameters = described["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(whole).map(|parameter| ShownParameter {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            is_required: parameter["required"] == true,
            description: [&parameter["description"], &parameter["schema"]["description"]]
                .map(text)
                .join(" "),
        });
        let answers = described["responses"].as_object().into_iter().flatten();
        Self {
            id: text(&described["operationId"]),
            method: operation.method.to_string(),
            path: operation.path.to_owned(),
            summary: operation.summary.to_owned(),
            description: plain(text(&described["description"])),
            is_alias: operation.alias_of.is_some(),
            parameters: parameters.collect(),
            body: operation.example.body.as_ref().map(pretty),
            curl: curl(operation),
            answers: answers
                .map(|(status, answer)| {
                    (status.clone(), plain(text(&whole(answer)["description"])))
                })
                .collect(),
        }
    }
}

/// The example, to be pasted into a shell.
fn curl(operation: &Operation) -> String {
    let mut command = "curl -i".to_owned();
    if operation.method != axum::http::Method::GET {
        command += &format!(" -X {}", operation.method);
    }
    if let Some(body) = &operation.example.body {
        let body = body.to_string().replace('\'', "'\\''");
        command += &format!(" -H 'Content-Type: application/json' -d '{body}'");
    }
    command + &format!(" 'http://127.0.0.1:8080{}'", operation.example_uri())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Without the marks of Markdown.
fn plain(line: impl AsRef<str>) -> String {
    line.as_ref().trim_start_matches("* ").replace(['*', '`'], "")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_holds_no_script() {
        let operations = crate::routes::operations();
        let documents = Documents::of(&operations);
        let page = std::str::from_utf8(&documents.html).unwrap();
        for operation in &operations {
            let id = openapi::operation_id(operation);
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(!page.contains("<script") && !page.contains("http-equiv"));
    }
}
