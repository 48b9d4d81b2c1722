//! `/console/<context>`: the views of a context as tables, one at a time, with filters and pages.

use super::{
    Console,
    cell::{Cell, cell, label},
    home::named,
    page::{Frame, Link, page, trouble},
    tables::Table,
    visitor::{Visitor, query_of},
};
use crate::http::{operation::Parameter, problem::Problem};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::Context;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Rows of a page.
const ROWS: u32 = 25;

#[derive(Template)]
#[template(path = "console/context.html")]
struct Shown {
    frame: Frame,
    name: String,
    about: String,
    board: Option<String>,
    tabs: Vec<Link>,
    view: &'static str,
    filters: Vec<Filter>,
    is_filtered: bool,
    /// Of the columns, and of what kind they are.
    labels: Vec<(String, &'static str)>,
    rows: Vec<Vec<Cell>>,
    first: Option<String>,
    next: Option<String>,
    parked: u64,
}

/// What rows may be filtered by.
struct Filter {
    name: String,
    label: String,
    value: String,
    /// What it can be, if that is a closed set.
    words: Vec<Choice>,
}

struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

pub async fn show(
    State(console): State<Arc<Console>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Response {
    match console.context(&visitor, &name).await {
        Ok(shown) => page(&visitor, StatusCode::OK, &shown),
        Err(problem) => trouble(&visitor, &problem),
    }
}

impl Console {
    /// The context that is meant, if it is served here.
    pub fn served(&self, name: &str) -> Result<Context, Problem> {
        let found = Context::named(name).filter(|context| self.contexts.contains(context));
        found.ok_or_else(no_such_page)
    }

    async fn context(&self, visitor: &Visitor, name: &str) -> Result<Shown, Problem> {
        let context = self.served(name)?;
        let tables = self.tables(visitor, context);
        let mut query = visitor.query();
        let table = match query.remove("view") {
            Some(view) => tables.iter().find(|table| table.name == view),
            None => tables.first(),
        };
        let table = *table.ok_or_else(no_such_page)?;
        let found = self.rows(visitor, &address(table, &query)).await?;
        let shown = |row: &super::cell::Row| {
            let columns = table.columns.iter();
            let cells = columns.map(|column| {
                let value = row.get(*column).unwrap_or(&Value::Null);
                cell(visitor.language, context, column, value)
            });
            cells.collect()
        };
        let title = format!("{} · {}", named(visitor, table), text(visitor, "context", name));
        let filters = self.filters(visitor, table, &query);
        let rows: Vec<_> = found.rows.iter().map(shown).collect();
        Ok(Shown {
            frame: self.frame(visitor, title).kept(self.live(table.list), 4),
            name: text(visitor, "context", name),
            about: text(visitor, "about", name),
            board: self.board_of(visitor, context),
            tabs: tables.iter().map(|one| tab(visitor, one, table)).collect(),
            view: table.name,
            is_filtered: filters.iter().any(|filter| !filter.value.is_empty()),
            labels: labels(visitor, table, rows.first()),
            rows,
            first: query.contains_key("after").then(|| first(table, &filters)),
            next: found.next.map(|next| format!("/console/{name}?view={}&{next}", table.name)),
            parked: found.parked,
            filters,
        })
    }

    fn filters(
        &self,
        visitor: &Visitor,
        table: &Table,
        query: &BTreeMap<String, String>,
    ) -> Vec<Filter> {
        let list = self.table.iter().find(|operation| operation.path == table.list);
        let parameters = list.into_iter().flat_map(|operation| &operation.query);
        let filters =
            parameters.filter(|one| !["limit", "after", "sort"].contains(&one.name.as_str()));
        filters.map(|parameter| filter(visitor, parameter, query)).collect()
    }
}

/// Where the rows are asked for, with what the page was asked for.
fn address(table: &Table, query: &BTreeMap<String, String>) -> String {
    let mut asked = query.clone();
    asked.entry("limit".to_owned()).or_insert_with(|| ROWS.to_string());
    if let Some(sort) = table.sort() {
        asked.entry("sort".to_owned()).or_insert(sort);
    }
    let pairs = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    format!("{}?{}", table.list, query_of(pairs))
}

fn labels(
    visitor: &Visitor,
    table: &Table,
    row: Option<&Vec<Cell>>,
) -> Vec<(String, &'static str)> {
    let kinds = row.into_iter().flatten().map(|cell| cell.kind);
    let labels = table.columns.iter().map(|column| label(visitor.language, column));
    labels.zip(kinds).collect()
}

/// The first page, with the same filters.
fn first(table: &Table, filters: &[Filter]) -> String {
    let filters = filters.iter().filter(|filter| !filter.value.is_empty());
    let pairs = filters.map(|filter| (filter.name.as_str(), filter.value.as_str()));
    let pairs = [("view", table.name)].into_iter().chain(pairs);
    format!("/console/{}?{}", table.context.name(), query_of(pairs))
}

fn tab(visitor: &Visitor, one: &Table, chosen: &Table) -> Link {
    Link { address: one.page(), text: named(visitor, one), is_here: one.name == chosen.name }
}

fn filter(visitor: &Visitor, parameter: &Parameter, query: &BTreeMap<String, String>) -> Filter {
    let value = query.get(&parameter.name).cloned().unwrap_or_default();
    let words = parameter.schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let words = words.filter_map(Value::as_str).map(|word| Choice {
        text: visitor.language.find(&format!("word.{word}")).unwrap_or(word).to_owned(),
        is_chosen: word == value,
        value: word.to_owned(),
    });
    let words = words.collect();
    let label = label(visitor.language, &parameter.name);
    Filter { name: parameter.name.clone(), label, words, value }
}

pub fn text(visitor: &Visitor, kind: &str, name: &str) -> String {
    visitor.language.find(&format!("{kind}.{name}")).unwrap_or(name).to_owned()
}

pub fn no_such_page() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}

pub fn forbidden() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", "the role that you have may not do this")
}
