//! The warehouse: customers have goods delivered to be kept; they are shipped out on demand, or
//! disposed of.
//!
//! A [`delivery`] is what a customer brings, a [`stock_item`] what the warehouse keeps of a product,
//! lot by lot. A delivery is stocked in before it is answered, see [`policies::SYNC`]. What the
//! customers are told is in [`notices`].

pub mod delivery;
pub mod notices;
pub mod policies;
pub mod stock_item;

use crate::{
    Aggregate,
    stored::{self, DecodeError, Stored},
};
use delivery::Delivery;
use stock_item::StockItem;

/// The stream categories, which are also the parts that staff can pause.
pub const PARTS: [&str; 2] = [Delivery::CATEGORY, StockItem::CATEGORY];

/// An event of any aggregate of the warehouse.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Delivery(delivery::Event),
    StockItem(stock_item::Event),
}

/// Reads a stored event of the warehouse, whatever its age.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match stored.category {
        Delivery::CATEGORY => stored::decode::<Delivery>(stored).map(Event::Delivery),
        StockItem::CATEGORY => stored::decode::<StockItem>(stored).map(Event::StockItem),
        other => Err(DecodeError::UnknownCategory(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
