//! A bill: the fee of one rental. Its id is the order's.
//!
//! 1. The fee is asked for once; the intent is on record before the gateway is.
//! 2. It is received or declined. A charge of another amount is no payment: the fee counts as
//!    declined, and the money is given back.
//! 3. A refund is asked for when the rental is cancelled. What was received goes back, once; what
//!    was not is never asked for again, and a charge that surfaces after all is given back.
//! 4. Asking for the refund before the fee means that the fee is never asked for.

use crate::{Aggregate, Id, Kind, Quantity, Won};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    /// The intent: whoever finds it without an outcome asks the gateway.
    FeeRequested {
        amount: Won,
        product_id: Id,
        qty: Quantity,
    },
    /// Says again for what, so that the shipment needs no other fact.
    FeeReceived {
        amount: Won,
        charge_id: String,
        product_id: Id,
        qty: Quantity,
    },
    FeeDeclined {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// No fee is due any more, and none was received.
    FeeCancelled {
        /// What was asked for by then, if it was: it may be charged all the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        asked: Option<Won>,
    },
    /// The intent to give back.
    RefundRequested {
        amount: Won,
    },
    FeeRefundCompleted {
        amount: Won,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Charge {
        amount: Won,
        product_id: Id,
        qty: Quantity,
    },
    /// `amount` is what the gateway charged.
    NoteReceived {
        amount: Won,
        charge_id: String,
    },
    NoteDeclined {
        reason: Option<String>,
    },
    Refund,
    /// The gateway gave `amount` back.
    NoteRefunded {
        amount: Won,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("no fee was asked for")]
    NotCharged,
    #[error("the fee is not open any more")]
    FeeClosed,
    #[error("nothing is to be given back")]
    NoRefundDue,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotCharged => "not-charged",
            Self::FeeClosed => "fee-closed",
            Self::NoRefundDue => "no-refund-due",
        }
    }

    fn kind(&self) -> Kind {
        Kind::Rule
    }
}

/// The idempotency key under which the gateway knows the fee of an order.
pub fn payment_key(order_id: &str) -> String {
    format!("rental-{order_id}")
}

/// One bill, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    fee: Option<Fee>,
    phase: Phase,
    refunded: bool,
}

#[derive(Clone, Debug)]
struct Fee {
    amount: Won,
    product_id: Id,
    qty: Quantity,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    NotAsked,
    Asked,
    Received,
    /// Received, and asked back.
    RefundAsked,
    Declined,
    Cancelled,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Bill {
    const CATEGORY: &'static str = "rental.bill";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Charge { amount, product_id, qty } => self.charge(*amount, product_id, *qty),
            Command::NoteReceived { amount, charge_id } => self.note_received(*amount, charge_id),
            Command::NoteDeclined { reason } => self.note_declined(reason.as_deref()),
            Command::Refund => self.refund(),
            Command::NoteRefunded { amount } => self.note_refunded(*amount),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::FeeRequested { amount, product_id, qty } => {
                let (amount, product_id, qty) = (*amount, product_id.clone(), *qty);
                self.fee = Some(Fee { amount, product_id, qty });
                self.phase = Phase::Asked;
            }
            Event::FeeReceived { .. } => self.phase = Phase::Received,
            Event::FeeDeclined { .. } => self.phase = Phase::Declined,
            Event::FeeCancelled { .. } => self.phase = Phase::Cancelled,
            Event::RefundRequested { .. } => self.phase = Phase::RefundAsked,
            Event::FeeRefundCompleted { .. } => self.refunded = true,
        }
    }
}

impl Bill {
    /// The fee that was asked for and has no outcome yet: the gateway is to be asked.
    pub fn open(&self) -> Option<Won> {
        let open = self.phase == Phase::Asked;
        self.fee.as_ref().filter(|_| open).map(|fee| fee.amount)
    }

    /// Whether the fee was received, also when it went back since.
    pub fn received(&self) -> bool {
        matches!(self.phase, Phase::Received | Phase::RefundAsked)
    }

    /// What is to be given back, until it was.
    pub fn refund_due(&self) -> Option<Won> {
        let due = self.phase == Phase::RefundAsked && !self.refunded;
        self.fee.as_ref().filter(|_| due).map(|fee| fee.amount)
    }

    /// Whether money came back to the customer.
    pub fn refunded(&self) -> bool {
        self.refunded
    }

    fn charge(&self, amount: Won, product_id: &Id, qty: Quantity) -> Decision {
        if self.phase != Phase::NotAsked {
            return Ok(vec![]);
        }
        Ok(vec![Event::FeeRequested { amount, product_id: product_id.clone(), qty }])
    }

    fn note_received(&self, amount: Won, charge_id: &str) -> Decision {
        let fee = self.fee.as_ref().ok_or(Refusal::NotCharged)?;
        match self.phase {
            Phase::Received | Phase::RefundAsked => Ok(vec![]),
            Phase::NotAsked | Phase::Declined | Phase::Cancelled => Err(Refusal::FeeClosed),
            Phase::Asked if amount != fee.amount => {
                let (charged, due) = (amount.get(), fee.amount.get());
                self.note_declined(Some(&format!("{charged} won were charged, not {due}")))
            }
            Phase::Asked => Ok(vec![Event::FeeReceived {
                amount,
                charge_id: charge_id.to_owned(),
                product_id: fee.product_id.clone(),
                qty: fee.qty,
            }]),
        }
    }

    fn note_declined(&self, reason: Option<&str>) -> Decision {
        if self.phase != Phase::Asked {
            return Ok(vec![]);
        }
        let reason = reason.map(str::to_owned);
        Ok(vec![Event::FeeDeclined { reason }])
    }

    fn refund(&self) -> Decision {
        match (self.phase, &self.fee) {
            (Phase::Received, Some(fee)) => Ok(vec![Event::RefundRequested { amount: fee.amount }]),
            (Phase::NotAsked | Phase::Asked, _) => {
                Ok(vec![Event::FeeCancelled { asked: self.open() }])
            }
            (Phase::Received | Phase::RefundAsked | Phase::Declined | Phase::Cancelled, _) => {
                Ok(vec![])
            }
        }
    }

    fn note_refunded(&self, amount: Won) -> Decision {
        if self.refunded {
            return Ok(vec![]);
        }
        match self.phase {
            // After the last two it surfaced late.
            Phase::RefundAsked | Phase::Declined | Phase::Cancelled => {
                Ok(vec![Event::FeeRefundCompleted { amount }])
            }
            Phase::NotAsked | Phase::Asked | Phase::Received => Err(Refusal::NoRefundDue),
        }
    }
}

#[cfg(test)]
mod tests;
