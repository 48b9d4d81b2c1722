//! An order: the customer's side of a rental.
//!
//! 1. The fee is the product's for one × quantity; a client that sends another amount is told.
//!    Where the product has none, the client's amount is the agreed fee.
//! 2. An order is confirmed when its stock is reserved. Nothing is charged or sent before.
//! 3. It is cancelled once: by the customer until it is completed, for a shortage whenever one is
//!    found, and because its fee was not paid.
//! 4. Stock that comes after the cancellation is declined, and goes back.
//! 5. It is completed when the goods are delivered.

use crate::{Aggregate, Id, Kind, Quantity, Won, shared::Name};
use serde::{Deserialize, Serialize};

mod refusal;
mod status;
pub use refusal::Refusal;
pub use status::{CancelledBy, Status};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    RentalRequested {
        product_id: Id,
        product_name: Name,
        qty: Quantity,
        /// The whole fee.
        amount: Won,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
    },
    /// Says again what is rented for how much, so that the bill needs no other fact.
    StockConfirmed {
        product_id: Id,
        qty: Quantity,
        amount: Won,
    },
    /// It came too late: the order was cancelled by then.
    StockDeclined {
        product_id: Id,
    },
    RentalCancellationOccured {
        by: CancelledBy,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        product_id: Id,
        qty: Quantity,
        /// Whether the stock was confirmed, so that there may be a fee and a shipment.
        confirmed: bool,
    },
    RentalCompleted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Request(Request),
    ConfirmStock,
    /// The customer's wish.
    Cancel,
    CancelForShortage {
        reason: String,
    },
    CancelForFee {
        reason: Option<String>,
    },
    Complete,
}

/// What a customer asks for, and what the inventory says about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub product_id: Id,
    /// As the inventory has it.
    pub product_name: Name,
    pub qty: Quantity,
    /// The whole fee, as the client sent it.
    pub amount: Option<Won>,
    /// Of one, as the inventory has it.
    pub unit_fee: Option<Won>,
    pub customer_id: Option<Id>,
}

/// One order, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Order {
    content: Option<Content>,
    phase: Phase,
    stock_declined: bool,
}

#[derive(Clone, Debug)]
struct Content {
    product_id: Id,
    product_name: Name,
    qty: Quantity,
    amount: Won,
    customer_id: Option<Id>,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Requested,
    Confirmed,
    Completed,
    Cancelled(Cancellation),
}

#[derive(Clone, Debug, PartialEq)]
struct Cancellation {
    by: CancelledBy,
    reason: Option<String>,
    confirmed: bool,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Order {
    const CATEGORY: &'static str = "rental.order";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Request(request) => self.request(request),
            Command::ConfirmStock => self.confirm_stock(),
            Command::Cancel => self.cancel(),
            Command::CancelForShortage { reason } => {
                self.cancelled(CancelledBy::Shortage, Some(reason))
            }
            Command::CancelForFee { reason } => {
                self.cancelled(CancelledBy::Payment, reason.as_deref())
            }
            Command::Complete => self.complete(),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::RentalRequested { product_id, product_name, qty, amount, customer_id } => {
                self.content = Some(Content {
                    product_id: product_id.clone(),
                    product_name: product_name.clone(),
                    qty: *qty,
                    amount: *amount,
                    customer_id: customer_id.clone(),
                });
            }
            Event::StockConfirmed { .. } => self.phase = Phase::Confirmed,
            Event::StockDeclined { .. } => self.stock_declined = true,
            Event::RentalCancellationOccured { by, reason, confirmed, .. } => {
                let (by, reason, confirmed) = (*by, reason.clone(), *confirmed);
                self.phase = Phase::Cancelled(Cancellation { by, reason, confirmed });
            }
            Event::RentalCompleted => self.phase = Phase::Completed,
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.customer_id() == Some(customer)
    }
}

impl Order {
    fn content(&self) -> Result<&Content, Refusal> {
        self.content.as_ref().ok_or(Refusal::UnknownOrder)
    }

    fn request(&self, request: &Request) -> Decision {
        if let Some(known) = &self.content {
            return if known.is(request) { Ok(vec![]) } else { Err(Refusal::OrderExists) };
        }
        Ok(vec![Event::RentalRequested {
            product_id: request.product_id.clone(),
            product_name: request.product_name.clone(),
            qty: request.qty,
            amount: request.fee()?,
            customer_id: request.customer_id.clone(),
        }])
    }

    fn confirm_stock(&self) -> Decision {
        let content = self.content()?;
        let product_id = content.product_id.clone();
        match &self.phase {
            Phase::Requested => {
                let (qty, amount) = (content.qty, content.amount);
                Ok(vec![Event::StockConfirmed { product_id, qty, amount }])
            }
            Phase::Cancelled(cancelled) if !cancelled.confirmed && !self.stock_declined => {
                Ok(vec![Event::StockDeclined { product_id }])
            }
            Phase::Confirmed | Phase::Completed | Phase::Cancelled(_) => Ok(vec![]),
        }
    }

    fn cancel(&self) -> Decision {
        if self.phase == Phase::Completed {
            return Err(Refusal::AlreadyCompleted);
        }
        self.cancelled(CancelledBy::Customer, None)
    }

    fn cancelled(&self, by: CancelledBy, reason: Option<&str>) -> Decision {
        let content = self.content()?;
        if matches!(self.phase, Phase::Cancelled(_)) {
            return Ok(vec![]);
        }
        Ok(vec![Event::RentalCancellationOccured {
            by,
            reason: reason.map(str::to_owned),
            product_id: content.product_id.clone(),
            qty: content.qty,
            confirmed: self.phase != Phase::Requested,
        }])
    }

    fn complete(&self) -> Decision {
        self.content()?;
        match &self.phase {
            Phase::Requested => Err(Refusal::NotConfirmed),
            Phase::Confirmed => Ok(vec![Event::RentalCompleted]),
            Phase::Completed | Phase::Cancelled(_) => Ok(vec![]),
        }
    }
}

impl Request {
    fn fee(&self) -> Result<Won, Refusal> {
        let Some(unit_fee) = self.unit_fee else {
            return self.amount.ok_or(Refusal::AmountMissing);
        };
        let amount = unit_fee.times(self.qty).map_err(|_| Refusal::AmountTooLarge)?;
        match self.amount {
            Some(sent) if sent != amount => Err(Refusal::PriceChanged { amount }),
            Some(_) | None => Ok(amount),
        }
    }
}

impl Content {
    /// Whether the request asks for just this.
    fn is(&self, request: &Request) -> bool {
        self.product_id == request.product_id
            && self.qty == request.qty
            && self.customer_id == request.customer_id
            && request.amount.is_none_or(|amount| amount == self.amount)
    }
}

#[cfg(test)]
mod tests;
