//! What the item and the payment say about a reservation: rules 2, 4 and 5.

use super::{Decision, Event, Refusal, RentalStatus, Reservation, ReservationStatus};
use crate::{Won, market::item::HoldRefusal, shared::Name};

impl Reservation {
    pub(super) fn confirm(&self, item_name: &Name, item_price: Won) -> Decision {
        match self.status()? {
            ReservationStatus::Requested => {
                let item_name = item_name.clone();
                Ok(vec![Event::ReservationConfirmed { item_name, item_price }])
            }
            // It may have been released meanwhile.
            ReservationStatus::Confirmed | ReservationStatus::Cancelled => Ok(vec![]),
            ReservationStatus::Rejected => Err(Refusal::AlreadyRejected),
        }
    }

    pub(super) fn reject(&self, reason: HoldRefusal) -> Decision {
        match self.status()? {
            ReservationStatus::Requested => Ok(vec![Event::ReservationRejected { reason }]),
            ReservationStatus::Rejected => Ok(vec![]),
            ReservationStatus::Confirmed => Err(Refusal::AlreadyConfirmed),
            ReservationStatus::Cancelled => Err(Refusal::AlreadyCancelled),
        }
    }

    pub(super) fn note_released(&self) -> Decision {
        match (self.status()?, self.rental) {
            (ReservationStatus::Cancelled, _) => Ok(vec![]),
            (ReservationStatus::Rejected, _) => Err(Refusal::AlreadyRejected),
            (_, RentalStatus::Renting) => Err(Refusal::AlreadyLent),
            (_, RentalStatus::Returned) => Err(Refusal::AlreadyReturned),
            (_, RentalStatus::NotRenting) => Ok(vec![Event::ReservationCancelled]),
        }
    }

    pub(super) fn note_paid(&self, attempt: u32, amount: Won) -> Decision {
        self.request()?;
        if attempt <= self.paid.max(self.refunded) {
            return Ok(vec![]);
        }
        Ok(vec![Event::ReservationPaid { attempt, amount }])
    }

    pub(super) fn note_refunded(&self, attempt: u32, amount: Won) -> Decision {
        self.request()?;
        if attempt <= self.refunded {
            return Ok(vec![]);
        }
        Ok(vec![Event::ReservationRefunded { attempt, amount }])
    }

    /// What is missing until the rental is as far as `reached`.
    pub(super) fn note_rental(&self, reached: RentalStatus) -> Decision {
        match self.status()? {
            ReservationStatus::Confirmed => {}
            ReservationStatus::Requested => return Err(Refusal::NotConfirmed),
            ReservationStatus::Rejected => return Err(Refusal::AlreadyRejected),
            ReservationStatus::Cancelled => return Err(Refusal::AlreadyCancelled),
        }
        let denied = self.cancel_asked.then_some(Event::ReservationCancelDenied);
        let steps = [
            (RentalStatus::Renting, Event::ReservationLent),
            (RentalStatus::Returned, Event::ReservationReturned),
        ];
        let missing = steps
            .into_iter()
            .filter(|(step, _)| self.rental < *step && *step <= reached)
            .map(|(_, event)| event);
        Ok(denied.into_iter().chain(missing).collect())
    }
}
