//! The café's board: what came in, what is being made, what waits to be fetched, and what is over.

use super::{Action, Kind, Placed, card::by_time};
use crate::{
    console::{Console, cell::Row, visitor::Visitor},
    http::problem::Problem,
};
use domain::Context;
use futures::future::try_join_all;
use serde_json::Value;

pub(super) static BOARD: Kind = Kind {
    context: Context::Cafe,
    list: "/cafe/tickets",
    columns: &["new", "making", "ready", "over"],
    actions: &[
        Action { name: "accept", path: "/cafe/tickets/{orderId}/accept", takes_reason: false },
        Action { name: "reject", path: "/cafe/tickets/{orderId}/reject", takes_reason: true },
        Action { name: "make", path: "/cafe/tickets/{orderId}/make", takes_reason: false },
        Action {
            name: "hand-over",
            path: "/cafe/tickets/{orderId}/hand-over",
            takes_reason: false,
        },
    ],
};

/// Status, column, what can be done, since when, and how many are shown at most.
type Place = (&'static str, &'static str, &'static [&'static str], &'static str, usize);

const PLACES: [Place; 6] = [
    ("order_get", "new", &["accept", "reject"], "openedAt", 100),
    ("receive", "making", &["make"], "answeredAt", 100),
    ("made", "ready", &["hand-over"], "madeAt", 100),
    ("picked_up", "over", &[], "changedAt", 10),
    ("reject", "over", &[], "changedAt", 10),
    ("order_canceled", "over", &[], "changedAt", 10),
];

/// Of what is over the last comes first, of the rest what waits longest.
pub(super) async fn placed(console: &Console, visitor: &Visitor) -> Result<Vec<Placed>, Problem> {
    let asked = PLACES.iter().map(|place| of(console, visitor, place));
    let mut placed: Vec<_> = try_join_all(asked).await?.into_iter().flatten().collect();
    by_time(&mut placed, "over", 10);
    Ok(placed)
}

async fn of(console: &Console, visitor: &Visitor, place: &Place) -> Result<Vec<Placed>, Problem> {
    let (status, column, actions, since, most) = *place;
    let address = format!("{}?status={status}&limit={most}&sort=-orderId", BOARD.list);
    let found = console.rows(visitor, &address).await?;
    let placed = found.rows.into_iter().map(|row| Placed {
        column,
        actions,
        heading: heading(&row),
        status: "status",
        lines: &["customerId", "reason"],
        since,
        row,
    });
    Ok(placed.collect())
}

/// What is to be made. Of an order that was canceled before the store had it, nobody said.
fn heading(row: &Row) -> String {
    let product = row.get("product").and_then(Value::as_str).unwrap_or("–");
    match row.get("qty").and_then(Value::as_i64) {
        Some(qty) => format!("{product} × {qty}"),
        None => product.to_owned(),
    }
}
