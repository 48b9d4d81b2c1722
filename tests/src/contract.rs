//! What the description promises, held against every answer that a journey gets.

use crate::client::Answer;
use reqwest::Method;
use serde_json::Value;
use std::sync::LazyLock;

/// The committed description.
pub static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(PRINTED).expect("docs/openapi.json is JSON"));

pub const PRINTED: &str = include_str!("../../docs/openapi.json");

/// What is described under a path and method.
pub fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DESCRIPTION["paths"].as_object().expect("paths");
    let exact = paths.get(path);
    let described = exact.or_else(|| {
        let mut fitting = paths.iter().filter(|(template, _)| fits(template, path));
        fitting.next().map(|(_, described)| described)
    });
    described?.get(method.as_str().to_ascii_lowercase())
}

/// Everything that is described: path, method and what is said of them.
pub fn operations() -> impl Iterator<Item = (&'static str, Method, &'static Value)> {
    let paths = DESCRIPTION["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, operation)| {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            (path.as_str(), method, operation)
        })
    })
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(part, said)| part.starts_with('{') || part == said)
}

/// The same, with what it refers to.
pub fn resolved(part: &'static Value) -> &'static Value {
    let pointer = part["$ref"].as_str().map(|path| path.trim_start_matches('#'));
    pointer.map_or(part, |pointer| DESCRIPTION.pointer(pointer).expect("what is referred to"))
}

/// Panics when an answer is not as described. What is not described is not ours to check.
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let asked = format!("{method} {path}");
    let status = answer.status.as_str();
    let described = operation["responses"].get(status);
    let described =
        described.unwrap_or_else(|| panic!("{asked}: {status} is not described: {answer:?}"));
    let Some(content) = resolved(described)["content"].as_object() else { return };
    let media_type = answer.content_type.split(';').next().unwrap_or_default();
    let content = content.iter().find(|(name, _)| name.split(';').next() == Some(media_type));
    let (_, content) =
        content.unwrap_or_else(|| panic!("{asked}: {media_type} is not described for {status}"));
    let codes = &content["schema"]["properties"]["code"]["enum"];
    if let Some(codes) = codes.as_array() {
        let code = &answer.body["code"];
        assert!(codes.contains(code), "{asked}: {status} {code} is not described: {codes:?}");
    }
}
