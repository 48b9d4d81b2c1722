//! What came in and went out? One row per change, in the order in which they were recorded:
//! `GET /warehouse/movements?product=`.

use super::{name_of, stock_event};
use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    warehouse::stock_item::{self, StockItem},
};

row! {
    pub struct MovementRow {
        /// The time and the id of the fact, so that movements sort by time.
        pub movement_id: String,
        pub product: String,
        /// Its name.
        pub event: String,
        /// Negative when goods left.
        pub delta: i64,
        /// On hand afterwards.
        pub balance: i64,
        /// What came in.
        pub delivery_id: Option<String>,
        /// What was shipped.
        pub shipment_id: Option<String>,
        /// Why it was disposed of.
        pub reason: Option<String>,
        pub at: Instant,
    }
}

/// The read model `warehouse.movements`.
#[derive(Debug)]
pub struct Movements;

impl ReadModel for Movements {
    const NAME: &'static str = "warehouse.movements";
    const CATEGORIES: &'static [&'static str] = &[StockItem::CATEGORY];
    const FILTERS: &'static [&'static str] = &["product"];
    type Row = MovementRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        stock_event(&fact.event).map(|_| movement_id(fact)).into_iter().collect()
    }

    fn fold(row: Option<MovementRow>, fact: &Fact<Event>) -> Option<MovementRow> {
        stock_event(&fact.event).map(|event| movement(fact, event)).or(row)
    }
}

fn movement_id(fact: &Fact<Event>) -> String {
    format!("{}-{}", fact.at.format("%Y%m%dT%H%M%S%.6f"), fact.id)
}

fn movement(fact: &Fact<Event>, event: &stock_item::Event) -> MovementRow {
    let row = MovementRow {
        movement_id: movement_id(fact),
        product: fact.of.clone(),
        event: name_of(event).to_owned(),
        delta: 0,
        balance: 0,
        delivery_id: None,
        shipment_id: None,
        reason: None,
        at: fact.at,
    };
    match event {
        stock_item::Event::InStock { delivery_id, qty, on_hand, .. } => MovementRow {
            delta: qty.get(),
            balance: *on_hand,
            delivery_id: Some(delivery_id.to_string()),
            ..row
        },
        stock_item::Event::Shipped { shipment_id, qty, on_hand, .. } => MovementRow {
            delta: -qty.get(),
            balance: *on_hand,
            shipment_id: Some(shipment_id.to_string()),
            ..row
        },
        stock_item::Event::Obsolete { qty, reason, on_hand, .. } => MovementRow {
            delta: -qty.get(),
            balance: *on_hand,
            reason: Some(reason.clone()),
            ..row
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Movements;
    use crate::{
        testing::{at, rows_after},
        warehouse::testing::history,
    };

    #[test]
    fn each_change_is_one_movement_in_the_order_of_time() {
        let rows = rows_after::<Movements>("TV", history());
        let shown: Vec<_> =
            rows.iter().map(|row| (row.event.as_str(), row.delta, row.balance, row.at)).collect();
        let expected = [
            ("InStock", 5, 5, at(0)),
            ("InStock", 10, 15, at(1)),
            ("Shipped", -7, 8, at(2)),
            ("Obsolete", -1, 7, at(3)),
        ];
        assert_eq!(shown, expected);
        let of: Vec<_> = rows
            .iter()
            .map(|row| (row.delivery_id.as_deref(), row.shipment_id.as_deref()))
            .collect();
        let expected = [(Some("d1"), None), (Some("d2"), None), (None, Some("s1")), (None, None)];
        assert_eq!(of, expected);
        assert_eq!(rows[3].reason.as_deref(), Some("broken"));
    }
}
