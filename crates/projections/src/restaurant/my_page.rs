//! How is my order? Order, cooking and delivery in one row: `GET /restaurant/my-page[/{orderId}]`.

use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Instant,
    restaurant::{
        self,
        cook::{self, Cook},
        delivery::{self, Delivery},
        order::{self, Order},
    },
};

row! {
    /// The times are those of the facts.
    pub struct MyPageRow {
        pub order_id: String,
        pub restaurant_id: String,
        pub restaurant_menu_id: String,
        pub customer_id: String,
        pub qty: i64,
        pub order_status: Word<order::Status>,
        /// `None` until the kitchen has it.
        pub cook_status: Option<Word<cook::Status>>,
        /// `None` until there is something to deliver.
        pub delivery_status: Option<Word<delivery::Status>>,
        pub ordered_at: Instant,
        pub received_at: Option<Instant>,
        pub cooked_at: Option<Instant>,
        pub shipped_at: Option<Instant>,
        pub delivered_at: Option<Instant>,
        pub cancelled_at: Option<Instant>,
        pub changed_at: Instant,
    }
}

/// The read model `restaurant.my_page`.
#[derive(Debug)]
pub struct MyPage;

impl ReadModel for MyPage {
    const NAME: &'static str = "restaurant.my_page";
    const CATEGORIES: &'static [&'static str] =
        &[Order::CATEGORY, Cook::CATEGORY, Delivery::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id"];
    type Row = MyPageRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        // All three aggregates have the order's id.
        match fact.event.restaurant() {
            Some(
                restaurant::Event::Order(_)
                | restaurant::Event::Cook(_)
                | restaurant::Event::Delivery(_),
            ) => vec![fact.of.clone()],
            Some(restaurant::Event::Menu(_)) | None => vec![],
        }
    }

    fn fold(row: Option<MyPageRow>, fact: &Fact<Event>) -> Option<MyPageRow> {
        let event = fact.event.restaurant();
        let mut row = row.or_else(|| ordered(fact))?;
        row.changed_at = fact.at;
        match event {
            Some(restaurant::Event::Order(event)) => row.order(event, fact.at),
            Some(restaurant::Event::Cook(event)) => row.cook(event, fact.at),
            Some(restaurant::Event::Delivery(event)) => row.delivery(event, fact.at),
            Some(restaurant::Event::Menu(_)) | None => {}
        }
        Some(row)
    }
}

/// The first row of an order.
fn ordered(fact: &Fact<Event>) -> Option<MyPageRow> {
    let restaurant::Event::Order(order::Event::Ordered { menu, customer_id, qty }) =
        fact.event.restaurant()?
    else {
        return None;
    };
    Some(MyPageRow {
        order_id: fact.of.clone(),
        restaurant_id: menu.restaurant().to_string(),
        restaurant_menu_id: menu.menu().to_string(),
        customer_id: customer_id.to_string(),
        qty: qty.get(),
        order_status: Word(order::Status::Ordered),
        cook_status: None,
        delivery_status: None,
        ordered_at: fact.at,
        received_at: None,
        cooked_at: None,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
        changed_at: fact.at,
    })
}

impl MyPageRow {
    fn order(&mut self, event: &order::Event, at: Instant) {
        match event {
            order::Event::Ordered { .. } => {}
            order::Event::OrderCancelled => self.cancelled(order::Status::Cancelled, at),
            order::Event::OrderQtyOverCancelled => self.cancelled(order::Status::QtyOver, at),
        }
    }

    fn cancelled(&mut self, status: order::Status, at: Instant) {
        self.order_status = Word(status);
        self.cancelled_at = Some(at);
    }

    fn cook(&mut self, event: &cook::Event, at: Instant) {
        let status = match event {
            cook::Event::CookReceived { .. } => {
                self.received_at = Some(at);
                cook::Status::Received
            }
            cook::Event::Cooked => {
                self.cooked_at = Some(at);
                cook::Status::Cooked
            }
            cook::Event::CookCancelled { reason, .. } => (*reason).into(),
        };
        self.cook_status = Some(Word(status));
    }

    fn delivery(&mut self, event: &delivery::Event, at: Instant) {
        let status = match event {
            delivery::Event::Shipped => {
                self.shipped_at = Some(at);
                delivery::Status::CookFin
            }
            delivery::Event::DeliveryCompleted => {
                self.delivered_at = Some(at);
                delivery::Status::DeliveryFin
            }
            delivery::Event::ShippedCancelled { reason } => (*reason).into(),
        };
        self.delivery_status = Some(Word(status));
    }
}

#[cfg(test)]
mod tests;
