//! All routes with the layers around them.

use super::{
    auth::{self, AuthKey},
    correlation,
    health::{self, Health},
    idempotency::{self, Once},
    intake::{self, Intake},
    problem::Problem,
};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use commands::clock::Clock;
use std::{sync::Arc, time::Duration};

/// How long a request may take. What it started goes on, and a repeat with its key gets the answer.
const TIME: Duration = Duration::from_secs(30);

/// What the layers need.
#[derive(Clone)]
pub struct Layers {
    pub key: AuthKey,
    pub once: Arc<Once>,
    pub intake: Intake,
    pub health: Arc<Health>,
    pub clock: Arc<dyn Clock>,
}

/// Puts the layers around the contexts' routes: outermost the correlation id, which sees every
/// answer, innermost the idempotency key.
pub fn router(contexts: Router, layers: Layers) -> Router {
    contexts
        .merge(health::routes(layers.health))
        .layer(from_fn_with_state(layers.once, idempotency::run_commands))
        .layer(from_fn_with_state(layers.intake, intake::admit))
        .layer(from_fn_with_state(layers.key, auth::admit))
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(layers.clock, correlation::correlate))
}

async fn limit_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(TIME, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let detail = "this takes too long; ask again, with the same Idempotency-Key if it had one";
        Problem::unavailable("timeout", detail, Duration::from_secs(5)).into_response()
    })
}
