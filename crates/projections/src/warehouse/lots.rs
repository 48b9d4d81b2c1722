//! What is left of a delivery? One row per lot: `GET /warehouse/lots[/{id}]`.

use super::stock_event;
use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Id, Instant,
    warehouse::stock_item::{self, LotStatus, StockItem, Taken},
};

row! {
    pub struct LotRow {
        /// The lot is known by the delivery that made it.
        pub delivery_id: String,
        pub product: String,
        pub customer_id: Option<String>,
        pub qty_in: i64,
        pub qty_left: i64,
        pub status: Word<LotStatus>,
        pub stocked_at: Instant,
        pub closed_at: Option<Instant>,
        pub changed_at: Instant,
    }
}

/// The read model `warehouse.lots`.
#[derive(Debug)]
pub struct Lots;

impl ReadModel for Lots {
    const NAME: &'static str = "warehouse.lots";
    const CATEGORIES: &'static [&'static str] = &[StockItem::CATEGORY];
    const FILTERS: &'static [&'static str] = &["product", "customer_id", "status"];
    type Row = LotRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        match stock_event(&fact.event) {
            Some(stock_item::Event::InStock { delivery_id, .. }) => vec![delivery_id.to_string()],
            Some(
                stock_item::Event::Shipped { lots, .. } | stock_item::Event::Obsolete { lots, .. },
            ) => lots.iter().map(|lot| lot.delivery_id.to_string()).collect(),
            None => vec![],
        }
    }

    fn fold(row: Option<LotRow>, fact: &Fact<Event>) -> Option<LotRow> {
        match stock_event(&fact.event) {
            Some(stock_item::Event::InStock { delivery_id, qty, customer_id, .. }) => {
                Some(lot(fact, delivery_id, qty.get(), customer_id.as_ref()))
            }
            Some(
                stock_item::Event::Shipped { lots, .. } | stock_item::Event::Obsolete { lots, .. },
            ) => row.map(|row| row.after(lots, fact.at)),
            None => row,
        }
    }
}

fn lot(fact: &Fact<Event>, delivery_id: &Id, qty: i64, customer_id: Option<&Id>) -> LotRow {
    LotRow {
        delivery_id: delivery_id.to_string(),
        product: fact.of.clone(),
        customer_id: customer_id.map(ToString::to_string),
        qty_in: qty,
        qty_left: qty,
        status: Word(LotStatus::of(qty)),
        stocked_at: fact.at,
        closed_at: None,
        changed_at: fact.at,
    }
}

impl LotRow {
    fn after(mut self, taken: &[Taken], at: Instant) -> Self {
        if let Some(lot) = taken.iter().find(|lot| lot.delivery_id.as_str() == self.delivery_id) {
            self.qty_left = lot.left;
            self.status = Word(LotStatus::of(lot.left));
            self.closed_at = (lot.left == 0).then_some(at);
            self.changed_at = at;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{LotRow, Lots};
    use crate::{
        row::Word,
        testing::{at, rows_after},
        warehouse::testing::history,
    };
    use domain::warehouse::stock_item::LotStatus;

    #[test]
    fn each_delivery_is_a_lot_until_nothing_is_left() {
        let closed = LotRow {
            delivery_id: "d1".to_owned(),
            product: "TV".to_owned(),
            customer_id: Some("c1".to_owned()),
            qty_in: 5,
            qty_left: 0,
            status: Word(LotStatus::Closed),
            stocked_at: at(0),
            closed_at: Some(at(2)),
            changed_at: at(2),
        };
        let open = LotRow {
            delivery_id: "d2".to_owned(),
            product: "TV".to_owned(),
            customer_id: None,
            qty_in: 10,
            qty_left: 7,
            status: Word(LotStatus::InStock),
            stocked_at: at(1),
            closed_at: None,
            changed_at: at(3),
        };
        assert_eq!(rows_after::<Lots>("TV", history()), [closed, open]);
    }
}
