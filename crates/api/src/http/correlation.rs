//! `x-request-id`: one name for a request, in its answer, in the log's lines and in the events it
//! led to.

use super::problem;
use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use commands::clock::Clock;
use eventlog::trace::{self, Kind, Span, within};
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

    /// The correlation, and the caller's span if they say that it is part of a trace. The trace is
    /// what is handed on, for all services that take part know it.
    fn of_headers(headers: &HeaderMap, clock: &dyn Clock) -> (Self, u64) {
        let sent = headers.get(&X_REQUEST_ID).and_then(Self::sent);
        let parent = headers.get(trace::TRACEPARENT).and_then(|parent| parent.to_str().ok());
        match parent.and_then(trace::parse) {
            None => (sent.unwrap_or_else(|| Self::minted(clock)), 0),
            Some((id, span)) => {
                let name = sent.map_or_else(|| Self::named(id).name, |sent| sent.name);
                (Self { id, name }, span)
            }
        }
    }

    fn minted(clock: &dyn Clock) -> Self {
        Self::named(clock.new_id())
    }

    fn named(id: Uuid) -> Self {
        let name = HeaderValue::from_str(&id.to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("-"));
        Self { id, name }
    }
}

/// The outermost layer: names the request, and makes every failed answer a problem document. `route`
/// is what the request is for, as the router has it.
pub async fn correlate(
    clock: &dyn Clock,
    route: &'static str,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let (correlation, parent) = Correlation::of_headers(request.headers(), clock);
    let method = request.method().clone();
    let name = || format!("{method} {route}");
    let mut span = Span::begin(correlation.id, parent, Kind::Server, name);
    let here = span.doing(correlation.id, route);
    request.extensions_mut().insert(correlation.clone());
    let answering = async {
        let answer = problem::catch_panic(next(request)).await;
        let response = problem::from_framework(answer);
        tracing::debug!(%method, status = response.status().as_u16(), "answered");
        response
    };
    let mut response = within(here, answering).await;
    span.say("http.route", route);
    span.count("http.response.status_code", response.status().as_u16().into());
    if response.status().is_server_error() {
        span.fail();
    }
    response.headers_mut().insert(X_REQUEST_ID, correlation.name);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use commands::clock::SystemClock;

    fn of(headers: &[(&'static str, &'static str)]) -> (String, String, u64) {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        let (correlation, parent) = Correlation::of_headers(&headers, &SystemClock);
        let name = correlation.name.to_str().unwrap().to_owned();
        (correlation.id.to_string(), name, parent)
    }

    const TRACEPARENT: (&str, &str) =
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    const TRACE: &str = "0af76519-16cd-43dd-8448-eb211c80319c";

    #[test]
    fn who_sends_a_trace_names_what_follows_and_keeps_their_name_for_the_request() {
        let parent = 0xb7ad_6b71_6920_3331;
        assert_eq!(of(&[TRACEPARENT]), (TRACE.to_owned(), TRACE.to_owned(), parent));
        let both = of(&[TRACEPARENT, ("x-request-id", "mine")]);
        assert_eq!(both, (TRACE.to_owned(), "mine".to_owned(), parent));
    }

    #[test]
    fn without_a_trace_the_name_of_the_request_makes_the_id() {
        let (id, name, parent) = of(&[("x-request-id", "mine")]);
        assert_eq!((name.as_str(), parent), ("mine", 0));
        assert_eq!(of(&[("x-request-id", "mine"), ("traceparent", "00-0-0-01")]).0, id);
        let (minted, name, _) = of(&[]);
        assert_eq!(minted, name);
    }
}
