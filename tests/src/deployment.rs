//! What is deployed with names only what is there: the program's variables, commands, ports and routes.
//! The schemas of those who read these files are `make deploy-check`'s.

mod compose;
mod kubernetes;
mod outside;
mod program;
mod running;

use crate::service::root;
use serde_json::Value;
use std::{fs, path::Path};

/// The text of a file of the project.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a YAML file, anchors resolved.
fn documents(text: &str, place: &Path) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("{}: {error}", place.display()))
}

/// A list of texts.
fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(|one| one.as_str().expect("a text").to_owned()).collect()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("there is no {before:?}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} follows {before:?}")).0
}

/// Whether it names a version and not whatever is newest.
fn is_pinned(image: &str) -> bool {
    let Some((_, tag)) = image.rsplit_once(':') else { return false };
    let numbers = tag.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    tag.contains('.') && numbers.clone().count() >= 2
        || numbers.into_iter().any(|one| one.len() == 8)
}

#[test]
fn the_image_is_built_from_pinned_ones_and_runs_as_a_number() {
    let file = text("Dockerfile");
    let from: Vec<_> = file.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(from.len(), 2);
    for image in from.iter().map(|line| line.split(' ').next().unwrap()) {
        assert!(is_pinned(image), "{image}");
    }
    let needs = text("Cargo.toml");
    let rust = between(&needs, "rust-version = \"", "\"");
    assert!(from[0].starts_with(&format!("rust:{rust}.")), "the Rust that is needed: {}", from[0]);
    let user = between(&file, "USER ", "\n").split(':').next().unwrap();
    assert!(user.parse::<u32>().is_ok_and(|user| user > 0), "{user}");
    let default = between(&file, "\nCMD ", "\n");
    let default: Vec<String> = serde_json::from_str(default).unwrap();
    program::takes(&default).unwrap();
    let port = between(&file, "EXPOSE ", "\n");
    let asked = between(&file, "http://127.0.0.1:", "\"");
    let (asked_port, path) = asked.split_once('/').unwrap();
    assert_eq!(asked_port, port);
    assert!(program::routes().contains(&format!("/{path}")), "/{path}");
}

#[test]
fn an_image_without_a_version_is_told_from_one_with() {
    for image in ["postgres:17.7-bookworm", "debian:bookworm-20260824-slim", "a:1/b:26.0.3"] {
        assert!(is_pinned(image), "{image}");
    }
    for image in ["postgres", "postgres:latest", "postgres:17-bookworm", "rust:bookworm", "a.b/c:1"]
    {
        assert!(!is_pinned(image), "{image}");
    }
}
