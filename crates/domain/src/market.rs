//! The market: neighbours rent things to each other, pay through us, and say how it was.
//!
//! An [`item`] decides who has it, a [`reservation`] is the renter's side, a [`payment`] the money
//! for it, a [`review`] what comes after. They meet only through [`policies`]. What the renter is
//! told is in [`notices`].

pub mod item;
pub mod notices;
pub mod payment;
pub mod policies;
pub mod reservation;
pub mod review;
pub mod status;

use crate::{
    Aggregate,
    stored::{self, DecodeError, Stored},
};
use item::Item;
use payment::Payment;
use reservation::Reservation;
use review::Review;

/// The stream categories, which are also the parts that staff can pause.
pub const PARTS: [&str; 4] =
    [Item::CATEGORY, Reservation::CATEGORY, Payment::CATEGORY, Review::CATEGORY];

/// An event of any aggregate of the market.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Item(item::Event),
    Reservation(reservation::Event),
    Payment(payment::Event),
    Review(review::Event),
}

/// Reads a stored event of the market, whatever its age.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match stored.category {
        Item::CATEGORY => stored::decode::<Item>(stored).map(Event::Item),
        Reservation::CATEGORY => stored::decode::<Reservation>(stored).map(Event::Reservation),
        Payment::CATEGORY => stored::decode::<Payment>(stored).map(Event::Payment),
        Review::CATEGORY => stored::decode::<Review>(stored).map(Event::Review),
        other => Err(DecodeError::UnknownCategory(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
