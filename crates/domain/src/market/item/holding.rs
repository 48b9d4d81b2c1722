//! Who holds the item, and whether that is paid: rules 2 to 4.

use super::{Answer, Decision, Event, HoldRefusal, Item, Refusal};
use crate::{Id, Won, shared::personal::Personal};

impl Item {
    pub(super) fn hold(
        &self,
        reservation_no: &Id,
        (customer_id, customer_name): (&Id, &Personal),
        promised: Option<Won>,
    ) -> Decision {
        if self.answers.contains_key(reservation_no) {
            return Ok(vec![]);
        }
        let reservation_no = reservation_no.clone();
        Ok(vec![match self.free_at(promised) {
            Ok(listing) => Event::ItemHeld {
                reservation_no,
                customer_id: customer_id.clone(),
                customer_name: customer_name.clone(),
                item_name: listing.name.clone(),
                item_price: listing.price,
            },
            Err(reason) => Event::HoldRefused { reservation_no, reason },
        }])
    }

    fn free_at(&self, promised: Option<Won>) -> Result<&super::Listing, HoldRefusal> {
        let listing = self.listing.as_ref().ok_or(HoldRefusal::UnknownItem)?;
        if self.deleted {
            return Err(HoldRefusal::ItemDeleted);
        }
        if self.hold.is_some() {
            return Err(HoldRefusal::ItemHeld);
        }
        if promised.is_some_and(|price| price != listing.price) {
            return Err(HoldRefusal::PriceChanged);
        }
        Ok(listing)
    }

    pub(super) fn release(&self, reservation_no: &Id) -> Decision {
        if self.held_by(reservation_no).is_some_and(|hold| hold.lent) {
            return Err(Refusal::AlreadyLent);
        }
        match self.answers.get(reservation_no) {
            // Whoever has not asked yet is told now that there is nothing to hold.
            Some(Answer::Held) | None => {
                let reservation_no = reservation_no.clone();
                Ok(vec![Event::ItemReleased { reservation_no }])
            }
            Some(Answer::Released) => Ok(vec![]),
            Some(Answer::Refused) => Err(Refusal::AlreadyRejected),
            Some(Answer::Returned) => Err(Refusal::AlreadyReturned),
        }
    }

    pub(super) fn note_paid(&self, reservation_no: &Id, attempt: u32) -> Decision {
        let Some(hold) = self.held_by(reservation_no) else {
            return self.no_longer_held(reservation_no);
        };
        if attempt <= hold.paid.max(hold.unpaid) {
            return Ok(vec![]);
        }
        let reservation_no = reservation_no.clone();
        Ok(vec![Event::HoldPaid { reservation_no, attempt }])
    }

    /// Money that comes too late to count goes back: nothing to note here.
    fn no_longer_held(&self, reservation_no: &Id) -> Decision {
        match self.answers.get(reservation_no) {
            Some(Answer::Released | Answer::Returned) => Ok(vec![]),
            Some(Answer::Held | Answer::Refused) | None => Err(Refusal::NotTheHolder),
        }
    }

    pub(super) fn revoke_payment(&self, reservation_no: &Id, attempt: u32) -> Decision {
        let Some(hold) = self.held_by(reservation_no) else {
            return Err(self.not_held(reservation_no));
        };
        if hold.lent {
            return Err(Refusal::AlreadyLent);
        }
        if attempt <= hold.unpaid {
            return Ok(vec![]);
        }
        let reservation_no = reservation_no.clone();
        Ok(vec![Event::HoldUnpaid { reservation_no, attempt }])
    }

    /// Why a reservation that does not hold the item cannot do what the holder can.
    pub(super) fn not_held(&self, reservation_no: &Id) -> Refusal {
        match self.answers.get(reservation_no) {
            Some(Answer::Returned) => Refusal::AlreadyReturned,
            Some(Answer::Held | Answer::Refused | Answer::Released) | None => Refusal::NotTheHolder,
        }
    }
}
