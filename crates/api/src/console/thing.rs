//! `/console/<context>/<thing>/{id}`: how a thing stands, and everything that happened to it.

use super::{
    Console,
    cell::{Cell, Row, cell, event, time},
    context::{forbidden, no_such_page, text},
    page::{Frame, page, trouble},
    things::{Thing, thing},
    visitor::{Visitor, query_of},
};
use crate::http::{auth::Role, operation::percent_encoded, problem::Problem};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::{Method, StatusCode},
    response::Response,
};
use domain::{Context, timeline};
use eventlog::{Position, RecordedEvent};
use serde_json::Value;
use std::sync::Arc;

/// Facts of a page.
const FACTS: usize = 100;

#[derive(Template)]
#[template(path = "console/thing.html")]
struct Shown {
    frame: Frame,
    kind: String,
    id: String,
    context: String,
    context_page: String,
    cells: Vec<Cell>,
    facts: Vec<Fact>,
    first: Option<String>,
    next: Option<String>,
}

/// Something that happened.
struct Fact {
    name: String,
    event_type: String,
    stream: String,
    at: String,
    raw_at: String,
    position: String,
    actor: String,
    fields: Vec<Cell>,
}

pub async fn show(
    State(console): State<Arc<Console>>,
    Path((context, name, id)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Response {
    match console.thing(&visitor, &context, &name, &id).await {
        Ok(shown) => page(&visitor, StatusCode::OK, &shown),
        Err(problem) => trouble(&visitor, &problem),
    }
}

impl Console {
    async fn thing(
        &self,
        visitor: &Visitor,
        context: &str,
        name: &str,
        id: &str,
    ) -> Result<Shown, Problem> {
        let context = self.served(context)?;
        let thing = thing(context, name).ok_or_else(no_such_page)?;
        if !self.may_look_into(visitor, thing) {
            return Err(forbidden());
        }
        let row = self.row(visitor, &row_of(thing, id)).await?;
        let after = visitor.query().remove("after");
        let position = after.as_deref().map_or(Ok(Position::START), str::parse);
        let position =
            position.map_err(|_| Problem::invalid_value("after", "a position, as 12-12"))?;
        let facts = self.views.engine.timeline(thing.category, id, position, FACTS + 1).await;
        let mut facts = facts.map_err(|error| Problem::fault(&error))?.unwrap_or_default();
        let is_more = facts.len() > FACTS;
        facts.truncate(FACTS);
        let last = facts.last().filter(|_| is_more).map(|fact| fact.position.to_string());
        let here = page_of(thing, id);
        Ok(Shown {
            frame: self
                .frame(visitor, format!("{id} · {}", text(visitor, "thing", thing.name)))
                .kept(None, 4),
            kind: text(visitor, "thing", thing.name),
            id: id.to_owned(),
            context: text(visitor, "context", context.name()),
            context_page: format!("/console/{}", context.name()),
            cells: cells(visitor, context, &row, &here),
            facts: facts.into_iter().map(|fact| Fact::of(visitor, fact)).collect(),
            first: after.map(|_| here.clone()),
            next: last.map(|last| format!("{here}?{}", query_of([("after", last.as_str())]))),
        })
    }

    /// A thing's facts tell what others did as well, so a role that sees its row as customers do
    /// has to be one of staff.
    fn may_look_into(&self, visitor: &Visitor, thing: &Thing) -> bool {
        let is_staff = visitor.caller.role() != Some(Role::Customer);
        is_staff && visitor.caller.may(self.access(&Method::GET, thing.row))
    }
}

/// The page of a thing.
pub fn page_of(thing: &Thing, id: &str) -> String {
    format!("/console/{}/{}/{}", thing.context.name(), thing.name, percent_encoded(id))
}

fn row_of(thing: &Thing, id: &str) -> String {
    let (before, _) = thing.row.split_once('{').unwrap_or((thing.row, ""));
    format!("{before}{}", percent_encoded(id))
}

/// What there is to say beside its own name: the times last, in their order.
fn cells(visitor: &Visitor, context: Context, row: &Row, here: &str) -> Vec<Cell> {
    let told = row.iter().filter(|(_, value)| !value.is_null() && **value != Value::Bool(false));
    let mut cells: Vec<_> =
        told.map(|(field, value)| cell(visitor.language, context, field, value)).collect();
    cells.retain(|cell| cell.link.as_deref() != Some(here));
    cells.sort_by_key(|cell| (rank(cell), cell.raw.clone().filter(|_| cell.kind == "time")));
    cells
}

fn rank(cell: &Cell) -> u8 {
    match cell.kind {
        "id" => 0,
        "time" => 3,
        _ if cell.is_status() => 1,
        _ => 2,
    }
}

impl Fact {
    fn of(visitor: &Visitor, fact: RecordedEvent) -> Self {
        let payload = timeline::shown(&fact.event_type, &fact.payload);
        let context = Context::of_category(&fact.event_type);
        let name = fact.event_type.split_once('.').map_or("", |(_, name)| name);
        let fields = payload
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(field, value)| Some(cell(visitor.language, context?, field, value)));
        Self {
            name: context.map_or(name.to_owned(), |context| event(visitor.language, context, name)),
            stream: fact.stream.to_string(),
            at: time(fact.metadata.at),
            raw_at: fact.metadata.at.to_rfc3339(),
            position: fact.position.to_string(),
            actor: fact.metadata.actor,
            fields: fields.collect(),
            event_type: fact.event_type,
        }
    }
}
