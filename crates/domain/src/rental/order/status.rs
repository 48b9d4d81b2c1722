//! What an order says of itself, in the words that views and clients use.

use super::{Order, Phase, Refusal};
use crate::{Id, Quantity, Won, shared::Name};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    #[default]
    Requested,
    Confirmed,
    Completed,
    Cancelled,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Who, or what, ended an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelledBy {
    Customer,
    Shortage,
    /// The fee was not paid.
    Payment,
}

impl CancelledBy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Shortage => "shortage",
            Self::Payment => "payment",
        }
    }
}

impl Order {
    pub fn exists(&self) -> bool {
        self.content.is_some()
    }

    /// [`Status::Requested`] also for an order that does not exist.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Requested => Status::Requested,
            Phase::Confirmed => Status::Confirmed,
            Phase::Completed => Status::Completed,
            Phase::Cancelled(_) => Status::Cancelled,
        }
    }

    /// Whether the stock was confirmed, whatever came of it.
    pub fn confirmed(&self) -> bool {
        match &self.phase {
            Phase::Requested => false,
            Phase::Confirmed | Phase::Completed => true,
            Phase::Cancelled(cancelled) => cancelled.confirmed,
        }
    }

    pub fn cancelled_by(&self) -> Option<CancelledBy> {
        match &self.phase {
            Phase::Cancelled(cancelled) => Some(cancelled.by),
            Phase::Requested | Phase::Confirmed | Phase::Completed => None,
        }
    }

    /// Refuses when the stock check found too little. A shortage that is found later is no answer
    /// to the request.
    pub fn stock_check(&self) -> Result<(), Refusal> {
        match &self.phase {
            Phase::Cancelled(cancelled)
                if cancelled.by == CancelledBy::Shortage && !cancelled.confirmed =>
            {
                let reason = cancelled.reason.clone().unwrap_or_default();
                Err(Refusal::OutOfStock { reason })
            }
            Phase::Requested | Phase::Confirmed | Phase::Completed | Phase::Cancelled(_) => Ok(()),
        }
    }

    pub fn product_id(&self) -> Option<&Id> {
        self.content.as_ref().map(|content| &content.product_id)
    }

    pub fn product_name(&self) -> Option<&Name> {
        self.content.as_ref().map(|content| &content.product_name)
    }

    pub fn qty(&self) -> Option<Quantity> {
        self.content.as_ref().map(|content| content.qty)
    }

    /// The whole fee.
    pub fn amount(&self) -> Option<Won> {
        self.content.as_ref().map(|content| content.amount)
    }

    pub fn customer_id(&self) -> Option<&Id> {
        self.content.as_ref()?.customer_id.as_ref()
    }
}
