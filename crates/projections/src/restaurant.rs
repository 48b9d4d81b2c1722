//! The read models of the restaurant.

pub mod menus;
pub mod my_page;

use crate::row::literal;
use domain::{
    Event,
    restaurant::{self, cook, delivery, menu, order},
};

fn menu_event(event: &Event) -> Option<&menu::Event> {
    if let restaurant::Event::Menu(event) = event.restaurant()? { Some(event) } else { None }
}

literal!(order::Status: Ordered, Cancelled, QtyOver);
literal!(cook::Status: Received, Cooked, Cancelled, QtyOver);
literal!(delivery::Status: CookFin, DeliveryFin, Cancelled, QtyOver);
