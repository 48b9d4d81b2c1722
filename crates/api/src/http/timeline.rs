//! Timelines: every fact that belongs to one thing, in log order. A context's routes name the path
//! and what the thing is; the rest is the same for all.

use super::{
    access::Access,
    extract::{Maybe, Path, Query},
    min_position::MinPosition,
    operation::{Kind, Operation, Routes, Shape},
    page::{Limit, Page},
    problem::Problem,
    views::{Listed, Views, served::Key},
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
};
use chrono::{DateTime, Utc};
use domain::{Id, shared::Name, timeline::shown};
use eventlog::{Position, RecordedEvent};
use projections::timeline::NAME;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The route of a timeline, such as `/cafe/orders/{orderId}/timeline` for things of the category
/// `cafe.order`. It shows what others did as well, so it is not for customers.
pub fn route(
    path: &'static str,
    summary: &'static str,
    access: Access,
    category: &'static str,
    key: Key,
) -> Routes<Arc<Views>> {
    let handler = move |State(views): State<Arc<Views>>,
                        Path(id): Path<Id>,
                        Query(which): Query<Which>,
                        uri: Uri,
                        min: MinPosition| async move {
        let thing = Thing { category, id, unknown: key.unknown };
        show(&views, &thing, which, uri, min).await
    };
    let operation = Operation::new(summary, access, Kind::Query(Shape::List))
        .of::<Id>(key.example)
        .asks::<Which>("limit=50")
        .gives::<Vec<Shown>>()
        .or_unknown(key.unknown);
    Routes::default().get(path, handler, operation)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    limit: Maybe<Limit>,
    /// A position, as the address in `Link` has it.
    after: Maybe<Name>,
}

/// What a timeline is of.
struct Thing {
    category: &'static str,
    id: Id,
    /// The code of 404.
    unknown: &'static str,
}

/// A fact as it is stored, without what is personal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimelineFact")]
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
    views: &Views,
    thing: &Thing,
    which: Which,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<Shown>, Problem> {
    let page = Page::of(which.limit, which.after)?;
    let after = page.after.as_deref().map_or(Ok(Position::START), str::parse);
    let after = after.map_err(|_| Problem::invalid_value("after", "a position, as 12-12"))?;
    min.reach(&views.engine, NAME).await?;
    // One more than is shown says whether there is a next page.
    let limit = page.limit as usize + 1;
    let facts = views.engine.timeline(thing.category, thing.id.as_str(), after, limit).await;
    let facts = facts.map_err(|error| Problem::fault(&error))?;
    let facts = facts.ok_or_else(|| thing.unknown())?;
    let rows = facts.into_iter().map(Shown::of).collect();
    Ok(Listed::of(rows, &uri, &[], page.limit, |row| row.position.clone()))
}

impl Thing {
    fn unknown(&self) -> Problem {
        let detail = format!("nothing has happened to {} {}", self.category, self.id);
        Problem::new(StatusCode::NOT_FOUND, self.unknown, detail)
    }
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
