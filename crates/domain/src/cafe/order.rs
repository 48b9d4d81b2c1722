//! An order: the customer's side of a cup of coffee.
//!
//! 1. The amount is price × quantity. The price is the menu's; a client that sends another one is
//!    told, and where the menu knows none the client's counts.
//! 2. Selecting is on record before the payment is asked for. A payment ends once, as paid or as
//!    failed, and an approval that comes after a failure does not make the order paid.
//! 3. A payment that could not be asked for may be tried again: that is a new attempt, with today's
//!    price and a payment key of its own. One that was declined stays declined.
//! 4. A charge of another amount is no payment: the attempt fails as unavailable, and the money is
//!    given back like any charge that surfaces late.
//! 5. A customer may ask to cancel a paid order until it is made. The store's ticket decides, and
//!    answers once.
//! 6. What the store says may arrive in any order and more than once. Being made implies being
//!    accepted, so what is missing in between is recorded with it.
//! 7. Accepted excludes refused and canceled, for ever.
//! 8. Money goes back once for each attempt: for a paid order that the store refused or canceled,
//!    and for a failed attempt that was charged after all.

use crate::shared::personal::Personal;
use crate::{Aggregate, Id, Quantity, Won, shared::Name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

mod payment;
mod refusal;
mod status;
mod store;
pub use refusal::Refusal;
pub use status::{PaymentStatus, Status, payment_key};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    /// The intent to pay: whoever finds it without an outcome asks the gateway.
    OrderSelected {
        product: Name,
        qty: Quantity,
        price: Won,
        amount: Won,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<Personal>,
        /// Counts from 1.
        attempt: u32,
    },
    /// Says again what was ordered, so that the store needs no other fact.
    PaymentCompleted {
        attempt: u32,
        amount: Won,
        charge_id: String,
        product: Name,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
    },
    PaymentFailed {
        attempt: u32,
        reason: PaymentFailure,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    OrderCancelRequested,
    OrderAccepted,
    OrderRefused {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    OrderCanceled,
    CancelDenied,
    /// Of the charge of one attempt.
    Refunded {
        attempt: u32,
        amount: Won,
    },
    OrderMade,
    OrderPickedUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentFailure {
    /// The gateway said no.
    Declined,
    /// The gateway gave no usable answer.
    Unavailable,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Place {
        product: Name,
        qty: Quantity,
        /// Of one, as the client sent it.
        price: Option<Won>,
        /// Of one, as the menu has it.
        listed: Option<Won>,
        customer_id: Option<Id>,
        phone: Option<Personal>,
    },
    /// `amount` is what the gateway charged.
    NotePaid {
        attempt: u32,
        amount: Won,
        charge_id: String,
    },
    NotePaymentFailed {
        attempt: u32,
        reason: PaymentFailure,
        detail: Option<String>,
    },
    RequestCancel,
    NoteAccepted,
    NoteRefused {
        reason: Option<String>,
    },
    NoteCanceled,
    NoteCancelDenied,
    /// The gateway gave back `amount` for the charge of `attempt`.
    NoteRefunded {
        attempt: u32,
        amount: Won,
    },
    NoteMade,
    NotePickedUp,
}

/// One order, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Order {
    selection: Option<Selection>,
    payment: Payment,
    store: Store,
    cancel: Cancel,
    /// The attempts whose charge was given back.
    refunded: BTreeSet<u32>,
}

#[derive(Clone, Debug)]
struct Selection {
    product: Name,
    qty: Quantity,
    price: Won,
    amount: Won,
    customer_id: Option<Id>,
    phone: Option<Personal>,
    attempt: u32,
}

/// Of the last attempt.
#[derive(Clone, Debug, Default, PartialEq)]
enum Payment {
    #[default]
    Open,
    Paid,
    Failed {
        reason: PaymentFailure,
        detail: Option<String>,
    },
}

/// How far the store is; the first four in the order in which they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
enum Store {
    #[default]
    Waiting,
    Accepted,
    Made,
    PickedUp,
    Refused,
    Canceled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Cancel {
    #[default]
    NotAsked,
    Asked,
    Denied,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Order {
    const CATEGORY: &'static str = "cafe.order";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Place { product, qty, price, listed, customer_id, phone } => {
                self.place(product, *qty, (*price, *listed), customer_id, phone)
            }
            Command::NotePaid { attempt, amount, charge_id } => {
                self.note_paid(*attempt, *amount, charge_id)
            }
            Command::NotePaymentFailed { attempt, reason, detail } => {
                self.note_payment_failed(*attempt, *reason, detail.as_deref())
            }
            Command::RequestCancel => self.request_cancel(),
            Command::NoteAccepted => self.note_progress(Store::Accepted),
            Command::NoteRefused { reason } => self.note_refused(reason.as_deref()),
            Command::NoteCanceled => self.note_canceled(),
            Command::NoteCancelDenied => self.note_cancel_denied(),
            Command::NoteRefunded { attempt, amount } => self.note_refunded(*attempt, *amount),
            Command::NoteMade => self.note_progress(Store::Made),
            Command::NotePickedUp => self.note_progress(Store::PickedUp),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::OrderSelected { product, qty, price, amount, customer_id, phone, attempt } => {
                self.selection = Some(Selection {
                    product: product.clone(),
                    qty: *qty,
                    price: *price,
                    amount: *amount,
                    customer_id: customer_id.clone(),
                    phone: phone.clone(),
                    attempt: *attempt,
                });
                self.payment = Payment::Open;
            }
            Event::PaymentCompleted { .. } => self.payment = Payment::Paid,
            Event::PaymentFailed { reason, detail, .. } => {
                self.payment = Payment::Failed { reason: *reason, detail: detail.clone() };
            }
            Event::OrderCancelRequested => self.cancel = Cancel::Asked,
            Event::OrderAccepted => self.store = Store::Accepted,
            Event::OrderRefused { .. } => self.store = Store::Refused,
            Event::OrderCanceled => self.store = Store::Canceled,
            Event::CancelDenied => self.cancel = Cancel::Denied,
            Event::Refunded { attempt, .. } => {
                self.refunded.insert(*attempt);
            }
            Event::OrderMade => self.store = Store::Made,
            Event::OrderPickedUp => self.store = Store::PickedUp,
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.customer_id() == Some(customer)
    }
}

impl Order {
    fn selection(&self) -> Result<&Selection, Refusal> {
        self.selection.as_ref().ok_or(Refusal::UnknownOrder)
    }

    fn must_be_paid(&self) -> Result<(), Refusal> {
        self.selection()?;
        match self.payment {
            Payment::Paid => Ok(()),
            Payment::Open | Payment::Failed { .. } => Err(Refusal::NotPaid),
        }
    }
}

#[cfg(test)]
mod tests;
