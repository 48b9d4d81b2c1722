//! What an item remembers, and what it says of itself.

use super::{Answer, Hold, Item, Listing, Refusal};
use crate::{
    Id, Won,
    market::status::{ItemStatus, RentalStatus},
    shared::{Name, personal::Personal},
};

impl Item {
    /// Whether it was ever registered.
    pub fn exists(&self) -> bool {
        self.listing.is_some()
    }

    pub fn deleted(&self) -> bool {
        self.deleted
    }

    pub fn name(&self) -> Option<&Name> {
        self.listing.as_ref().map(|listing| &listing.name)
    }

    /// Of one rental. `None` when it was never registered.
    pub fn price(&self) -> Option<Won> {
        self.listing.as_ref().map(|listing| listing.price)
    }

    pub fn holder(&self) -> Option<&Id> {
        self.hold.as_ref().map(|hold| &hold.reservation_no)
    }

    /// [`ItemStatus::NotRentable`] also when it is not on the list.
    pub fn status(&self) -> ItemStatus {
        if self.exists() && !self.deleted && self.hold.is_none() {
            ItemStatus::Rentable
        } else {
            ItemStatus::NotRentable
        }
    }

    /// Of one reservation's rental.
    pub fn rental_status(&self, reservation_no: &Id) -> RentalStatus {
        match (self.held_by(reservation_no), self.answers.get(reservation_no)) {
            (Some(hold), _) if hold.lent => RentalStatus::Renting,
            (_, Some(Answer::Returned)) => RentalStatus::Returned,
            (_, Some(Answer::Held | Answer::Refused | Answer::Released) | None) => {
                RentalStatus::NotRenting
            }
        }
    }

    pub(super) fn listing(&self) -> Result<&Listing, Refusal> {
        self.listing.as_ref().ok_or(Refusal::UnknownItem)
    }

    pub(super) fn held_by(&self, reservation_no: &Id) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.reservation_no == *reservation_no)
    }

    pub(super) fn answer(&mut self, reservation_no: &Id, answer: Answer) {
        self.answers.insert(reservation_no.clone(), answer);
    }

    pub(super) fn start_hold(&mut self, reservation_no: &Id, customer_id: &Id, name: &Personal) {
        self.hold = Some(Hold {
            reservation_no: reservation_no.clone(),
            customer_id: customer_id.clone(),
            customer_name: name.clone(),
            paid: 0,
            unpaid: 0,
            lent: false,
        });
        self.answer(reservation_no, Answer::Held);
    }

    pub(super) fn end_hold(&mut self, reservation_no: &Id, answer: Answer) {
        self.hold = self.hold.take().filter(|hold| hold.reservation_no != *reservation_no);
        self.answer(reservation_no, answer);
    }

    pub(super) fn remember_paid(&mut self, attempt: u32) {
        if let Some(hold) = &mut self.hold {
            hold.paid = attempt;
        }
    }

    pub(super) fn remember_unpaid(&mut self, attempt: u32) {
        if let Some(hold) = &mut self.hold {
            hold.unpaid = attempt;
        }
    }

    pub(super) fn remember_lent(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.lent = true;
        }
    }

    pub(super) fn leave_the_list(&mut self, review: Option<&Id>, submission: Option<u32>) {
        self.deleted = true;
        if let (Some(reservation_no), Some(submission)) = (review, submission) {
            self.remember_delist(reservation_no, submission);
        }
    }

    pub(super) fn remember_delist(&mut self, reservation_no: &Id, submission: u32) {
        self.delisted.insert(reservation_no.clone(), submission);
    }
}

impl Hold {
    pub(super) fn is_paid(&self) -> bool {
        self.paid > self.unpaid
    }
}
