//! Bodies, bounded in size and time.

use super::problem::Problem;
use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How large a body may be, in bytes.
pub const LIMIT: usize = 256 * 1024;

/// How much of a body that is too large is read and thrown away, so that the client, who is still
/// sending, gets to see the answer.
const DRAINED: usize = 64 * 1024 * 1024;

/// How long a body may take to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    total: Duration,
    /// Without any of it.
    pause: Duration,
}

impl Patience {
    /// So long for all of it, and a third of that without any.
    pub fn of(total: Duration) -> Self {
        Self { total, pause: total / 3 }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::of(Duration::from_secs(30))
    }
}

/// Reads a body: 413 when it is too large, 408 when it does not come.
pub async fn read(headers: &HeaderMap, body: Body, patience: Patience) -> Result<Bytes, Problem> {
    let said =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let size = said.unwrap_or(body.size_hint().lower());
    let mut coming = Coming::new(body, patience);
    if size > LIMIT as u64 {
        // A client that asks first (`Expect: 100-continue`) has not sent anything yet.
        if !headers.contains_key(header::EXPECT) {
            coming.drain(0).await?;
        }
        return Err(too_large());
    }
    let Some(first) = coming.next().await? else { return Ok(Bytes::new()) };
    // Most come in one piece, which need not be copied.
    let Some(second) = coming.next().await? else { return Ok(first) };
    let mut read = Vec::with_capacity(size as usize);
    read.extend_from_slice(&first);
    let mut more = Some(second);
    while let Some(chunk) = more {
        read.extend_from_slice(&chunk);
        if read.len() > LIMIT {
            coming.drain(read.len()).await?;
            return Err(too_large());
        }
        more = coming.next().await?;
    }
    Ok(read.into())
}

/// A body on its way.
struct Coming {
    chunks: BodyDataStream,
    deadline: Instant,
    pause: Duration,
}

impl Coming {
    fn new(body: Body, patience: Patience) -> Self {
        let deadline = Instant::now() + patience.total;
        Self { chunks: body.into_data_stream(), deadline, pause: patience.pause }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let until = self.deadline.min(Instant::now() + self.pause);
        let chunk = timeout_at(until, self.chunks.next()).await.map_err(|_| too_slow())?;
        chunk.transpose().map_err(|_| cut_off())
    }

    async fn drain(&mut self, mut read: usize) -> Result<(), Problem> {
        while let Some(chunk) = self.next().await? {
            read += chunk.len();
            if read > DRAINED {
                break;
            }
        }
        Ok(())
    }
}

/// The rest of the body may still come, and is not waited for: the connection ends.
fn too_slow() -> Problem {
    let detail = "the body did not come in time; nothing was done";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail).headers(|headers| {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    })
}

fn too_large() -> Problem {
    let detail = format!("a body may have at most {LIMIT} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).with("limit", LIMIT)
}

fn cut_off() -> Problem {
    Problem::malformed("the body ended too early")
}
