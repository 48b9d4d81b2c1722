//! What a reservation says of itself.

use super::{Refusal, RentalStatus, Request, Reservation, ReservationStatus};
use crate::{
    Id, Won,
    market::{item::HoldRefusal, status::PaymentStatus},
    shared::Name,
    shared::personal::Personal,
};

/// What there is to pay.
#[derive(Clone, Debug, PartialEq)]
pub struct Payable {
    pub item_no: Id,
    pub amount: Won,
}

impl Reservation {
    pub fn exists(&self) -> bool {
        self.request.is_some()
    }

    /// Refused when there is no such reservation.
    pub fn status(&self) -> Result<ReservationStatus, Refusal> {
        self.status.ok_or(Refusal::UnknownReservation)
    }

    /// What there is to pay, if it may be paid now.
    pub fn payable(&self) -> Result<Payable, Refusal> {
        match (self.status()?, &self.confirmed) {
            (ReservationStatus::Rejected, _) => Err(Refusal::AlreadyRejected),
            (ReservationStatus::Cancelled, _) => Err(Refusal::AlreadyCancelled),
            (ReservationStatus::Requested, _) | (ReservationStatus::Confirmed, None) => {
                Err(Refusal::NotConfirmed)
            }
            (ReservationStatus::Confirmed, Some(_)) if self.cancel_asked => {
                Err(Refusal::CancelRequested)
            }
            (ReservationStatus::Confirmed, Some(confirmed)) => Ok(Payable {
                item_no: self.request()?.item_no.clone(),
                amount: confirmed.item_price,
            }),
        }
    }

    pub fn payment_status(&self) -> PaymentStatus {
        if self.paid > self.refunded {
            PaymentStatus::Paid
        } else if self.refunded > 0 {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::NotPaid
        }
    }

    pub fn rental_status(&self) -> RentalStatus {
        self.rental
    }

    /// Why the item rejected it, if it did.
    pub fn rejection(&self) -> Option<HoldRefusal> {
        self.rejection
    }

    /// Whether a wish to cancel waits for its decision.
    pub fn cancel_asked(&self) -> bool {
        self.cancel_asked
    }

    pub fn item_no(&self) -> Option<&Id> {
        self.request.as_ref().map(|request| &request.item_no)
    }

    /// `None` until it is confirmed.
    pub fn item_name(&self) -> Option<&Name> {
        self.confirmed.as_ref().map(|item| &item.item_name)
    }

    /// The item's once it is confirmed, before that the one that was promised.
    pub fn item_price(&self) -> Option<Won> {
        let confirmed = self.confirmed.as_ref().map(|item| item.item_price);
        confirmed.or(self.request.as_ref()?.item_price)
    }

    pub fn customer_id(&self) -> Option<&Id> {
        self.request.as_ref().map(|request| &request.customer_id)
    }

    pub fn customer_name(&self) -> Option<&Personal> {
        self.request.as_ref().map(|request| &request.customer_name)
    }

    pub fn phone(&self) -> Option<&Personal> {
        self.request.as_ref()?.phone.as_ref()
    }

    pub(super) fn request(&self) -> Result<&Request, Refusal> {
        self.request.as_ref().ok_or(Refusal::UnknownReservation)
    }
}
