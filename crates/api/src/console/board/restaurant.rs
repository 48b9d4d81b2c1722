//! The restaurant's board: what the kitchen does not have yet, what cooks, what is on its way, and what
//! is over.

use super::{Action, Kind, Placed, card::by_time};
use crate::{
    console::{Console, cell::Row, visitor::Visitor},
    http::problem::Problem,
};
use domain::Context;
use serde_json::Value;

pub(super) static BOARD: Kind = Kind {
    context: Context::Restaurant,
    list: "/restaurant/my-page",
    columns: &["new", "cooking", "on-the-way", "over"],
    actions: &[
        Action {
            name: "cooked",
            path: "/restaurant/cooks/{orderId}/complete",
            takes_reason: false,
        },
        Action {
            name: "delivered",
            path: "/restaurant/deliveries/{orderId}/complete",
            takes_reason: false,
        },
        Action { name: "cancel", path: "/restaurant/orders/{orderId}/cancel", takes_reason: false },
    ],
};

/// Of how many orders those are picked that are not over: the newest, where the server names them.
const LATEST: u32 = 500;

pub(super) async fn placed(console: &Console, visitor: &Visitor) -> Result<Vec<Placed>, Problem> {
    let address = format!("{}?limit={LATEST}&sort=-orderId", BOARD.list);
    let found = console.rows(visitor, &address).await?;
    let mut placed = found.rows.into_iter().map(place).collect();
    by_time(&mut placed, "over", 10);
    Ok(placed)
}

fn place(row: Row) -> Placed {
    let word = |field: &str| row.get(field).and_then(Value::as_str);
    let states = (word("orderStatus"), word("cookStatus"), word("deliveryStatus"));
    let (column, actions, status, since): (_, &[_], _, _) = match states {
        (Some("ORDER : ORDERED"), None, _) => ("new", &["cancel"], "orderStatus", "orderedAt"),
        (Some("ORDER : ORDERED"), Some("COOK : ORDER RECEIPT"), _) => {
            ("cooking", &["cooked", "cancel"], "cookStatus", "receivedAt")
        }
        (_, Some("COOKED"), None | Some("DELIVERY : COOK FIN")) => {
            ("on-the-way", &["delivered"], "deliveryStatus", "cookedAt")
        }
        (_, _, Some("DELIVERY : DELIVERY FIN")) => ("over", &[], "deliveryStatus", "changedAt"),
        _ => ("over", &[], "orderStatus", "changedAt"),
    };
    let lines = &["customerId", "restaurantId"];
    Placed { column, actions, heading: heading(&row), status, lines, since, row }
}

/// The dish and how many.
fn heading(row: &Row) -> String {
    let dish = row.get("restaurantMenuId").and_then(Value::as_str).unwrap_or("–");
    let qty = row.get("qty").and_then(Value::as_i64).unwrap_or_default();
    format!("{dish} × {qty}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn placed(order: &str, cook: Option<&str>, delivery: Option<&str>) -> (&'static str, usize) {
        let row = json!({
            "orderId": "o", "restaurantMenuId": "1", "qty": 2,
            "orderStatus": order, "cookStatus": cook, "deliveryStatus": delivery,
        });
        let placed = place(row.as_object().unwrap().clone());
        assert_eq!(placed.heading, "1 × 2");
        (placed.column, placed.actions.len())
    }

    #[test]
    fn an_order_stands_where_its_statuses_say() {
        let ordered = "ORDER : ORDERED";
        assert_eq!(placed(ordered, None, None), ("new", 1));
        assert_eq!(placed(ordered, Some("COOK : ORDER RECEIPT"), None), ("cooking", 2));
        let on_the_way = placed(ordered, Some("COOKED"), Some("DELIVERY : COOK FIN"));
        assert_eq!(on_the_way, ("on-the-way", 1));
        // The courier has not heard of it yet.
        assert_eq!(placed(ordered, Some("COOKED"), None), ("on-the-way", 1));
        assert_eq!(placed(ordered, Some("COOKED"), Some("DELIVERY : DELIVERY FIN")), ("over", 0));
        let cancelled = placed(
            "ORDER : ORDER CANCELED",
            Some("COOK : ORDER CANCELED"),
            Some("DELIVERY : ORDER CANCELED"),
        );
        assert_eq!(cancelled, ("over", 0));
    }
}
