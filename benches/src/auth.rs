//! With `--auth` the service asks for tokens, and every request has one.

use crate::{BenchError, process::jangteo};
use std::sync::OnceLock;

const SECRETS: &str = "JANGTEO_AUTH_SECRETS";
const RATE: &str = "JANGTEO_RATE_LIMIT";

/// Of services that live for one run, on loopback.
const SECRET: &str = "a-secret-of-one-run-of-measurements";

/// Whole header lines.
static LINES: OnceLock<Lines> = OnceLock::new();

struct Lines {
    load: String,
    numbers: String,
}

/// From now on.
pub async fn turn_on() -> Result<(), BenchError> {
    let lines = Lines { load: line("manager").await?, numbers: line("operator").await? };
    // Once for each run.
    let _ = LINES.set(lines);
    Ok(())
}

async fn line(role: &str) -> Result<String, BenchError> {
    let arguments = ["token", "--sub", "bench", "--role", role, "--for", "24h"];
    let made = jangteo(&arguments, &[(SECRETS, SECRET.to_owned())])?.output().await?;
    let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    if token.is_empty() {
        let why = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(BenchError::Start { program: "jangteo token".to_owned(), why });
    }
    Ok(format!("authorization: Bearer {token}\r\n"))
}

/// What a service is started with. One caller makes the whole load, and is not to be slowed down.
pub fn environment() -> Vec<(&'static str, &'static str)> {
    LINES.get().map_or(Vec::new(), |_| vec![(SECRETS, SECRET), (RATE, "off")])
}

/// Of the requests that are measured: nothing, or the line of a manager's token.
pub fn load() -> &'static str {
    LINES.get().map_or("", |lines| lines.load.as_str())
}

/// Of those that ask for the service's own numbers.
pub fn numbers() -> &'static str {
    LINES.get().map_or("", |lines| lines.numbers.as_str())
}
