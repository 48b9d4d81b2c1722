//! The café: a customer orders and pays, the store accepts and makes the coffee or gives the money
//! back, and members collect a point for each cup.
//!
//! An [`order`] is the customer's side, a [`ticket`] the store's; the two meet only through
//! [`policies`]. What the customer is told about it is in [`notices`].

pub mod member;
pub mod menu_item;
pub mod notices;
pub mod order;
pub mod policies;
pub mod ticket;

use crate::{
    Aggregate,
    stored::{self, DecodeError, Stored},
};
use member::Member;
use menu_item::MenuItem;
use order::Order;
use ticket::Ticket;

/// The stream categories, which are also the parts that staff can pause.
pub const PARTS: [&str; 4] =
    [Order::CATEGORY, Ticket::CATEGORY, Member::CATEGORY, MenuItem::CATEGORY];

/// An event of any aggregate of the café.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Order(order::Event),
    Ticket(ticket::Event),
    Member(member::Event),
    MenuItem(menu_item::Event),
}

/// Reads a stored event of the café, whatever its age.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match stored.category {
        Order::CATEGORY => stored::decode::<Order>(stored).map(Event::Order),
        Ticket::CATEGORY => stored::decode::<Ticket>(stored).map(Event::Ticket),
        Member::CATEGORY => stored::decode::<Member>(stored).map(Event::Member),
        MenuItem::CATEGORY => stored::decode::<MenuItem>(stored).map(Event::MenuItem),
        other => Err(DecodeError::UnknownCategory(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
