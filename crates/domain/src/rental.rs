//! Rental of electronics, a saga: stock is reserved, then the fee is charged, then the goods leave;
//! and whatever goes wrong on the way is made good again.
//!
//! An [`order`] is the customer's side, an [`inventory`] holds the stock of one product, a [`bill`]
//! the fee and a [`shipment`] the goods on their way. They meet only through [`policies`]; each
//! decides about its own race: the order about cancelling, the bill about money, the shipment about
//! whether the goods have left. What the customer is told about it is in [`notices`].

pub mod bill;
pub mod inventory;
pub mod notices;
pub mod order;
pub mod policies;
pub mod shipment;

use crate::{
    Aggregate,
    stored::{self, DecodeError, Stored},
};
use bill::Bill;
use inventory::Inventory;
use order::Order;
use shipment::Shipment;

/// The stream categories, which are also the parts that staff can pause.
pub const PARTS: [&str; 4] =
    [Inventory::CATEGORY, Order::CATEGORY, Bill::CATEGORY, Shipment::CATEGORY];

/// An event of any aggregate of the rental.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Inventory(inventory::Event),
    Order(order::Event),
    Bill(bill::Event),
    Shipment(shipment::Event),
}

/// Reads a stored event of the rental, whatever its age.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match stored.category {
        Inventory::CATEGORY => stored::decode::<Inventory>(stored).map(Event::Inventory),
        Order::CATEGORY => stored::decode::<Order>(stored).map(Event::Order),
        Bill::CATEGORY => stored::decode::<Bill>(stored).map(Event::Bill),
        Shipment::CATEGORY => stored::decode::<Shipment>(stored).map(Event::Shipment),
        other => Err(DecodeError::UnknownCategory(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
