//! A card of a board.

use super::{Kind, Placed};
use crate::console::{
    Console,
    cell::{Cell, cell, time_of},
    context::text,
    thing::page_of,
    things::thing_of,
    visitor::Visitor,
};
use axum::http::Method;
use serde_json::Value;
use uuid::Uuid;

pub struct Card {
    pub id: String,
    /// The page of what it is about.
    pub page: String,
    /// Changes when the card does.
    pub version: String,
    pub heading: String,
    pub status: Cell,
    pub lines: Vec<Cell>,
    pub since: Cell,
    pub buttons: Vec<Button>,
}

pub struct Button {
    pub name: &'static str,
    pub text: String,
    /// The command it asks for.
    pub address: String,
    /// Of this button as it is shown now: however often it is pressed, it is done once.
    pub key: Uuid,
    pub takes_reason: bool,
}

impl Console {
    pub(super) fn card(&self, visitor: &Visitor, kind: &Kind, placed: &Placed) -> Card {
        let field = |name: &str| {
            let value = placed.row.get(name).unwrap_or(&Value::Null);
            cell(visitor.language, kind.context, name, value)
        };
        let id = placed.row.get("orderId").and_then(Value::as_str).unwrap_or_default();
        let offered = kind.actions.iter().filter(|action| placed.actions.contains(&action.name));
        let allowed =
            offered.filter(|action| visitor.caller.may(self.access(&Method::POST, action.path)));
        let buttons = allowed.map(|action| Button {
            name: action.name,
            text: text(visitor, "action", action.name),
            address: action.of(id),
            key: self.clock.new_id(),
            takes_reason: action.takes_reason,
        });
        let told = placed
            .lines
            .iter()
            .filter(|line| placed.row.get(**line).is_some_and(|value| !value.is_null()));
        Card {
            page: thing_of(kind.context, "orderId")
                .map_or(String::new(), |thing| page_of(thing, id)),
            version: placed.row.get("changedAt").map(Value::to_string).unwrap_or_default(),
            heading: placed.heading.clone(),
            status: field(placed.status),
            lines: told.map(|line| field(line)).collect(),
            since: field(placed.since),
            buttons: buttons.collect(),
            id: id.to_owned(),
        }
    }
}

/// Puts them in the order of their times. Of those in the column `over` the last come first, and only
/// `most` of them stay.
pub(super) fn by_time(placed: &mut Vec<Placed>, over: &str, most: usize) {
    placed.sort_by_key(|one| {
        let since = one.row.get(one.since).and_then(Value::as_str).unwrap_or_default();
        time_of(one.since, since)
    });
    let mut last: Vec<_> = placed.extract_if(.., |one| one.column == over).collect();
    placed.extend(last.drain(..).rev().take(most));
}
