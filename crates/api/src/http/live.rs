//! Live views: a row or a list as server-sent events, for as long as the client wants to listen.
//! What is sent, and how a client goes on after an interruption: `docs/live.md`.

mod seats;

pub use seats::{Limits, Seat, Streams};

use super::{
    auth::{Authenticator, Caller, Credential},
    min_position::MinPosition,
    operation::{Kind, Operation, Parameter, Shape},
    problem::Problem,
    schema,
    views::{
        Views,
        served::{self, Whose},
    },
};
use crate::http::access::Access;
use axum::{
    body::{Body, Bytes},
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures::stream;
use projections::{
    ReadModel,
    live::{Listener, Mark, Wanted, What},
    query,
};
use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Streams of events.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// How often it is looked whether a client may still listen. Less than what is between two signs of
/// life, of which each is an occasion.
const LOOK_EVERY: Duration = Duration::from_secs(10);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Says to proxies that gather answers that this one does not end.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What the client knows already, if it was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEventId(Option<Mark>);

/// On whose behalf a client listens, and from where on.
#[derive(Clone)]
pub struct Ear {
    pub caller: Caller,
    /// What the client showed, which may end before the stream does.
    pub credential: Option<Credential>,
    pub min: MinPosition,
    pub since: LastEventId,
}

/// A stream's entry in the table of operations.
pub fn operation<M: ReadModel>(summary: &'static str, access: Access) -> Operation {
    let mut operation = Operation::new(summary, access, Kind::Query(Shape::Stream));
    operation.answer.media_type = MEDIA_TYPE;
    operation.answer.schema = Some(schema::events::<M::Row>);
    operation.or(StatusCode::SERVICE_UNAVAILABLE, &["too-many-streams"])
}

/// What the stream of a list may be asked for: what the list may, but no page in the middle.
pub fn parameters<M: ReadModel>() -> Vec<Parameter> {
    let parameters = served::parameters::<M>().into_iter();
    parameters.filter(|parameter| parameter.name != AFTER).collect()
}

const AFTER: &str = "after";

/// The row of a key; 404 with `code` when there is none, or it is not the caller's to see.
pub async fn row<M: ReadModel>(
    views: &Views,
    whose: Whose<M::Row>,
    ear: Ear,
    key: &str,
    code: &'static str,
) -> Result<Response, Problem> {
    let listening = listen::<M>(views, whose, ear, What::Row(key.to_owned())).await?;
    listening.ok_or_else(|| views.nothing::<M>(key, code))
}

/// The rows that match.
pub async fn list<M: ReadModel>(
    views: &Views,
    whose: Whose<M::Row>,
    ear: Ear,
    query: BTreeMap<String, String>,
) -> Result<Response, Problem> {
    if query.contains_key(AFTER) {
        let detail = "a stream begins with the first rows; it has no parameter after";
        return Err(Problem::malformed(detail).field(AFTER));
    }
    let (page, mut filters) = served::read::<M>(query)?;
    whose.narrow(&ear.caller, &mut filters)?;
    let page = query::Page { filters, after: None, order: page.order, limit: page.limit };
    let listening = listen::<M>(views, whose, ear, What::List(page)).await?;
    // A list is there even if it is empty.
    listening.ok_or_else(Problem::internal)
}

async fn listen<M: ReadModel>(
    views: &Views,
    whose: Whose<M::Row>,
    ear: Ear,
    what: What,
) -> Result<Option<Response>, Problem> {
    let Ear { caller, credential, min, since } = ear;
    let seat = views.streams.take(&caller)?;
    min.reach(&views.engine, M::NAME).await?;
    let wanted = Wanted { what, sees: whose.seen_by(&caller) };
    let listener = views.live.listen::<M>(wanted, since.0, min.position()).await;
    let listener = listener.map_err(|error| Problem::fault(&error))?;
    let authenticator = views.authenticator.clone();
    Ok(listener.map(|listener| {
        let looked = Instant::now();
        events(Stream { listener, authenticator, caller, credential, looked, _seat: seat })
    }))
}

/// Somebody listens, until the client is gone or may not any more.
struct Stream<M: ReadModel> {
    listener: Listener<M>,
    authenticator: Arc<Authenticator>,
    caller: Caller,
    credential: Option<Credential>,
    looked: Instant,
    _seat: Seat,
}

impl<M: ReadModel> Stream<M> {
    /// Signs of life come all the time, so looking needs no clock of its own.
    async fn next(&mut self) -> Option<Bytes> {
        let text = self.listener.next().await?;
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            if let Some(credential) = &self.credential {
                let believed = self.authenticator.still_believes(&self.caller, credential);
                // On the heap, for it is seldom done, and there are many who wait.
                return Box::pin(believed).await.then_some(text);
            }
        }
        Some(text)
    }
}

fn events<M: ReadModel>(stream: Stream<M>) -> Response {
    let next = |mut stream: Stream<M>| async move {
        let text = stream.next().await?;
        Some((Ok::<_, Infallible>(text), stream))
    };
    let mut response = Body::from_stream(stream::unfold(stream, next)).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        (X_ACCEL_BUFFERING, "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(LAST_EVENT_ID) else { return Ok(Self(None)) };
        let mark = value.to_str().unwrap_or_default().trim().parse();
        mark.map(|mark| Self(Some(mark))).map_err(|_| {
            let detail =
                "Last-Event-ID must be the id of an event, as 120-120.0, or a Log-Position";
            Problem::malformed(detail).field("Last-Event-ID")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ear {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            caller: Caller::of(&parts.extensions),
            credential: Credential::of(&parts.headers).ok(),
            min: MinPosition::from_request_parts(parts, state).await?,
            since: LastEventId::from_request_parts(parts, state).await?,
        })
    }
}
