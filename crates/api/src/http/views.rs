//! Queries: a row of a view, or a page of them.

use super::{
    min_position::MinPosition,
    page::{Page, next_page},
    problem::Problem,
};
use axum::{
    Json,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use deadpool_postgres::Pool;
use projections::{Engine, Error, ReadModel, query, row::Row};
use serde::Serialize;

/// The views, and how far they are.
#[derive(Clone)]
pub struct Views {
    pub engine: Engine,
    pub pool: Pool,
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

/// A page of rows, and the address of the next one when there is more.
#[derive(Clone, Debug)]
pub struct Listed<R> {
    rows: Vec<R>,
    next: Option<String>,
}

impl Views {
    /// The row of a key; 404 with `code` when there is none.
    pub async fn find<M: ReadModel>(
        &self,
        key: &str,
        min: MinPosition,
        code: &'static str,
    ) -> Result<Json<M::Row>, Problem> {
        min.reach(&self.engine, M::NAME).await?;
        let row = query::get::<M>(&self.pool, key).await.map_err(|error| fault(&error))?;
        row.map(Json)
            .ok_or_else(|| Problem::unknown(code, format!("{} has nothing under {key:?}", M::NAME)))
    }

    pub async fn list<M: ReadModel>(&self, asked: Asked) -> Result<Listed<M::Row>, Problem> {
        let Asked { uri, min, page: Page { limit, after }, filters } = asked;
        min.reach(&self.engine, M::NAME).await?;
        // One more than is shown says whether there is a next page.
        let page = query::Page { filters, after, limit: limit + 1 };
        let mut rows = query::list::<M>(&self.pool, &page).await.map_err(|error| fault(&error))?;
        let is_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let last = rows.last().filter(|_| is_more).map(Row::key);
        let next = last.and_then(|last| next_page(uri.path(), &page.filters, limit, last));
        Ok(Listed { rows, next })
    }
}

fn fault(error: &Error) -> Problem {
    Problem::fault(error)
}

impl<R: Serialize> IntoResponse for Listed<R> {
    fn into_response(self) -> Response {
        let mut response = Json(self.rows).into_response();
        let link = self.next.map(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")));
        // A path that is percent-encoded is a header value.
        if let Some(Ok(link)) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}
