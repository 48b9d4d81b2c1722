//! The read models of the market.

pub mod item_info;
pub mod payments;
pub mod reservations;
pub mod reviews;

use crate::row::literal;
use domain::{
    Event,
    market::{
        self,
        item::{self, HoldRefusal},
        payment, reservation, review,
        status::{ItemStatus, PaymentStatus, RentalStatus, ReservationStatus},
    },
};

/// An event of the market, by the aggregate it happened to.
fn item_event(event: &Event) -> Option<&item::Event> {
    if let market::Event::Item(event) = event.market()? { Some(event) } else { None }
}

fn reservation_event(event: &Event) -> Option<&reservation::Event> {
    if let market::Event::Reservation(event) = event.market()? { Some(event) } else { None }
}

fn payment_event(event: &Event) -> Option<&payment::Event> {
    if let market::Event::Payment(event) = event.market()? { Some(event) } else { None }
}

fn review_event(event: &Event) -> Option<&review::Event> {
    if let market::Event::Review(event) = event.market()? { Some(event) } else { None }
}

literal!(ItemStatus: Rentable, NotRentable);
literal!(RentalStatus: NotRenting, Renting, Returned);
literal!(PaymentStatus: NotPaid, Paid, Refunded);
literal!(ReservationStatus: Requested, Confirmed, Rejected, Cancelled);
literal!(HoldRefusal: UnknownItem, ItemDeleted, ItemHeld, PriceChanged);

#[cfg(test)]
mod testing;
