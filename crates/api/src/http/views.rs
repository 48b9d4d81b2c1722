//! Queries: a row of a view, or a page of them.
//!
//! The answer of a view that has parked streams, and so may not show everything, says how many in
//! the header `View-Parked`. Knowing that costs a query nothing.
//!
//! A row that shows one thing has an `ETag`: the version up to which it shows it, which is what the
//! commands for that thing compare `If-Match` with. A row of several things has none, and neither has
//! one of which something is hidden from the caller, or forgotten: the same tag would stand for two
//! answers.

pub mod served;

use super::{
    auth::Authenticator,
    live::{self, Streams},
    min_position::MinPosition,
    page::{Page, next_page},
    precondition::entity_tag,
    problem::Problem,
};
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use deadpool_postgres::Pool;
use projections::{
    Engine, Error, Live, Lookups, ReadModel, query, registry,
    row::{self, Opener, Row},
};
use serde::Serialize;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const VIEW_PARKED: HeaderName = HeaderName::from_static("view-parked");

/// The views, and how far they are.
pub struct Views {
    pub engine: Engine,
    pub pool: Pool,
    /// Those who listen to views.
    pub live: Live,
    pub streams: Streams,
    pub authenticator: Arc<Authenticator>,
    lookups: Lookups,
    /// What is personal of rows is opened before they are shown.
    opener: Arc<dyn Opener>,
}

/// What a list is asked for: the view must know of `min`, rows must match the filters.
#[derive(Debug)]
pub struct Asked {
    pub uri: Uri,
    pub min: MinPosition,
    pub page: Page,
    /// Field as the JSON names it, and what it must be.
    pub filters: Vec<(String, String)>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Found<R> {
    row: R,
    /// Of the one thing that the row shows; 0 when it shows more, or less, than one.
    version: u64,
    parked_streams: usize,
}

/// A page of rows, and the address of the next one when there is more.
#[derive(Clone, Debug)]
pub struct Listed<R> {
    rows: Vec<R>,
    next: Option<String>,
    parked_streams: usize,
}

impl Views {
    /// All streams end when `stopping` is cancelled.
    pub fn new(
        engine: Engine,
        pool: Pool,
        opener: Arc<dyn Opener>,
        streams: live::Limits,
        authenticator: Arc<Authenticator>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            live: Live::new(engine.clone(), pool.clone(), opener.clone(), stopping),
            streams: Streams::new(streams),
            authenticator,
            lookups: Lookups::new(pool.clone()),
            opener,
            engine,
            pool,
        }
    }

    /// The row of a key; 404 with `code` when there is none.
    pub async fn find<M: ReadModel>(
        &self,
        key: &str,
        min: MinPosition,
        code: &'static str,
    ) -> Result<Found<M::Row>, Problem> {
        self.find_if::<M>(key, min, code, |_| true).await
    }

    /// The row of a key, if it may be `seen`; otherwise it is as if there were none.
    pub async fn find_if<M: ReadModel>(
        &self,
        key: &str,
        min: MinPosition,
        code: &'static str,
        seen: impl FnOnce(&M::Row) -> bool,
    ) -> Result<Found<M::Row>, Problem> {
        min.reach(&self.engine, M::NAME).await?;
        let row = self.lookups.get::<M>(key).await.map_err(|error| fault(&error))?;
        let parked_streams = self.engine.parked_streams(M::NAME);
        let mut row = row.filter(seen);
        row::open(&*self.opener, &mut row).await.map_err(|error| fault(&error))?;
        let found = |mut row: M::Row| {
            let is_whole = row.personal().iter().all(|field| field.shown().is_some());
            let version = M::version(&mut row).filter(|_| is_whole);
            let version = version.map_or(0, |version| version.unsigned_abs());
            Found { row, version, parked_streams }
        };
        row.map(found).ok_or_else(|| self.nothing::<M>(key, code))
    }

    /// There is no row of this key, or it is as if there were none.
    pub fn nothing<M: ReadModel>(&self, key: &str, code: &'static str) -> Problem {
        let nothing = Problem::unknown(code, format!("{} has nothing under {key:?}", M::NAME));
        nothing.headers(|headers| tell_parked(self.engine.parked_streams(M::NAME), headers))
    }

    /// How many rows a view has, counted up to `most`.
    pub async fn count(&self, view: &str, most: i64) -> Result<i64, Error> {
        query::count(&self.pool, registry::named(view)?, most).await
    }

    pub async fn list<M: ReadModel>(&self, asked: Asked) -> Result<Listed<M::Row>, Problem> {
        let Asked { uri, min, page: Page { limit, after, order }, filters } = asked;
        min.reach(&self.engine, M::NAME).await?;
        // One more than is shown says whether there is a next page.
        let page = query::Page { filters, after, order, limit: limit + 1 };
        let mut rows = query::list::<M>(&self.pool, &page).await.map_err(|error| fault(&error))?;
        row::open(&*self.opener, &mut rows).await.map_err(|error| fault(&error))?;
        let cursor = |row: &M::Row| Page::cursor(order, row.key());
        let mut kept = page.filters;
        kept.extend(Page::sort::<M>(order));
        let listed = Listed::of(rows, &uri, &kept, limit, cursor);
        Ok(Listed { parked_streams: self.engine.parked_streams(M::NAME), ..listed })
    }
}

impl<R> Found<R> {
    /// The same, shown another way.
    pub fn map<T>(self, shown: impl FnOnce(R) -> T) -> Found<T> {
        let Self { row, version, parked_streams } = self;
        Found { row: shown(row), version, parked_streams }
    }

    /// Without a tag, which would stand for other answers too.
    pub fn untagged(self) -> Self {
        Self { version: 0, ..self }
    }
}

impl<R> Listed<R> {
    /// A page out of `rows`, of which there is one too many when there is a next page: it begins
    /// after what `after` says of the last row that is shown.
    pub fn of(
        mut rows: Vec<R>,
        uri: &Uri,
        filters: &[(String, String)],
        limit: u32,
        after: impl Fn(&R) -> String,
    ) -> Self {
        let is_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let last = rows.last().filter(|_| is_more).map(after);
        let next = last.and_then(|last| next_page(uri.path(), filters, limit, &last));
        Self { rows, next, parked_streams: 0 }
    }

    /// The same rows, each shown another way.
    pub fn map<T>(self, shown: impl FnMut(R) -> T) -> Listed<T> {
        let Self { rows, next, parked_streams } = self;
        Listed { rows: rows.into_iter().map(shown).collect(), next, parked_streams }
    }
}

fn fault(error: &Error) -> Problem {
    Problem::fault(error)
}

/// Says of the answer of a view how many of its streams are parked, if any.
fn tell_parked(streams: usize, headers: &mut HeaderMap) {
    if streams > 0 {
        headers.insert(VIEW_PARKED, streams.into());
    }
}

impl<R: Serialize> IntoResponse for Found<R> {
    fn into_response(self) -> Response {
        let mut response = Json(self.row).into_response();
        tell_parked(self.parked_streams, response.headers_mut());
        response.headers_mut().extend(entity_tag(self.version).map(|tag| (header::ETAG, tag)));
        response
    }
}

impl<R: Serialize> IntoResponse for Listed<R> {
    fn into_response(self) -> Response {
        let mut response = Json(self.rows).into_response();
        tell_parked(self.parked_streams, response.headers_mut());
        let link = self.next.map(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")));
        // A path that is percent-encoded is a header value.
        if let Some(Ok(link)) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}
