//! The courier's side of an order. Its id is the order's.
//!
//! 1. What is cooked is taken out, and delivered once.
//! 2. What is not cooked is never taken out.

use super::CancelReason;
use crate::{Aggregate, Kind};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    /// Cooked, and on its way.
    Shipped,
    DeliveryCompleted,
    ShippedCancelled {
        reason: CancelReason,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Start,
    Complete,
    Cancel { reason: CancelReason },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such delivery")]
    UnknownDelivery,
    #[error("the delivery is on its way")]
    AlreadyShipped,
    #[error("the order is cancelled")]
    OrderCancelled,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDelivery => "unknown-delivery",
            Self::AlreadyShipped => "already-shipped",
            Self::OrderCancelled => "order-cancelled",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownDelivery => Kind::Unknown,
            Self::AlreadyShipped | Self::OrderCancelled => Kind::Rule,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    CookFin,
    DeliveryFin,
    Cancelled,
    QtyOver,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CookFin => "DELIVERY : COOK FIN",
            Self::DeliveryFin => "DELIVERY : DELIVERY FIN",
            Self::Cancelled => "DELIVERY : ORDER CANCELED",
            Self::QtyOver => "DELIVERY : QTY OVER",
        }
    }
}

impl From<CancelReason> for Status {
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Cancelled => Self::Cancelled,
            CancelReason::QtyOver => Self::QtyOver,
        }
    }
}

/// One delivery, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    status: Option<Status>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Delivery {
    const CATEGORY: &'static str = "restaurant.delivery";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Start => self.start(),
            Command::Complete => self.complete(),
            Command::Cancel { reason } => self.cancel(*reason),
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.status = Some(match event {
            Event::Shipped => Status::CookFin,
            Event::DeliveryCompleted => Status::DeliveryFin,
            Event::ShippedCancelled { reason } => Status::from(*reason),
        });
    }
}

impl Delivery {
    /// `None` when there is nothing to deliver yet.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    fn start(&self) -> Decision {
        match self.status {
            None => Ok(vec![Event::Shipped]),
            Some(Status::CookFin | Status::DeliveryFin) => Ok(vec![]),
            Some(Status::Cancelled | Status::QtyOver) => Err(Refusal::OrderCancelled),
        }
    }

    fn complete(&self) -> Decision {
        match self.status.ok_or(Refusal::UnknownDelivery)? {
            Status::CookFin => Ok(vec![Event::DeliveryCompleted]),
            Status::DeliveryFin => Ok(vec![]),
            Status::Cancelled | Status::QtyOver => Err(Refusal::OrderCancelled),
        }
    }

    fn cancel(&self, reason: CancelReason) -> Decision {
        match self.status {
            None => Ok(vec![Event::ShippedCancelled { reason }]),
            Some(Status::Cancelled | Status::QtyOver) => Ok(vec![]),
            Some(Status::CookFin | Status::DeliveryFin) => Err(Refusal::AlreadyShipped),
        }
    }
}

#[cfg(test)]
mod tests;
