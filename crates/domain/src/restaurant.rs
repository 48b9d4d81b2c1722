//! The restaurant: a customer orders from a menu with so many portions, the kitchen cooks, and a
//! courier delivers.
//!
//! An [`order`] is the customer's side, a [`menu`] has the portions, a [`cook`] is the kitchen's side
//! and a [`delivery`] the courier's; they meet only through [`policies`]. What the customer is told
//! is in [`notices`].

pub mod cook;
pub mod delivery;
pub mod menu;
mod menu_id;
pub mod notices;
pub mod order;
pub mod policies;

pub use menu_id::MenuId;

use crate::{
    Aggregate,
    stored::{self, DecodeError, Stored},
};
use cook::Cook;
use delivery::Delivery;
use menu::Menu;
use order::Order;
use serde::{Deserialize, Serialize};

/// The stream categories, which are also the parts that staff can pause.
pub const PARTS: [&str; 4] = [Menu::CATEGORY, Order::CATEGORY, Cook::CATEGORY, Delivery::CATEGORY];

/// An event of any aggregate of the restaurant.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Menu(menu::Event),
    Order(order::Event),
    Cook(cook::Event),
    Delivery(delivery::Event),
}

/// Why an order is not cooked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// The customer does not want it any more.
    Cancelled,
    /// There were not enough portions.
    QtyOver,
}

/// Reads a stored event of the restaurant, whatever its age.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match stored.category {
        Menu::CATEGORY => stored::decode::<Menu>(stored).map(Event::Menu),
        Order::CATEGORY => stored::decode::<Order>(stored).map(Event::Order),
        Cook::CATEGORY => stored::decode::<Cook>(stored).map(Event::Cook),
        Delivery::CATEGORY => stored::decode::<Delivery>(stored).map(Event::Delivery),
        other => Err(DecodeError::UnknownCategory(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
