//! The money for one reservation. Its id is the reservation's.
//!
//! 1. Requesting is on record before the gateway is asked. Each attempt ends once, as approved,
//!    declined or failed, and has a key of its own.
//! 2. After an attempt that left nothing paid the renter may pay again: that is the next attempt.
//! 3. A charge of another amount is no payment: the attempt fails, and the money goes back like any
//!    charge that surfaces late.
//! 4. An approved payment can be canceled. The wish is on record before the gateway is asked, and
//!    the money goes back once.
//! 5. When its reservation is cancelled the payment is closed: no attempt starts any more, what is
//!    approved is canceled, and what is still under way is canceled once it is approved.

use super::status::PaymentStatus;
use crate::{Aggregate, Id, Kind, Won};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

mod decisions;
mod state;
pub use state::{Failure, payment_key};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    /// The intent to pay: whoever finds it without an outcome asks the gateway.
    PaymentRequested {
        item_no: Id,
        amount: Won,
        /// Counts from 1.
        attempt: u32,
    },
    /// `payment_no` is the gateway's name for the charge.
    PaymentApproved {
        item_no: Id,
        amount: Won,
        attempt: u32,
        payment_no: String,
    },
    PaymentDeclined {
        attempt: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The gateway gave no usable answer.
    PaymentFailed {
        attempt: u32,
        reason: String,
    },
    /// The intent to give back: whoever finds it without an outcome asks the gateway.
    PaymentCancelRequested {
        attempt: u32,
    },
    PaymentCanceled {
        item_no: Id,
        amount: Won,
        attempt: u32,
    },
    /// A failed attempt was charged after all, and the money went back.
    ChargeReturned {
        amount: Won,
        attempt: u32,
    },
    PaymentClosed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Request {
        item_no: Id,
        amount: Won,
    },
    /// `amount` is what the gateway charged.
    Approve {
        attempt: u32,
        amount: Won,
        payment_no: String,
    },
    Decline {
        attempt: u32,
        reason: Option<String>,
    },
    Fail {
        attempt: u32,
        reason: String,
    },
    Cancel {
        attempt: u32,
    },
    Close,
    /// The gateway gave back `amount` for the charge of `attempt`.
    NoteRefunded {
        attempt: u32,
        amount: Won,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("no payment was asked for")]
    NotRequested,
    #[error("the reservation is cancelled, and can no longer be paid")]
    PaymentClosed,
    #[error("the payment is being canceled")]
    CancelPending,
    #[error("the reservation is not paid")]
    NotPaid,
    #[error("payment attempt {attempt} is over, and not as paid")]
    AttemptOver { attempt: u32 },
    #[error("nothing is to be given back for payment attempt {attempt}")]
    NoRefundDue { attempt: u32 },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotRequested => "payment-not-requested",
            Self::PaymentClosed => "payment-closed",
            Self::CancelPending => "payment-cancel-pending",
            Self::NotPaid => "not-paid",
            Self::AttemptOver { .. } => "payment-attempt-over",
            Self::NoRefundDue { .. } => "no-refund-due",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::NotRequested
            | Self::PaymentClosed
            | Self::CancelPending
            | Self::NotPaid
            | Self::AttemptOver { .. }
            | Self::NoRefundDue { .. } => Kind::Rule,
        }
    }
}

/// The money for one reservation, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Payment {
    attempt: Option<Attempt>,
    closed: bool,
    /// Whether an approved attempt was ever given back.
    refunded: bool,
    /// The attempts whose charge was given back.
    returned: BTreeSet<u32>,
}

/// The last attempt to pay.
#[derive(Clone, Debug)]
struct Attempt {
    item_no: Id,
    amount: Won,
    number: u32,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Open,
    Approved,
    CancelRequested,
    Canceled,
    Declined,
    Failed,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Payment {
    const CATEGORY: &'static str = "market.payment";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Request { item_no, amount } => self.request(item_no, *amount),
            Command::Approve { attempt, amount, payment_no } => {
                self.approve(*attempt, *amount, payment_no)
            }
            Command::Decline { attempt, reason } => self.decline(*attempt, reason.as_deref()),
            Command::Fail { attempt, reason } => self.fail(*attempt, reason),
            Command::Cancel { attempt } => self.cancel(*attempt),
            Command::Close => self.close(),
            Command::NoteRefunded { attempt, amount } => self.note_refunded(*attempt, *amount),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PaymentRequested { item_no, amount, attempt } => {
                self.attempt = Some(Attempt {
                    item_no: item_no.clone(),
                    amount: *amount,
                    number: *attempt,
                    stage: Stage::Open,
                });
            }
            Event::PaymentApproved { .. } => self.reach(Stage::Approved),
            Event::PaymentDeclined { .. } => self.reach(Stage::Declined),
            Event::PaymentFailed { .. } => self.reach(Stage::Failed),
            Event::PaymentCancelRequested { .. } => self.reach(Stage::CancelRequested),
            Event::PaymentCanceled { attempt, .. } => {
                self.reach(Stage::Canceled);
                self.refunded = true;
                self.returned.insert(*attempt);
            }
            Event::ChargeReturned { attempt, .. } => {
                self.returned.insert(*attempt);
            }
            Event::PaymentClosed => self.closed = true,
        }
    }
}

#[cfg(test)]
mod tests;
