//! The restaurant's board: what the kitchen does not have yet, what cooks, what is on its way, and what
//! is over.

use super::{Action, Kind, Placed, card::by_time};
use crate::{
    console::{Console, cell::Row, visitor::Visitor},
    http::problem::Problem,
};
use domain::Context;
use futures::try_join;
use serde_json::Value;
use std::collections::HashMap;

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

/// Where their names are.
const DISHES: &str = "/restaurant/menus?limit=1000";

pub(super) async fn placed(console: &Console, visitor: &Visitor) -> Result<Vec<Placed>, Problem> {
    let address = format!("{}?limit={LATEST}&sort=-orderId", BOARD.list);
    let (orders, dishes) =
        try_join!(console.rows(visitor, &address), console.rows(visitor, DISHES))?;
    let names = names(&dishes.rows);
    let mut placed = orders.rows.into_iter().map(|row| place(row, &names)).collect();
    by_time(&mut placed, "over", 10);
    Ok(placed)
}

/// What dishes are called, by their ids.
fn names(dishes: &[Row]) -> HashMap<&str, &str> {
    let named = dishes.iter().filter_map(|dish| {
        let (id, name) = dish.get("id").zip(dish.get("name"))?;
        id.as_str().zip(name.as_str())
    });
    named.collect()
}

fn place(row: Row, names: &HashMap<&str, &str>) -> Placed {
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
    Placed { column, actions, heading: heading(&row, names), status, lines, since, row }
}

/// The dish and how many: by its number, if it has no name yet.
fn heading(row: &Row, names: &HashMap<&str, &str>) -> String {
    let word = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or("–");
    let (restaurant, menu) = (word("restaurantId"), word("restaurantMenuId"));
    let name = names.get(format!("{restaurant}.{menu}").as_str()).unwrap_or(&menu);
    let qty = row.get("qty").and_then(Value::as_i64).unwrap_or_default();
    format!("{name} × {qty}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn placed(order: &str, cook: Option<&str>, delivery: Option<&str>) -> (&'static str, usize) {
        let row = json!({
            "orderId": "o", "restaurantId": "k", "restaurantMenuId": "1", "qty": 2,
            "orderStatus": order, "cookStatus": cook, "deliveryStatus": delivery,
        });
        let placed = place(row.as_object().unwrap().clone(), &HashMap::from([("k.1", "비빔밥")]));
        assert_eq!(placed.heading, "비빔밥 × 2");
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
