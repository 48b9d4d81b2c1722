//! Bodies, bounded in size and time.

use super::problem::Problem;
use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    http::{HeaderMap, StatusCode, header},
};
use futures::StreamExt;
use std::time::Duration;

/// How large a body may be, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// How much of a body that is too large is read and thrown away, so that the client, who is still
/// sending, gets to see the answer.
const DRAINED: usize = 64 * 1024 * 1024;

const TIME: Duration = Duration::from_secs(15);

/// Reads a body: 413 when it is too large, 408 when it does not come.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let reading = tokio::time::timeout(TIME, read_or_drain(headers, body)).await;
    reading.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "the body did not come in time"))
    })
}

async fn read_or_drain(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let size = said.unwrap_or(body.size_hint().lower());
    if size > LIMIT as u64 {
        // A client that asks first (`Expect: 100-continue`) has not sent anything yet.
        if !headers.contains_key(header::EXPECT) {
            drain(body, 0).await;
        }
        return Err(too_large());
    }
    if said.is_some() {
        return to_bytes(body, LIMIT).await.map_err(|_| cut_off());
    }
    read_chunks(body).await
}

/// A body of unknown length.
async fn read_chunks(body: Body) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        read.extend_from_slice(&chunk.map_err(|_| cut_off())?);
        if read.len() > LIMIT {
            drain(Body::from_stream(chunks), read.len()).await;
            return Err(too_large());
        }
    }
    Ok(read.into())
}

async fn drain(body: Body, mut read: usize) {
    let mut chunks = body.into_data_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        read += chunk.len();
        if read > DRAINED {
            return;
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("a body may have at most {LIMIT} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).with("limit", LIMIT)
}

fn cut_off() -> Problem {
    Problem::malformed("the body ended too early")
}
