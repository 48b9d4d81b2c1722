//! What belongs to one thing, and what of it may be shown to those who look after it.

use crate::Context;
use serde_json::Value;

/// The aggregates of a context that are one thing, under one id, seen from several sides: such as
/// the customer's and the store's side of an order.
fn things(context: Context) -> &'static [&'static [&'static str]] {
    match context {
        Context::Warehouse => &[],
        Context::Market => &[&["market.reservation", "market.payment", "market.review"]],
        Context::Rental => &[&["rental.order", "rental.bill", "rental.shipment"]],
        Context::Restaurant => &[&["restaurant.order", "restaurant.cook", "restaurant.delivery"]],
        Context::Cafe => &[&["cafe.order", "cafe.ticket"]],
    }
}

/// The fields of a context's events that are personal.
fn personal(context: Context) -> &'static [&'static str] {
    match context {
        Context::Warehouse | Context::Rental | Context::Restaurant => &["phone"],
        Context::Market => &["customerName", "phone"],
        Context::Cafe => &["name", "phone"],
    }
}

/// The categories whose streams tell of one thing under the same id: `category` among them. `None`
/// when there is no such category.
pub fn sides(category: &str) -> Option<Vec<&'static str>> {
    let context = Context::of_category(category)?;
    let own = *context.parts().iter().find(|part| **part == category)?;
    let sides = things(context).iter().find(|sides| sides.contains(&own));
    Some(sides.map_or_else(|| vec![own], |sides| sides.to_vec()))
}

/// The payload of a stored event of any age, without what is personal.
pub fn shown(event_type: &str, payload: &str) -> Value {
    let mut payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let personal = Context::of_category(event_type).map_or(&[] as &[&str], personal);
    if let Value::Object(fields) = &mut payload {
        fields.retain(|field, _| !personal.contains(&field.as_str()));
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_has_two_sides_and_a_member_one() {
        assert_eq!(sides("cafe.ticket"), Some(vec!["cafe.order", "cafe.ticket"]));
        assert_eq!(sides("cafe.member"), Some(vec!["cafe.member"]));
        assert_eq!([sides("cafe.spoon"), sides("spa.order"), sides("")], [None, None, None]);
    }

    #[test]
    fn every_side_is_an_aggregate_of_its_context_and_of_one_thing_only() {
        for context in Context::ALL {
            let mut sides: Vec<_> = things(context).concat();
            assert!(sides.iter().all(|side| context.parts().contains(side)), "{sides:?}");
            let count = sides.len();
            sides.sort_unstable();
            sides.dedup();
            assert_eq!(sides.len(), count);
        }
    }

    #[test]
    fn what_is_personal_is_not_shown() {
        let payload = r#"{"product":"Latte","qty":1,"phone":"010-1234-5678"}"#;
        let expected = json!({ "product": "Latte", "qty": 1 });
        assert_eq!(shown("cafe.OrderSelected", payload), expected);
        assert_eq!(shown("cafe.OrderMade", "null"), Value::Null);
    }
}
