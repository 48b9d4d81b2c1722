//! `Idempotency-Key`: the same request any number of times has one effect and one answer.
//!
//! A command runs in a task of its own, so that a client that hangs up stops nothing half-way. With
//! a key, those who ask the same at the same time get the one answer that is made; those who ask
//! later get the kept one, for 24 hours and across restarts. An answer that a repeat may better
//! (5xx, 412, or one with `Retry-After`) is not kept. `If-Match` is no part of the request that a key
//! is for: whoever has read again may send what it has decided again with the same key, and it is
//! done once all the same. The command's id comes from caller, key and
//! request, so even where an answer was lost, the log knows what was done already.

mod ledger;
mod once;

pub use ledger::{Ledger, LedgerError, migrate};
pub use once::Once;

use super::{
    auth::Caller,
    body::{self, Patience},
    correlation::Correlation,
    intake::Turn,
    precondition,
    problem::Problem,
    router::in_time,
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use commands::{Guard, Meta, clock::Clock};
use ledger::Slot;
use once::Keyed;
use std::sync::Arc;
use uuid::Uuid;

/// Where in the log the last event of a command stands.
pub const LOG_POSITION: HeaderName = HeaderName::from_static("log-position");

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Command ids and fingerprints are UUIDv5 in this namespace. Never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x7f2a_c3e8_51d4_5b60_9e1f_0c8d_24b7_a693);

/// Stands around every route: commands get their [`Meta`] and run as described above. A query whose
/// answer the client has is told so. A body has a time of its own to come in.
pub async fn run_commands(
    once: &Arc<Once>,
    patience: Patience,
    request: Request,
    next: Next,
) -> Response {
    if !is_command(request.method()) {
        let known = precondition::Known::of(request.headers());
        return known.unless_known(in_time(next.run(request)).await);
    }
    match prepare(&*once.clock, patience, request).await {
        Ok((keyed, request)) => in_time(run(once, keyed, request, next)).await,
        Err(problem) => problem.into_response(),
    }
}

async fn run(once: &Arc<Once>, keyed: Option<Keyed>, mut request: Request, next: Next) -> Response {
    let turn = match Turn::of(request.extensions_mut()).await {
        Ok(turn) => turn,
        Err(problem) => return problem.into_response(),
    };
    match keyed {
        Some(keyed) => once.clone().run_keyed(keyed, turn, request, next).await,
        None => once.run_alone(turn, request, next).await,
    }
}

/// Reads the body and the key, and gives the command its ids.
async fn prepare(
    clock: &dyn Clock,
    patience: Patience,
    request: Request,
) -> Result<(Option<Keyed>, Request), Problem> {
    let (mut parts, body) = request.into_parts();
    let expected = precondition::expected(&parts.headers, &parts.extensions)?;
    let key = key_of(&parts.headers)?;
    let body = body::read(&parts.headers, body, patience).await?;
    let caller = Caller::of(&parts.extensions);
    let actor = caller.actor();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let keyed = key.map(|key| Keyed {
        fingerprint: fingerprint(&parts.method, path, &body),
        slot: Slot { caller: actor.clone(), key },
    });
    parts.extensions.insert(Meta {
        command_id: keyed.as_ref().map_or_else(|| clock.new_id(), command_id),
        correlation_id: Correlation::of(&parts.extensions),
        causation_id: None,
        actor,
        may_be_repeat: keyed.is_some(),
        guard: Guard { owner: caller.customer().cloned(), expected },
    });
    Ok((keyed, Request::from_parts(parts, Body::from(body))))
}

/// Whether a request may change something.
pub(super) fn is_command(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// The key as the client sent it: 1 to 255 printable ASCII characters.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut sent = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let printable = value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
    match value.to_str() {
        Ok(key) if printable && (1..=255).contains(&key.len()) && sent.next().is_none() => {
            Ok(Some(key.to_owned()))
        }
        _ => {
            let detail =
                "Idempotency-Key must be there once, with 1 to 255 printable ASCII characters";
            Err(Problem::malformed(detail).field("Idempotency-Key"))
        }
    }
}

/// The request is part of it: a key that is used again for something else, after its answer was
/// forgotten, is a new command.
fn command_id(keyed: &Keyed) -> Uuid {
    let Slot { caller, key } = &keyed.slot;
    digest(&["command", caller, key], keyed.fingerprint.as_bytes())
}

fn fingerprint(method: &Method, path: &str, body: &Bytes) -> Uuid {
    digest(&["request", method.as_str(), path], body)
}

fn digest(words: &[&str], rest: &[u8]) -> Uuid {
    // None of the words can hold a line feed, so no two lists look the same.
    let mut bytes = words.join("\n").into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(rest);
    Uuid::new_v5(&NAMESPACE, &bytes)
}

#[cfg(test)]
mod tests;
