//! What pages show is asked of the contexts' own routes, as any client would ask, by whoever looks at
//! the page. So what a page shows is what its reader may see, and there is no second way to read.

use super::{Console, cell::Row, visitor::Visitor};
use crate::http::{access::Access, problem::Problem};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use commands::Meta;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

/// More than any page of rows has.
const MOST_BYTES: usize = 8 << 20;

/// A page of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// The query of the next page, when there is more.
    pub next: Option<String>,
    /// Of how many streams the view has something parked.
    pub parked: u64,
}

impl Console {
    /// Who may ask this; nobody may ask what there is not.
    pub fn access(&self, method: &Method, path: &str) -> Access {
        let entry = self.table.iter().find(|one| one.path == path && one.method == method);
        entry.map_or(Access::Only(&[]), |operation| operation.access)
    }

    pub fn may_ask(&self, visitor: &Visitor, path: &str) -> bool {
        visitor.caller.may(self.access(&Method::GET, path))
    }

    /// A page of a list at this address.
    pub async fn rows(&self, visitor: &Visitor, address: &str) -> Result<Rows, Problem> {
        let (headers, rows) = self.ask(visitor, address).await?;
        let parked = headers.get("view-parked").and_then(|count| count.to_str().ok()?.parse().ok());
        Ok(Rows { rows, next: next(&headers), parked: parked.unwrap_or_default() })
    }

    /// The row at this address.
    pub async fn row(&self, visitor: &Visitor, address: &str) -> Result<Row, Problem> {
        self.ask(visitor, address).await.map(|(_, row)| row)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        visitor: &Visitor,
        address: &str,
    ) -> Result<(HeaderMap, T), Problem> {
        let mut request = Request::get(address).body(Body::empty()).map_err(|_| unreadable())?;
        if let Some(position) = &visitor.min_position {
            request.headers_mut().insert("min-position", position.clone());
        }
        request.extensions_mut().insert(visitor.caller.clone());
        let (headers, body) = self.send(request).await?;
        let read = serde_json::from_slice(&body).map_err(|_| Problem::internal())?;
        Ok((headers, read))
    }

    /// Does what a form asks for.
    pub async fn command(
        &self,
        visitor: &Visitor,
        address: &str,
        meta: Meta,
        body: &Value,
    ) -> Result<(), Problem> {
        let request = Request::post(address).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.to_string()));
        let mut request = request.map_err(|_| unreadable())?;
        request.extensions_mut().insert(visitor.caller.clone());
        request.extensions_mut().insert(meta);
        self.send(request).await.map(drop)
    }

    async fn send(&self, request: Request) -> Result<(HeaderMap, Bytes), Problem> {
        // Routers answer whatever happens.
        let response =
            self.api.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        match status.is_success() {
            true => Ok((headers, body)),
            false => Err(problem(status, &body)),
        }
    }
}

async fn read(response: Response) -> Result<Bytes, Problem> {
    to_bytes(response.into_body(), MOST_BYTES).await.map_err(|_| Problem::internal())
}

/// The problem that was answered.
fn problem(status: StatusCode, body: &[u8]) -> Problem {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(code) = document["code"].as_str().map(str::to_owned) else {
        return Problem::of_status(status);
    };
    let detail = document["detail"].as_str().unwrap_or_default();
    let problem = Problem::new(status, code, detail);
    match document["retryAfter"].as_u64() {
        Some(seconds) => problem.retry_after(Duration::from_secs(seconds)),
        None => problem,
    }
}

fn unreadable() -> Problem {
    Problem::malformed("the address cannot be understood")
}

/// The query of the address that `Link` has.
fn next(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(header::LINK)?.to_str().ok()?;
    let (_, query) = link.strip_prefix('<')?.split_once('>')?.0.split_once('?')?;
    Some(query.to_owned())
}
