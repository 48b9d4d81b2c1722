//! Rules of the house that a program can check.

use crate::service::root;
use domain::Context;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Every source file below `folder`, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    files(folder, "rs")
}

/// Every file of this kind below `folder`, with its text.
fn files(folder: &Path, kind: &str) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, kind));
        } else if path.extension().is_some_and(|extension| extension == kind) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn crates_depend_only_downwards() {
    let allowed = BTreeMap::from([
        ("domain", vec![]),
        ("eventlog", vec![]),
        ("commands", vec!["domain", "eventlog"]),
        ("projections", vec!["domain", "eventlog"]),
        ("api", vec!["commands", "domain", "eventlog", "projections"]),
    ]);
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let mut seen = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let mut ours: Vec<_> = dependencies
            .filter(|one| one["kind"].is_null() && one["path"].is_string())
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        ours.sort_unstable();
        seen.insert(package["name"].as_str().unwrap(), ours);
    }
    for (name, expected) in allowed {
        assert_eq!(seen[name], expected, "what {name} may use of ours");
    }
}

#[test]
fn one_word_names_a_context_everywhere() {
    for context in Context::ALL {
        let name = context.name();
        for place in [
            format!("crates/domain/src/{name}.rs"),
            format!("crates/domain/src/{name}/policies.rs"),
            format!("crates/commands/src/{name}.rs"),
            format!("crates/projections/src/{name}.rs"),
            format!("crates/api/src/routes/{name}.rs"),
            format!("tests/src/{name}.rs"),
            format!("tests/golden/{name}"),
        ] {
            assert!(root().join(&place).exists(), "{name} has no {place}");
        }
        for part in context.parts() {
            let (of, aggregate) = part.split_once('.').unwrap();
            assert_eq!(of, name);
            let file = root().join(format!("crates/domain/src/{name}/{aggregate}.rs"));
            assert!(file.exists(), "{part} has no file of its own");
        }
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for (path, text) in sources(&root().join("crates")) {
        let lines = text.lines().count();
        let tests =
            path.ends_with("tests.rs") || path.components().any(|one| one.as_os_str() == "tests");
        let limit = match path.file_name().and_then(|name| name.to_str()) {
            _ if tests => 700,
            Some("lib.rs") => 80,
            _ => 300,
        };
        assert!(lines <= limit, "{}: {lines} lines, at most {limit}", path.display());
    }
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    let here = Path::new(file!()).file_name().unwrap();
    for folder in ["crates", "tests"] {
        for (path, text) in sources(&root().join(folder)) {
            if path.file_name() == Some(here) {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                let place = format!("{}:{}: {line}", path.display(), number + 1);
                assert!(!line.contains("#[allow("), "use #[expect(…, reason)]: {place}");
                assert!(!line.contains("#[ignore"), "no ignored tests: {place}");
                assert!(!line.contains("should_panic"), "say what is expected: {place}");
            }
        }
    }
}

#[test]
fn every_decision_record_has_a_number_of_its_own() {
    let mut numbers: Vec<String> = fs::read_dir(root().join("docs/adr"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.chars().take(4).collect())
        .collect();
    numbers.sort();
    let expected: Vec<_> = (1..=numbers.len()).map(|n| format!("{n:04}")).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn no_merge_is_left_half_done() {
    let mut all = files(&root().join("docs"), "md");
    all.extend(["crates", "tests", "benches"].map(|folder| sources(&root().join(folder))).concat());
    for (path, text) in all {
        let marked = text.lines().any(|line| line.starts_with(&"<".repeat(7)));
        assert!(!marked, "{} has both sides of a merge", path.display());
    }
}

/// Names in the last column: `crate: module::test`, the end of long ones cut by `…`.
#[test]
fn every_invariant_has_a_number_and_a_guard_that_exists() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|row| row.len() == 3 && row[0].trim_start_matches("| ").parse::<usize>().is_ok())
        .collect();
    let numbers: Vec<usize> =
        rows.iter().map(|row| row[0].trim_start_matches("| ").parse().unwrap()).collect();
    assert_eq!(numbers, (1..=rows.len()).collect::<Vec<_>>());
    let mut code = files(&root().join("crates"), "sql");
    code.extend(["crates", "tests"].map(|folder| sources(&root().join(folder))).concat());
    for row in &rows {
        for guard in row[2].split('`').skip(1).step_by(2) {
            let name = guard.rsplit([':', ' ']).next().unwrap().trim_end_matches('…');
            let there = |(path, text): &(PathBuf, String)| {
                path.with_extension("").components().any(|part| part.as_os_str() == name)
                    || text.contains(&format!("fn {name}"))
                    || text.contains(name) && !guard.contains("::")
            };
            assert!(code.iter().any(there), "invariant {}: there is no {guard}", row[0]);
        }
    }
}
