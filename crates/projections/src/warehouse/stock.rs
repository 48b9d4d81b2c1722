//! How much is there? One row per product: `GET /warehouse/stock[/{product}]`.

use super::{name_of, stock_event};
use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    warehouse::stock_item::{self, StockItem},
};

row! {
    pub struct StockRow {
        pub product: String,
        /// In less shipped less obsolete.
        pub on_hand: i64,
        pub total_in: i64,
        pub total_shipped: i64,
        pub total_obsolete: i64,
        /// Its name.
        pub last_event: String,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `warehouse.stock`.
#[derive(Debug)]
pub struct Stock;

impl ReadModel for Stock {
    const NAME: &'static str = "warehouse.stock";
    const CATEGORIES: &'static [&'static str] = &[StockItem::CATEGORY];
    const FILTERS: &'static [&'static str] = &[];
    type Row = StockRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        stock_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut StockRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<StockRow>, fact: &Fact<Event>) -> Option<StockRow> {
        let Some(event) = stock_event(&fact.event) else {
            return row;
        };
        let mut row = row.unwrap_or_else(|| nothing(fact));
        row.changed_at = fact.at;
        name_of(event).clone_into(&mut row.last_event);
        match event {
            stock_item::Event::InStock { qty, on_hand, .. } => {
                row.total_in += qty.get();
                row.on_hand = *on_hand;
            }
            stock_item::Event::Shipped { qty, on_hand, .. } => {
                row.total_shipped += qty.get();
                row.on_hand = *on_hand;
            }
            stock_item::Event::Obsolete { qty, on_hand, .. } => {
                row.total_obsolete += qty.get();
                row.on_hand = *on_hand;
            }
        }
        Some(row)
    }
}

fn nothing(fact: &Fact<Event>) -> StockRow {
    StockRow {
        product: fact.of.clone(),
        on_hand: 0,
        total_in: 0,
        total_shipped: 0,
        total_obsolete: 0,
        last_event: String::new(),
        changed_at: fact.at,
        version: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Stock, StockRow};
    use crate::{
        testing::{at, rows_after},
        warehouse::testing::history,
    };

    #[test]
    fn what_is_there_is_what_came_in_less_what_went_out() {
        let rows = rows_after::<Stock>("TV", history());
        let expected = StockRow {
            product: "TV".to_owned(),
            on_hand: 7,
            total_in: 15,
            total_shipped: 7,
            total_obsolete: 1,
            last_event: "Obsolete".to_owned(),
            changed_at: at(3),
            version: 0,
        };
        assert_eq!(rows, [expected]);
    }
}
