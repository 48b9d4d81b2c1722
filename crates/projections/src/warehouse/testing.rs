//! A product's history for the tests of its views.

use domain::{
    Event, Id, Quantity, warehouse,
    warehouse::stock_item::{self, Taken},
};

/// The goods of c1 and of nobody come in, seven leave, and one is disposed of.
pub(crate) fn history() -> Vec<Event> {
    let events = [
        stock_item::Event::InStock {
            delivery_id: id("d1"),
            qty: qty(5),
            customer_id: Some(id("c1")),
            on_hand: 5,
        },
        stock_item::Event::InStock {
            delivery_id: id("d2"),
            qty: qty(10),
            customer_id: None,
            on_hand: 15,
        },
        stock_item::Event::Shipped {
            shipment_id: id("s1"),
            qty: qty(7),
            lots: vec![taken("d1", Some("c1"), 5, 0), taken("d2", None, 2, 8)],
            on_hand: 8,
        },
        stock_item::Event::Obsolete {
            qty: qty(1),
            lots: vec![taken("d2", None, 1, 7)],
            reason: "broken".to_owned(),
            on_hand: 7,
        },
    ];
    events.map(|event| Event::Warehouse(warehouse::Event::StockItem(event))).into()
}

fn taken(lot: &str, customer: Option<&str>, count: i64, left: i64) -> Taken {
    Taken { delivery_id: id(lot), customer_id: customer.map(id), qty: qty(count), left }
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}
