//! On the list and off it: rules 1 and 7.

use super::{Answer, Decision, Deletion, DelistRefusal, Event, Item, Refusal};
use crate::{Id, Won, shared::Name};

impl Item {
    pub(super) fn register(&self, item_name: &Name, item_price: Won) -> Decision {
        if self.deleted {
            return Err(Refusal::ItemDeleted);
        }
        let Some(known) = &self.listing else {
            let item_name = item_name.clone();
            return Ok(vec![Event::ItemRegistered { item_name, item_price }]);
        };
        if (&known.name, known.price) == (item_name, item_price) {
            Ok(vec![])
        } else {
            Err(Refusal::ItemExists)
        }
    }

    pub(super) fn delete(&self) -> Decision {
        self.listing()?;
        if self.deleted {
            return Ok(vec![]);
        }
        self.must_be_free()?;
        Ok(vec![Event::ItemDeleted {
            reason: Deletion::ByManager,
            reservation_no: None,
            submission: None,
        }])
    }

    pub(super) fn delist(&self, reservation_no: &Id, submission: u32) -> Decision {
        self.listing()?;
        let answered = self.delisted.get(reservation_no);
        if answered.is_some_and(|answered| *answered >= submission) {
            return Ok(vec![]);
        }
        if self.answers.get(reservation_no) != Some(&Answer::Returned) {
            return Err(Refusal::NotReturned);
        }
        let reservation_no = reservation_no.clone();
        Ok(vec![match self.must_be_free() {
            Ok(()) => Event::ItemDeleted {
                reason: Deletion::Reviewed,
                reservation_no: Some(reservation_no),
                submission: Some(submission),
            },
            Err(_) => {
                Event::DelistRefused { reservation_no, submission, reason: DelistRefusal::ItemHeld }
            }
        }])
    }

    /// Whether it could leave the list now.
    pub fn must_be_free(&self) -> Result<(), Refusal> {
        match self.hold {
            Some(_) => Err(Refusal::ItemHeld),
            None => Ok(()),
        }
    }
}
