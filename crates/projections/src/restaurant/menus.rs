//! What can be ordered, and how often? One row per dish: `GET /restaurant/menus[/{id}]`.

use super::menu_event;
use crate::{read_model::ReadModel, row};
use domain::{
    Aggregate, Event, Fact, Instant,
    restaurant::{
        MenuId,
        menu::{self, Menu},
    },
};

row! {
    pub struct MenuRow {
        /// `<restaurant>.<menu>`
        pub id: String,
        pub restaurant_id: String,
        pub restaurant_menu_id: String,
        pub name: String,
        /// Of one portion, in won.
        pub price: Option<i64>,
        /// Portions that can be ordered.
        pub stock: i64,
        /// Portions that orders have, cooked or not.
        pub reserved: i64,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `restaurant.menus`.
#[derive(Debug)]
pub struct Menus;

impl ReadModel for Menus {
    const NAME: &'static str = "restaurant.menus";
    const CATEGORIES: &'static [&'static str] = &[Menu::CATEGORY];
    const FILTERS: &'static [&'static str] = &["restaurant_id"];
    type Row = MenuRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        menu_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut MenuRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<MenuRow>, fact: &Fact<Event>) -> Option<MenuRow> {
        let Some(event) = menu_event(&fact.event) else {
            return row;
        };
        let mut row = row.or_else(|| added(fact, event))?;
        row.changed_at = fact.at;
        match event {
            menu::Event::MenuAdded { stock, .. } => row.stock += stock.get(),
            menu::Event::Restocked { left, .. } => row.stock = *left,
            menu::Event::PortionsReserved { qty, left, .. } => {
                row.stock = *left;
                row.reserved += qty.get();
            }
            menu::Event::PortionsReleased { qty, left, .. } => {
                row.stock = *left;
                row.reserved -= qty;
            }
            menu::Event::CookQtyChecked { .. } => {}
        }
        Some(row)
    }
}

/// The first row of a dish, with no portions yet.
fn added(fact: &Fact<Event>, event: &menu::Event) -> Option<MenuRow> {
    let menu::Event::MenuAdded { name, price, .. } = event else {
        return None;
    };
    let id = MenuId::new(fact.of.clone()).ok()?;
    Some(MenuRow {
        id: fact.of.clone(),
        restaurant_id: id.restaurant().to_string(),
        restaurant_menu_id: id.menu().to_string(),
        name: name.to_string(),
        price: price.map(i64::from),
        stock: 0,
        reserved: 0,
        changed_at: fact.at,
        version: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::{MenuRow, Menus};
    use crate::testing::{at, id, name, qty, rows_after, won};
    use domain::{
        Event,
        restaurant::{self, menu},
    };

    #[test]
    fn portions_are_ordered_come_back_and_are_added() {
        let (order_id, short) = (id("o1"), id("o2"));
        let events = [
            menu::Event::MenuAdded {
                name: name("비빔밥"), price: Some(won(9000)), stock: qty(20)
            },
            menu::Event::PortionsReserved { order_id: order_id.clone(), qty: qty(3), left: 17 },
            menu::Event::CookQtyChecked { order_id: short, asked: qty(18), left: 17 },
            menu::Event::PortionsReleased { order_id, qty: 3, left: 20 },
            menu::Event::Restocked { qty: qty(5), left: 25 },
            menu::Event::PortionsReserved { order_id: id("o3"), qty: qty(1), left: 24 },
        ];
        let events = events.map(|event| Event::Restaurant(restaurant::Event::Menu(event)));
        let expected = MenuRow {
            id: "1.7".to_owned(),
            restaurant_id: "1".to_owned(),
            restaurant_menu_id: "7".to_owned(),
            name: "비빔밥".to_owned(),
            price: Some(9000),
            stock: 24,
            reserved: 1,
            changed_at: at(5),
            version: 0,
        };
        assert_eq!(rows_after::<Menus>("1.7", events), [expected]);
    }
}
