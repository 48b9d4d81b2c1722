//! All routes with the layers around them.

use super::{
    access::Rights,
    auth::{self, Authenticator, Caller, Refusal},
    body::Patience,
    correlation,
    docs::{self, Documents},
    health::{self, Health},
    idempotency::{self, Once},
    intake::Intake,
    metrics::Requests,
    opened,
    precondition::Primary,
    problem::Problem,
    protection::protect,
    rates::Rates,
};
use crate::console;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, header::CONNECTION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use commands::{People, clock::Clock};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::SemaphorePermit, time::timeout};

/// How long a request may take once it is there. What it started goes on, and a repeat with its key
/// gets the answer.
pub(super) const TIME: Duration = Duration::from_secs(30);

/// What stands around the contexts' routes. It is one layer of the router, for each one would cost
/// every request several allocations.
pub struct Layers {
    pub authenticator: Arc<Authenticator>,
    pub rates: Arc<Rates>,
    pub rights: Rights,
    pub requests: Arc<Requests>,
    pub documents: Arc<Documents>,
    pub once: Arc<Once>,
    pub intake: Intake,
    /// With bodies.
    pub patience: Patience,
    pub health: Arc<Health>,
    pub clock: Arc<dyn Clock>,
    pub people: People,
}

/// The contexts' routes and those for health, with the layers around them.
pub fn router(contexts: Router, layers: Layers) -> Router {
    contexts
        .merge(health::routes().with_state(layers.health.clone()))
        .merge(docs::routes().with_state(layers.documents.clone()))
        .merge(auth::session_routes(layers.authenticator.clone()))
        .layer(from_fn_with_state(Arc::new(layers), around))
}

/// Outermost the correlation id, which sees every answer.
async fn around(State(layers): State<Arc<Layers>>, request: Request, next: Next) -> Response {
    let (route, begin) = (layers.requests.route(&request), Instant::now());
    let is_https = auth::came_by_https(request.headers());
    let answer = correlation::correlate(&*layers.clock, route.path, request, async |request| {
        layers.answer(request, next).await
    });
    let mut answer = protect(answer.await, is_https);
    if layers.health.own.ending.is_cancelled() {
        // Whoever comes again finds another process.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    route.count(answer.status(), begin.elapsed());
    answer
}

impl Layers {
    /// Whoever may not ask this is refused before anything is read.
    async fn admit(&self, request: &mut Request) -> Result<Option<SemaphorePermit<'_>>, Problem> {
        self.authenticate(request).await?;
        self.rates.check(request)?;
        self.rights.check(&Caller::of(request.extensions()), request)?;
        if let Some(category) = self.rights.primary(request) {
            request.extensions_mut().insert(Primary(category));
        }
        self.intake.admit(request)
    }

    async fn authenticate(&self, request: &mut Request) -> Result<(), Refusal> {
        let is_open = is_session(request) || self.rights.is_open(request);
        self.authenticator.admit(request, is_open).await
    }

    /// Innermost the idempotency key.
    async fn answer(&self, mut request: Request, next: Next) -> Response {
        match timeout(TIME, self.admit(&mut request)).await.unwrap_or_else(|_| Err(took_too_long()))
        {
            // A path or method that is not served is told so, whatever else it was sent with. The
            // sessions' own routes are not in the table either.
            Ok(_place) if !self.rights.knows(&request) => in_time(next.run(request)).await,
            Ok(_place) => {
                let is_command = idempotency::is_command(request.method());
                let once = &self.once;
                let answer = idempotency::run_commands(once, self.patience, request, next).await;
                match is_command {
                    true => opened::open(&self.people, answer).await,
                    false => answer,
                }
            }
            Err(refused) => console::refused(request, refused),
        }
    }
}

/// Logging in and out is no command of the business.
fn is_session(request: &Request) -> bool {
    auth::SESSION_PATHS.contains(&request.uri().path())
}

/// Answers in any case after a while.
pub(super) async fn in_time(answer: impl Future<Output = Response>) -> Response {
    timeout(TIME, answer).await.unwrap_or_else(|_| took_too_long().into_response())
}

fn took_too_long() -> Problem {
    let detail = "this takes too long; ask again, with the same Idempotency-Key if it had one";
    Problem::unavailable("timeout", detail, Duration::from_secs(5))
}
