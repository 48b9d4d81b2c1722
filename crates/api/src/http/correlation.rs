//! `x-request-id`: one name for a request, in its answer, in the log's lines and in the events it
//! led to.

use super::problem;
use axum::{
    extract::Request,
    http::{Extensions, HeaderName, HeaderValue},
    response::Response,
};
use commands::clock::Clock;
use tracing::Instrument;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Client's names for requests become ids in this namespace, unless they are ids already.
const NAMESPACE: Uuid = Uuid::from_u128(0x3b9d_60f5_a417_5c28_8d3e_71f2_9ab0_4ce6);

/// What all consequences of a request have in common.
#[derive(Clone, Debug)]
pub struct Correlation {
    id: Uuid,
    name: HeaderValue,
}

impl Correlation {
    /// The one of this request, which [`correlate`] has put there.
    pub fn of(extensions: &Extensions) -> Uuid {
        extensions.get().map_or(Uuid::nil(), |correlation: &Self| correlation.id)
    }

    fn sent(name: &HeaderValue) -> Option<Self> {
        let text = name.to_str().ok()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let usable = (1..=64).contains(&text.len()) && text.chars().all(allowed);
        let id =
            Uuid::parse_str(text).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, text.as_bytes()));
        usable.then(|| Self { id, name: name.clone() })
    }

    fn minted(clock: &dyn Clock) -> Self {
        let id = clock.new_id();
        let name = HeaderValue::from_str(&id.to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("-"));
        Self { id, name }
    }
}

/// The outermost layer: names the request, and makes every failed answer a problem document.
pub async fn correlate(
    clock: &dyn Clock,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let sent = request.headers().get(&X_REQUEST_ID).and_then(Correlation::sent);
    let correlation = sent.unwrap_or_else(|| Correlation::minted(clock));
    let span = tracing::info_span!("request", id = %correlation.id, method = %request.method(), path = request.uri().path());
    request.extensions_mut().insert(correlation.clone());
    let answer = problem::catch_panic(next(request)).instrument(span.clone()).await;
    let mut response = problem::from_framework(answer);
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    response.headers_mut().insert(X_REQUEST_ID, correlation.name);
    response
}
