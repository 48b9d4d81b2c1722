//! What is there, and for how much? One row per product: `GET /cafe/menu`.

use super::menu_item_event;
use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    cafe::menu_item::{self, MenuItem},
};

row! {
    pub struct MenuRow {
        pub product: String,
        /// Of one, in won.
        pub price: i64,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `cafe.menu`.
#[derive(Debug)]
pub struct Menu;

impl ReadModel for Menu {
    const NAME: &'static str = "cafe.menu";
    const CATEGORIES: &'static [&'static str] = &[MenuItem::CATEGORY];
    const FILTERS: &'static [&'static str] = &[];
    type Row = MenuRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        menu_item_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut MenuRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<MenuRow>, fact: &Fact<Event>) -> Option<MenuRow> {
        let Some(event) = menu_item_event(&fact.event) else {
            return row;
        };
        match event {
            menu_item::Event::PriceSet { price } => Some(MenuRow {
                product: fact.of.clone(),
                price: price.get(),
                changed_at: fact.at,
                version: 0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Menu, MenuRow};
    use crate::cafe::testing::{at, row_after, won};
    use domain::cafe::{self, menu_item::Event};

    #[test]
    fn the_last_price_counts() {
        let events =
            [2000, 2500].map(|price| cafe::Event::MenuItem(Event::PriceSet { price: won(price) }));
        let row = row_after::<Menu>("아이스 아메리카노", events);
        assert_eq!(
            row,
            MenuRow {
                product: "아이스 아메리카노".to_owned(),
                price: 2500,
                changed_at: at(1),
                version: 0
            }
        );
    }
}
