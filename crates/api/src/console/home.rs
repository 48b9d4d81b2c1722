//! `/`: all contexts at a glance, and how the service stands.

use super::{
    Console,
    cell::{Cell, cell},
    page::{Frame, page},
    tables::{Table, of_context},
    visitor::Visitor,
};
use crate::http::health::{Check, Status};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use domain::Context;
use futures::future::join_all;
use serde_json::Value;
use std::sync::Arc;

/// How many of the latest rows are shown.
const LATEST: usize = 3;

/// More rows are not counted.
const MOST: i64 = 10_000;

#[derive(Template)]
#[template(path = "console/home.html")]
struct Home {
    frame: Frame,
    status: &'static str,
    checks: Vec<Shown>,
    cards: Vec<Card>,
}

/// What is not as it should be.
struct Shown {
    name: String,
    is_down: bool,
    reason: String,
}

struct Card {
    name: String,
    about: String,
    address: String,
    board: Option<String>,
    counts: Vec<Count>,
    latest: Vec<Vec<Cell>>,
}

struct Count {
    name: String,
    address: String,
    rows: String,
}

pub async fn show(State(console): State<Arc<Console>>, visitor: Visitor) -> Response {
    let (report, cards) = futures::join!(
        console.health.report(),
        join_all(console.contexts.iter().map(|context| console.glance(&visitor, *context)))
    );
    let not_up = report.checks.iter().filter(|check| check.status != Status::Up);
    let home = Home {
        frame: console.frame(&visitor, visitor.language.say("home.title")).kept(None, 3),
        status: word(report.status),
        checks: not_up.map(|check| shown(&visitor, check)).collect(),
        cards,
    };
    page(&visitor, StatusCode::OK, &home)
}

impl Console {
    async fn glance(&self, visitor: &Visitor, context: Context) -> Card {
        let name = context.name();
        let tables = self.tables(visitor, context);
        let counts = join_all(tables.iter().map(|table| self.count(visitor, table))).await;
        let text = |key: String| visitor.language.find(&key).unwrap_or(name).to_owned();
        Card {
            name: text(format!("context.{name}")),
            about: text(format!("about.{name}")),
            address: format!("/console/{name}"),
            board: self.board_of(visitor, context),
            counts,
            latest: match tables.first() {
                Some(table) => self.latest(visitor, table).await,
                None => Vec::new(),
            },
        }
    }

    /// The tables of a context that somebody may see.
    pub fn tables(&self, visitor: &Visitor, context: Context) -> Vec<&'static Table> {
        of_context(context).filter(|table| self.may_ask(visitor, table.list)).collect()
    }

    async fn count(&self, visitor: &Visitor, table: &Table) -> Count {
        let counted = self.views.count(&table.view(), MOST).await;
        let rows = counted.map_or("–".to_owned(), |rows| match rows {
            MOST => format!("{}+", super::cell::grouped(rows)),
            rows => super::cell::grouped(rows),
        });
        let name = named(visitor, table);
        Count { name, address: table.page(), rows }
    }

    /// The latest rows of a table: what they are, how they stand and since when.
    async fn latest(&self, visitor: &Visitor, table: &Table) -> Vec<Vec<Cell>> {
        let sort = table.sort().unwrap_or_else(|| table.columns[0].to_owned());
        let address = format!("{}?limit={LATEST}&sort={sort}", table.list);
        // A view that cannot be read shows in its own page why.
        let found = self.rows(visitor, &address).await.unwrap_or_default();
        let rows = found.rows.iter().map(|row| {
            let cells = table.columns.iter().map(|column| {
                cell(
                    visitor.language,
                    table.context,
                    column,
                    row.get(*column).unwrap_or(&Value::Null),
                )
            });
            let cells: Vec<_> = cells.collect();
            let status = cells.iter().find(|cell| cell.is_status()).cloned();
            let last = cells.last().cloned();
            cells.into_iter().take(2).chain(status).chain(last).collect()
        });
        rows.collect()
    }
}

/// What a table is called.
pub fn named(visitor: &Visitor, table: &Table) -> String {
    let view = table.view();
    visitor.language.find(&format!("table.{view}")).map_or(view, str::to_owned)
}

/// A word of health.
fn word(status: Status) -> &'static str {
    match status {
        Status::Up => "up",
        Status::Degraded => "degraded",
        Status::Down => "down",
    }
}

fn shown(visitor: &Visitor, check: &Check) -> Shown {
    let named = visitor.language.find(&format!("check.{}", check.name));
    let named = named.or_else(|| visitor.language.find(&format!("table.{}", check.name)));
    Shown {
        name: named.map_or_else(|| check.name.clone(), str::to_owned),
        is_down: check.status == Status::Down,
        reason: check.reason.clone().unwrap_or_default(),
    }
}
