//! `/console/<context>/board`: where staff works. A column for each state, a card for each order, and
//! on the card what can be done with it now.
//!
//! The buttons ask for the same commands as any client. With the script they ask for them directly;
//! without it, a form is posted here, the command is done, and the page is shown anew.

mod cafe;
mod card;
mod restaurant;

use super::{
    Console,
    cell::Row,
    context::{forbidden, no_such_page, text},
    page::{Frame, page, see_other, trouble},
    visitor::{Visitor, form_pairs},
};
use crate::http::{openapi, problem::Problem};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::{Method, StatusCode},
    response::Response,
};
use card::Card;
use commands::Meta;
use domain::{Context, Id};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// The ids of commands that came in a form are UUIDv5 in this namespace. Never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x0e6b_9d24_c713_5a8f_b1d0_46e7_2f95_83ca);

/// What a board is made of.
struct Kind {
    context: Context,
    /// The list that its cards come from, whose changes are told.
    list: &'static str,
    columns: &'static [&'static str],
    actions: &'static [Action],
}

/// What a card may offer.
#[derive(Debug)]
struct Action {
    /// The text on its button is `action.<name>`.
    name: &'static str,
    /// The command, as the table of operations has it.
    path: &'static str,
    /// Whether a reason may be given.
    takes_reason: bool,
}

/// Where a row stands on the board.
struct Placed {
    column: &'static str,
    /// What can be done with it, by name.
    actions: &'static [&'static str],
    heading: String,
    /// The fields that say how it stands, and that are worth a line.
    status: &'static str,
    lines: &'static [&'static str],
    /// The field that says since when.
    since: &'static str,
    row: Row,
}

#[derive(Template)]
#[template(path = "console/board.html")]
struct Board {
    frame: Frame,
    context: String,
    here: String,
    columns: Vec<Column>,
    /// What can go wrong, by its code.
    problems: Vec<(&'static str, &'static str)>,
}

struct Column {
    name: &'static str,
    title: String,
    cards: Vec<Card>,
}

fn of(context: Context) -> Option<&'static Kind> {
    match context {
        Context::Cafe => Some(&cafe::BOARD),
        Context::Restaurant => Some(&restaurant::BOARD),
        Context::Warehouse | Context::Market | Context::Rental => None,
    }
}

pub async fn show(
    State(console): State<Arc<Console>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Response {
    match console.board(&visitor, &name).await {
        Ok(board) => page(&visitor, StatusCode::OK, &board),
        Err(problem) => trouble(&visitor, &problem),
    }
}

/// What a button without the script sends.
pub async fn act(
    State(console): State<Arc<Console>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Extension(meta): Extension<Meta>,
    form: String,
) -> Response {
    match console.act(&visitor, &name, meta, &form).await {
        Ok(()) => see_other(&format!("/console/{name}/board")),
        Err(problem) => trouble(&visitor, &problem),
    }
}

impl Console {
    /// The board of a context, if there is one that somebody may see.
    pub fn board_of(&self, visitor: &Visitor, context: Context) -> Option<String> {
        let kind = of(context).filter(|kind| self.may_ask(visitor, kind.list))?;
        Some(format!("/console/{}/board", kind.context.name()))
    }

    fn kind(&self, visitor: &Visitor, name: &str) -> Result<&'static Kind, Problem> {
        let kind = of(self.served(name)?).ok_or_else(no_such_page)?;
        if self.may_ask(visitor, kind.list) { Ok(kind) } else { Err(forbidden()) }
    }

    async fn board(&self, visitor: &Visitor, name: &str) -> Result<Board, Problem> {
        let kind = self.kind(visitor, name)?;
        let mut placed = match kind.context {
            Context::Cafe => cafe::placed(self, visitor).await?,
            _ => restaurant::placed(self, visitor).await?,
        };
        let columns = kind.columns.iter().map(|column| {
            let own = placed.extract_if(.., |one| one.column == *column);
            Column {
                name: column,
                title: text(visitor, "column", &format!("{name}.{column}")),
                cards: own.map(|one| self.card(visitor, kind, &one)).collect(),
            }
        });
        let columns = columns.collect();
        let context = text(visitor, "context", name);
        let title = format!("{} · {context}", visitor.language.say("board.title"));
        Ok(Board {
            frame: self.frame(visitor, title).kept(self.live(kind.list), 3),
            here: format!("/console/{name}"),
            context,
            columns,
            problems: self.problems(visitor, kind),
        })
    }

    /// What the board's commands may be answered with, in the reader's language.
    fn problems(&self, visitor: &Visitor, kind: &Kind) -> Vec<(&'static str, &'static str)> {
        let commands = self
            .table
            .iter()
            .filter(|operation| kind.actions.iter().any(|action| action.path == operation.path));
        let codes: BTreeSet<_> =
            commands.flat_map(openapi::problems).flat_map(|(_, codes)| codes).collect();
        let texts = codes.into_iter().filter_map(|code| {
            visitor.language.find(&format!("problem.{code}")).map(|text| (code, text))
        });
        texts.collect()
    }

    async fn act(
        &self,
        visitor: &Visitor,
        name: &str,
        meta: Meta,
        form: &str,
    ) -> Result<(), Problem> {
        let kind = self.kind(visitor, name)?;
        let form: BTreeMap<_, _> = form_pairs(form).into_iter().collect();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let action = kind.actions.iter().find(|action| action.name == field("action"));
        let action =
            action.ok_or_else(|| Problem::invalid_value("action", "one of the buttons"))?;
        if !visitor.caller.may(self.access(&Method::POST, action.path)) {
            return Err(forbidden());
        }
        let id = Id::new(field("id"))
            .map_err(|invalid| Problem::invalid_value("id", invalid.must_be))?;
        let key = field("key");
        if key.is_empty() {
            return Err(Problem::invalid_value("key", "the one of the form"));
        }
        let words = [&meta.actor, action.path, id.as_str(), key].join("\n");
        let command_id = Uuid::new_v5(&NAMESPACE, words.as_bytes());
        let meta = Meta { command_id, may_be_repeat: true, ..meta };
        self.command(visitor, &action.of(id.as_str()), meta, &body(action, field("reason"))).await
    }
}

fn body(action: &Action, reason: &str) -> Value {
    match reason {
        reason if action.takes_reason && !reason.trim().is_empty() => json!({ "reason": reason }),
        _ => json!({}),
    }
}

impl Action {
    /// The command about one thing.
    fn of(&self, id: &str) -> String {
        let (before, rest) = self.path.split_once('{').unwrap_or((self.path, ""));
        let (_, after) = rest.split_once('}').unwrap_or(("", rest));
        format!("{before}{id}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{console::language::Language, routes::operations};

    #[test]
    fn every_action_is_a_command_and_every_answer_of_it_has_a_text() {
        let operations = operations();
        for kind in Context::ALL.into_iter().filter_map(of) {
            assert!(operations.iter().any(|one| one.path == kind.list));
            for action in kind.actions {
                let mut found = operations.iter().filter(|one| one.path == action.path);
                let command = found.find(|one| one.method == Method::POST).expect(action.path);
                let label = format!("action.{}", action.name);
                assert!(Language::Ko.find(&label).is_some(), "{label}");
                for code in openapi::problems(command).into_values().flatten() {
                    let key = format!("problem.{code}");
                    assert!(Language::Ko.find(&key).is_some(), "{key}");
                }
            }
            for column in kind.columns {
                let key = format!("column.{}.{column}", kind.context.name());
                assert!(Language::En.find(&key).is_some(), "{key}");
            }
        }
    }
}
