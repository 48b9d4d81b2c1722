//! A reservation: the renter's side.
//!
//! 1. Reserving is taken at any time; the item's stream decides later whether it is confirmed.
//!    A price that is sent must be the item's, where the item is known.
//! 2. The item confirms or rejects, once. Only a confirmed reservation can be paid.
//! 3. The renter may ask to cancel until the item is lent; the item's stream decides. What was paid
//!    goes back.
//! 4. Having come back implies having been lent; being lent denies a wish to cancel.
//! 5. What is paid and what is given back is known by the attempt to pay, and arrives in any order.

use crate::{
    Aggregate, Id, Won,
    shared::{Name, personal::Personal},
};
use item::HoldRefusal;
use serde::{Deserialize, Serialize};

use super::{
    item,
    status::{RentalStatus, ReservationStatus},
};

mod outcomes;
mod refusal;
mod state;
pub use refusal::Refusal;
pub use state::Payable;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    Reserved {
        item_no: Id,
        customer_id: Id,
        customer_name: Personal,
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<Personal>,
        /// The price that the renter was promised, if any.
        #[serde(skip_serializing_if = "Option::is_none")]
        item_price: Option<Won>,
    },
    ReservationConfirmed {
        item_name: Name,
        item_price: Won,
    },
    ReservationRejected {
        reason: HoldRefusal,
    },
    /// Says again of what, so that the item needs no other fact.
    ReservationCancelRequested {
        item_no: Id,
    },
    ReservationCancelDenied,
    ReservationCancelled,
    ReservationPaid {
        attempt: u32,
        amount: Won,
    },
    ReservationRefunded {
        attempt: u32,
        amount: Won,
    },
    ReservationLent,
    ReservationReturned,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Reserve {
        item_no: Id,
        customer_id: Id,
        customer_name: Personal,
        phone: Option<Personal>,
        /// As the client sent it.
        item_price: Option<Won>,
        /// As the item has it.
        listed: Option<Won>,
    },
    Confirm {
        item_name: Name,
        item_price: Won,
    },
    Reject {
        reason: HoldRefusal,
    },
    RequestCancel,
    NoteReleased,
    NotePaid {
        attempt: u32,
        amount: Won,
    },
    NoteRefunded {
        attempt: u32,
        amount: Won,
    },
    NoteLent,
    NoteReturned,
}

/// One reservation, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Reservation {
    request: Option<Request>,
    /// `None` when there is no such reservation.
    status: Option<ReservationStatus>,
    confirmed: Option<Confirmed>,
    rejection: Option<HoldRefusal>,
    cancel_asked: bool,
    rental: RentalStatus,
    /// The last attempts to pay that were paid, and given back.
    paid: u32,
    refunded: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Request {
    item_no: Id,
    customer_id: Id,
    customer_name: Personal,
    phone: Option<Personal>,
    item_price: Option<Won>,
}

#[derive(Clone, Debug)]
struct Confirmed {
    item_name: Name,
    item_price: Won,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Reservation {
    const CATEGORY: &'static str = "market.reservation";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Reserve { item_no, customer_id, customer_name, phone, item_price, listed } => {
                let request = Request {
                    item_no: item_no.clone(),
                    customer_id: customer_id.clone(),
                    customer_name: customer_name.clone(),
                    phone: phone.clone(),
                    item_price: *item_price,
                };
                self.reserve(request, *listed)
            }
            Command::Confirm { item_name, item_price } => self.confirm(item_name, *item_price),
            Command::Reject { reason } => self.reject(*reason),
            Command::RequestCancel => self.request_cancel(),
            Command::NoteReleased => self.note_released(),
            Command::NotePaid { attempt, amount } => self.note_paid(*attempt, *amount),
            Command::NoteRefunded { attempt, amount } => self.note_refunded(*attempt, *amount),
            Command::NoteLent => self.note_rental(RentalStatus::Renting),
            Command::NoteReturned => self.note_rental(RentalStatus::Returned),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Reserved { item_no, customer_id, customer_name, phone, item_price } => {
                self.request = Some(Request {
                    item_no: item_no.clone(),
                    customer_id: customer_id.clone(),
                    customer_name: customer_name.clone(),
                    phone: phone.clone(),
                    item_price: *item_price,
                });
                self.status = Some(ReservationStatus::Requested);
            }
            Event::ReservationConfirmed { item_name, item_price } => {
                let (item_name, item_price) = (item_name.clone(), *item_price);
                self.confirmed = Some(Confirmed { item_name, item_price });
                self.status = Some(ReservationStatus::Confirmed);
            }
            Event::ReservationRejected { reason } => {
                self.rejection = Some(*reason);
                self.end(ReservationStatus::Rejected);
            }
            Event::ReservationCancelRequested { .. } => self.cancel_asked = true,
            Event::ReservationCancelDenied => self.cancel_asked = false,
            Event::ReservationCancelled => self.end(ReservationStatus::Cancelled),
            Event::ReservationPaid { attempt, .. } => self.paid = *attempt,
            Event::ReservationRefunded { attempt, .. } => self.refunded = *attempt,
            Event::ReservationLent => self.rental = RentalStatus::Renting,
            Event::ReservationReturned => self.rental = RentalStatus::Returned,
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.customer_id() == Some(customer)
    }
}

impl Reservation {
    fn reserve(&self, request: Request, listed: Option<Won>) -> Decision {
        match &self.request {
            Some(known) if *known == request => return Ok(vec![]),
            Some(_) => return Err(Refusal::ReservationExists),
            None => {}
        }
        match (request.item_price, listed) {
            (Some(sent), Some(listed)) if sent != listed => {
                return Err(Refusal::PriceChanged { listed });
            }
            _ => {}
        }
        Ok(vec![Event::Reserved {
            item_no: request.item_no,
            customer_id: request.customer_id,
            customer_name: request.customer_name,
            phone: request.phone,
            item_price: request.item_price,
        }])
    }

    fn request_cancel(&self) -> Decision {
        let request = self.request()?;
        match (self.status()?, self.rental) {
            (ReservationStatus::Rejected, _) => Err(Refusal::AlreadyRejected),
            (ReservationStatus::Cancelled, _) => Ok(vec![]),
            (_, RentalStatus::Renting) => Err(Refusal::AlreadyLent),
            (_, RentalStatus::Returned) => Err(Refusal::AlreadyReturned),
            (_, RentalStatus::NotRenting) if self.cancel_asked => Ok(vec![]),
            // It may have been lent meanwhile; the item knows.
            (_, RentalStatus::NotRenting) => {
                let item_no = request.item_no.clone();
                Ok(vec![Event::ReservationCancelRequested { item_no }])
            }
        }
    }

    fn end(&mut self, status: ReservationStatus) {
        self.status = Some(status);
        self.cancel_asked = false;
    }
}

#[cfg(test)]
mod tests;
