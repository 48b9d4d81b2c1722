//! What a command that was done is answered with.

use super::{LOG_POSITION, precondition::entity_tag};
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use commands::Done;
use eventlog::Position;
use serde::Serialize;

/// A body, and where the log stands with this command done: header `Log-Position`, to be sent as
/// `Min-Position` with the queries that shall know of it. `ETag` is the version of the thing then, to
/// be sent as `If-Match` with what shall be done to just that.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    status: StatusCode,
    location: Option<String>,
    position: Option<Position>,
    version: u64,
    body: T,
}

impl<T> Answer<T> {
    /// 200.
    pub fn ok<A: domain::Aggregate>(done: &Done<A>, body: T) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            position: done.position,
            version: done.length,
            body,
        }
    }

    /// 201, with the path of what was created.
    pub fn created<A: domain::Aggregate>(done: &Done<A>, location: String, body: T) -> Self {
        let location = Some(location);
        Self { status: StatusCode::CREATED, location, ..Self::ok(done, body) }
    }
}

impl<T> Answer<T> {
    /// Where a client that has read what the path names would take the tag for that thing's.
    pub fn untagged(mut self) -> Self {
        self.version = 0;
        self
    }
}

impl Answer<()> {
    /// 204.
    pub fn no_content<A: domain::Aggregate>(done: &Done<A>) -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(done, ()) }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let position = self.position.map(|position| position.to_string());
        for (name, text) in [(LOG_POSITION, position), (header::LOCATION, self.location)] {
            // Both are made of ASCII: digits, and a path whose variable parts are ids.
            if let Some(Ok(value)) = text.map(|text| HeaderValue::from_str(&text)) {
                headers.insert(name, value);
            }
        }
        headers.extend(entity_tag(self.version).map(|tag| (header::ETAG, tag)));
        match self.status {
            StatusCode::NO_CONTENT => (self.status, headers).into_response(),
            status => (status, headers, Json(self.body)).into_response(),
        }
    }
}
