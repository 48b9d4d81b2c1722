//! An item that a neighbour rents out. Its stream alone decides who has it.
//!
//! 1. A manager registers an item once. It can be deleted while it is free, and that is for good.
//! 2. Each reservation that asks to hold the item is answered once: the first to find it free, at
//!    the price it was promised, holds it.
//! 3. Only the holder's own cancel releases the item. A reservation that is cancelled before it
//!    asked never holds it.
//! 4. The holder's payment counts until it is revoked, and each attempt to pay at most once.
//! 5. Lending needs the holder, paid. From then on nothing is released or revoked.
//! 6. Only what is lent comes back, and is free again.
//! 7. The review of a returned reservation takes the item off the list, unless somebody holds it.
//!    Each submission is answered once, also when the item has left the list already.

use crate::{
    Aggregate, Id, Won,
    shared::{Name, personal::Personal},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod holding;
mod lending;
mod listing;
mod refusal;
mod state;
pub use refusal::Refusal;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    ItemRegistered {
        item_name: Name,
        item_price: Won,
    },
    /// `reservation_no` and `submission` name the review, if it was one.
    ItemDeleted {
        reason: Deletion,
        #[serde(skip_serializing_if = "Option::is_none")]
        reservation_no: Option<Id>,
        #[serde(skip_serializing_if = "Option::is_none")]
        submission: Option<u32>,
    },
    ItemHeld {
        reservation_no: Id,
        customer_id: Id,
        customer_name: Personal,
        item_name: Name,
        item_price: Won,
    },
    HoldRefused {
        reservation_no: Id,
        reason: HoldRefusal,
    },
    ItemReleased {
        reservation_no: Id,
    },
    HoldPaid {
        reservation_no: Id,
        attempt: u32,
    },
    /// The money for this attempt may go back.
    HoldUnpaid {
        reservation_no: Id,
        attempt: u32,
    },
    RentedItem {
        reservation_no: Id,
    },
    /// Says again who had it, so that whoever asks for a review needs no other fact.
    ReturnedItem {
        reservation_no: Id,
        customer_id: Id,
        customer_name: Personal,
        item_name: Name,
    },
    DelistRefused {
        reservation_no: Id,
        submission: u32,
        reason: DelistRefusal,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    ByManager,
    Reviewed,
}

/// Why a reservation does not get the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldRefusal {
    UnknownItem,
    ItemDeleted,
    ItemHeld,
    PriceChanged,
}

/// Why a review does not take the item off the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DelistRefusal {
    ItemHeld,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Register {
        item_name: Name,
        item_price: Won,
    },
    Delete,
    Hold {
        reservation_no: Id,
        customer_id: Id,
        customer_name: Personal,
        /// The price that the renter was promised, if any.
        item_price: Option<Won>,
    },
    Release {
        reservation_no: Id,
    },
    NotePaid {
        reservation_no: Id,
        attempt: u32,
    },
    RevokePayment {
        reservation_no: Id,
        attempt: u32,
    },
    Lend {
        reservation_no: Id,
    },
    Return {
        reservation_no: Id,
    },
    Delist {
        reservation_no: Id,
        submission: u32,
    },
}

/// One item, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Item {
    listing: Option<Listing>,
    deleted: bool,
    hold: Option<Hold>,
    /// What each reservation that asked was told last.
    answers: BTreeMap<Id, Answer>,
    /// The last submission of each review that was answered.
    delisted: BTreeMap<Id, u32>,
}

#[derive(Clone, Debug)]
struct Listing {
    name: Name,
    price: Won,
}

#[derive(Clone, Debug)]
struct Hold {
    reservation_no: Id,
    customer_id: Id,
    customer_name: Personal,
    /// The last attempts to pay that counted, and that no longer do.
    paid: u32,
    unpaid: u32,
    lent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Held,
    Refused,
    Released,
    Returned,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Item {
    const CATEGORY: &'static str = "market.item";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Register { item_name, item_price } => self.register(item_name, *item_price),
            Command::Delete => self.delete(),
            Command::Hold { reservation_no, customer_id, customer_name, item_price } => {
                self.hold(reservation_no, (customer_id, customer_name), *item_price)
            }
            Command::Release { reservation_no } => self.release(reservation_no),
            Command::NotePaid { reservation_no, attempt } => {
                self.note_paid(reservation_no, *attempt)
            }
            Command::RevokePayment { reservation_no, attempt } => {
                self.revoke_payment(reservation_no, *attempt)
            }
            Command::Lend { reservation_no } => self.lend(reservation_no),
            Command::Return { reservation_no } => self.take_back(reservation_no),
            Command::Delist { reservation_no, submission } => {
                self.delist(reservation_no, *submission)
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::ItemRegistered { item_name, item_price } => {
                let (name, price) = (item_name.clone(), *item_price);
                self.listing = Some(Listing { name, price });
            }
            Event::ItemDeleted { reservation_no, submission, .. } => {
                self.leave_the_list(reservation_no.as_ref(), *submission)
            }
            Event::ItemHeld { reservation_no, customer_id, customer_name, .. } => {
                self.start_hold(reservation_no, customer_id, customer_name)
            }
            Event::HoldRefused { reservation_no, .. } => {
                self.answer(reservation_no, Answer::Refused);
            }
            Event::ItemReleased { reservation_no } => {
                self.end_hold(reservation_no, Answer::Released);
            }
            Event::HoldPaid { attempt, .. } => self.remember_paid(*attempt),
            Event::HoldUnpaid { attempt, .. } => self.remember_unpaid(*attempt),
            Event::RentedItem { .. } => self.remember_lent(),
            Event::ReturnedItem { reservation_no, .. } => {
                self.end_hold(reservation_no, Answer::Returned);
            }
            Event::DelistRefused { reservation_no, submission, .. } => {
                self.remember_delist(reservation_no, *submission)
            }
        }
    }
}

#[cfg(test)]
mod tests;
