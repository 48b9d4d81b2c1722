//! Handing the item over and taking it back: rules 5 and 6.

use super::{Answer, Decision, Event, Item, Refusal};
use crate::Id;

impl Item {
    pub(super) fn lend(&self, reservation_no: &Id) -> Decision {
        self.listing()?;
        let Some(hold) = self.held_by(reservation_no) else {
            return Err(self.not_held(reservation_no));
        };
        if hold.lent {
            return Ok(vec![]);
        }
        if !hold.is_paid() {
            return Err(Refusal::NotPaid);
        }
        let reservation_no = reservation_no.clone();
        Ok(vec![Event::RentedItem { reservation_no }])
    }

    pub(super) fn take_back(&self, reservation_no: &Id) -> Decision {
        let listing = self.listing()?;
        if self.answers.get(reservation_no) == Some(&Answer::Returned) {
            return Ok(vec![]);
        }
        let hold = self.held_by(reservation_no).ok_or_else(|| self.not_held(reservation_no))?;
        if !hold.lent {
            return Err(Refusal::NotLent);
        }
        Ok(vec![Event::ReturnedItem {
            reservation_no: reservation_no.clone(),
            customer_id: hold.customer_id.clone(),
            customer_name: hold.customer_name.clone(),
            item_name: listing.name.clone(),
        }])
    }
}
