//! What can be rented? One row per product: `GET /rental/inventories[/{id}]`.

use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    rental::{
        self,
        inventory::{self, Inventory},
    },
};

row! {
    #[derive(Default)]
    pub struct InventoryRow {
        pub product_id: String,
        pub product_name: String,
        /// Free.
        pub qty: i64,
        /// What orders hold, here or with customers.
        pub reserved: i64,
        /// What was reported missing, and is gone.
        pub missing: i64,
        /// Of one, in won.
        pub unit_fee: Option<i64>,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `rental.inventory`.
#[derive(Debug)]
pub struct Stock;

impl ReadModel for Stock {
    const NAME: &'static str = "rental.inventory";
    const CATEGORIES: &'static [&'static str] = &[Inventory::CATEGORY];
    const FILTERS: &'static [&'static str] = &["product_name"];
    type Row = InventoryRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        inventory_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut InventoryRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<InventoryRow>, fact: &Fact<Event>) -> Option<InventoryRow> {
        let Some(event) = inventory_event(&fact.event) else {
            return row;
        };
        use inventory::Event;
        let mut row = row.unwrap_or_default();
        row.changed_at = fact.at;
        match event {
            Event::InventoryRegistered { product_name, qty, unit_fee } => {
                row.product_id.clone_from(&fact.of);
                row.product_name = product_name.to_string();
                row.qty = qty.get();
                row.unit_fee = unit_fee.map(i64::from);
            }
            Event::StockReserved { qty, left, .. } => row.moved(qty.get(), *left),
            Event::StockReleased { qty, left, .. } | Event::StockReturned { qty, left, .. } => {
                row.moved(-qty.get(), *left);
            }
            Event::StockMissing { qty, left, .. } => row.lost(qty.get(), *left),
            Event::InventoryStockShortage { .. } => {}
        }
        Some(row)
    }
}

impl InventoryRow {
    fn moved(&mut self, reserved: i64, left: i64) {
        self.reserved += reserved;
        self.qty = left;
    }

    /// What is missing and was not free was held.
    fn lost(&mut self, missing: i64, left: i64) {
        self.missing += missing;
        self.moved(self.qty - left - missing, left);
    }
}

fn inventory_event(event: &Event) -> Option<&inventory::Event> {
    if let rental::Event::Inventory(event) = event.rental()? { Some(event) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rental::testing::{at, id, name, qty, row_after, won};
    use inventory::Event;

    fn row(events: impl IntoIterator<Item = Event>) -> InventoryRow {
        let registered = Event::InventoryRegistered {
            product_name: name("MACBOOK"),
            qty: qty(100),
            unit_fee: Some(won(5)),
        };
        let events = std::iter::once(registered).chain(events).map(rental::Event::Inventory);
        row_after::<Stock>(events.map(|event| ("2", event)))
    }

    fn reserved(order: &str, count: i64, left: i64) -> Event {
        Event::StockReserved { order_id: id(order), qty: qty(count), left }
    }

    #[test]
    fn a_new_product_is_all_free() {
        let row = row([]);
        assert_eq!((row.product_id.as_str(), row.product_name.as_str()), ("2", "MACBOOK"));
        assert_eq!((row.qty, row.reserved, row.missing, row.unit_fee), (100, 0, 0, Some(5)));
        assert_eq!(row.changed_at, at(0));
    }

    #[test]
    fn what_is_reserved_is_not_free_until_it_comes_back() {
        let row = row([
            reserved("o1", 10, 90),
            reserved("o2", 5, 85),
            reserved("o3", 1, 84),
            Event::StockReleased { order_id: id("o1"), qty: qty(10), left: 94 },
            Event::StockReturned { order_id: id("o2"), qty: qty(5), left: 99 },
        ]);
        assert_eq!((row.qty, row.reserved, row.changed_at), (99, 1, at(5)));
    }

    #[test]
    fn a_shortage_moves_nothing() {
        let short =
            Event::InventoryStockShortage { order_id: id("o1"), asked: qty(110), left: 100 };
        let row = row([short]);
        assert_eq!((row.qty, row.reserved), (100, 0));
    }

    #[test]
    fn what_is_missing_is_gone_from_what_was_held_and_from_what_was_free() {
        let missing = Event::StockMissing { order_id: id("o1"), qty: qty(12), left: 88, held: 0 };
        let row = row([reserved("o1", 10, 90), missing]);
        assert_eq!((row.qty, row.reserved, row.missing), (88, 0, 12));
    }
}
