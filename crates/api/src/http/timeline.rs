//! Timelines: every fact that belongs to one thing, in log order. A context's routes name the path
//! and what the thing is; the rest is the same for all.

use super::{
    extract::{Integer, Path, Query, RawId},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Listed, Views},
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
    routing::get,
};
use chrono::{DateTime, Utc};
use domain::{shared::Name, timeline::shown};
use eventlog::{Position, RecordedEvent};
use projections::timeline::NAME;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone)]
struct Timelines {
    category: &'static str,
    views: Arc<Views>,
}

/// The route of a timeline, such as `/cafe/orders/{orderId}/timeline` for things of the category
/// `cafe.order`. 404 `unknown-order` when there is no such thing.
pub fn route(path: &str, category: &'static str, views: Arc<Views>) -> Router {
    Router::new().route(path, get(show)).with_state(Timelines { category, views })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    limit: Option<Integer>,
    /// A position.
    after: Option<RawId>,
}

/// A fact as it is stored, without what is personal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    position: String,
    at: DateTime<Utc>,
    stream: String,
    version: u64,
    #[serde(rename = "type")]
    event_type: String,
    payload: Value,
    event_id: Uuid,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    actor: String,
}

async fn show(
    State(Timelines { category, views }): State<Timelines>,
    Path(id): Path<Name>,
    Query(which): Query<Which>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<Shown>, Problem> {
    let page = Page::of(which.limit, which.after)?;
    let after = page.after.as_deref().map_or(Ok(Position::START), str::parse);
    let after = after.map_err(|_| Problem::invalid_value("after", "a position, as 12-12"))?;
    min.reach(&views.engine, NAME).await?;
    // One more than is shown says whether there is a next page.
    let limit = page.limit as usize + 1;
    let facts = views.engine.timeline(category, id.as_str(), after, limit).await;
    let facts = facts.map_err(|error| Problem::fault(&error))?;
    let facts = facts.ok_or_else(|| unknown(category, &id))?;
    let rows = facts.into_iter().map(Shown::of).collect();
    Ok(Listed::of(rows, &uri, &[], page.limit, |row| row.position.clone()))
}

fn unknown(category: &str, id: &Name) -> Problem {
    let aggregate = category.split_once('.').map_or(category, |(_, aggregate)| aggregate);
    let code = format!("unknown-{}", aggregate.replace('_', "-"));
    Problem::new(StatusCode::NOT_FOUND, code, format!("nothing has happened to {category} {id}"))
}

impl Shown {
    fn of(event: RecordedEvent) -> Self {
        Self {
            position: event.position.to_string(),
            at: event.metadata.at,
            stream: event.stream.to_string(),
            version: event.version,
            payload: shown(&event.event_type, &event.payload),
            event_type: event.event_type,
            event_id: event.id,
            correlation_id: event.metadata.correlation_id,
            causation_id: event.metadata.causation_id,
            actor: event.metadata.actor,
        }
    }
}
