//! A shipment: the goods of one rental on their way. Its id is the order's.
//!
//! 1. The goods leave once, when the fee is received (`DeliveryStarted`), and are delivered once.
//! 2. Stopping is decided here: goods that have not left never do, and goods that have left are
//!    called back, also from the customer.
//! 3. What is called back is retrieved once. From then on it is stock again.

use crate::{Aggregate, Id, Kind, Quantity};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    DeliveryStarted {
        product_id: Id,
        qty: Quantity,
    },
    /// The goods have not left, and never will.
    DeliveryStopped {
        product_id: Id,
    },
    ItemDelivered,
    RetrieveStarted {
        product_id: Id,
        qty: Quantity,
    },
    RetrieveCompleted {
        product_id: Id,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Start {
        product_id: Id,
        qty: Quantity,
    },
    /// Stops what has not left, and calls back what has.
    Stop {
        product_id: Id,
    },
    Deliver,
    CompleteRetrieval,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such shipment")]
    UnknownShipment,
    #[error("the delivery was stopped")]
    DeliveryStopped,
    #[error("the goods are called back")]
    RetrieveStarted,
    #[error("the goods are not called back")]
    NotCalledBack,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownShipment => "unknown-shipment",
            Self::DeliveryStopped => "delivery-stopped",
            Self::RetrieveStarted => "retrieve-started",
            Self::NotCalledBack => "not-called-back",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownShipment => Kind::Unknown,
            Self::DeliveryStopped | Self::RetrieveStarted | Self::NotCalledBack => Kind::Rule,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Started,
    Stopped,
    Delivered,
    Retrieving,
    Retrieved,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Delivered => "delivered",
            Self::Retrieving => "retrieving",
            Self::Retrieved => "retrieved",
        }
    }
}

/// One shipment, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Shipment {
    status: Option<Status>,
    /// `None` also for goods that never left.
    goods: Option<(Id, Quantity)>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Shipment {
    const CATEGORY: &'static str = "rental.shipment";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Start { product_id, qty } => self.start(product_id, *qty),
            Command::Stop { product_id } => self.stop(product_id),
            Command::Deliver => self.deliver(),
            Command::CompleteRetrieval => self.complete_retrieval(),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DeliveryStarted { product_id, qty } => {
                self.status = Some(Status::Started);
                self.goods = Some((product_id.clone(), *qty));
            }
            Event::DeliveryStopped { .. } => self.status = Some(Status::Stopped),
            Event::ItemDelivered => self.status = Some(Status::Delivered),
            Event::RetrieveStarted { .. } => self.status = Some(Status::Retrieving),
            Event::RetrieveCompleted { .. } => self.status = Some(Status::Retrieved),
        }
    }
}

impl Shipment {
    /// `None` when nobody ever asked for it, neither to leave nor to stay.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    fn start(&self, product_id: &Id, qty: Quantity) -> Decision {
        if self.status.is_some() {
            return Ok(vec![]);
        }
        Ok(vec![Event::DeliveryStarted { product_id: product_id.clone(), qty }])
    }

    fn stop(&self, product_id: &Id) -> Decision {
        match (self.status, &self.goods) {
            (None, _) => Ok(vec![Event::DeliveryStopped { product_id: product_id.clone() }]),
            (Some(Status::Started | Status::Delivered), Some((product_id, qty))) => {
                Ok(vec![Event::RetrieveStarted { product_id: product_id.clone(), qty: *qty }])
            }
            (Some(_), _) => Ok(vec![]),
        }
    }

    fn deliver(&self) -> Decision {
        match self.status.ok_or(Refusal::UnknownShipment)? {
            Status::Started => Ok(vec![Event::ItemDelivered]),
            Status::Delivered => Ok(vec![]),
            Status::Stopped => Err(Refusal::DeliveryStopped),
            Status::Retrieving | Status::Retrieved => Err(Refusal::RetrieveStarted),
        }
    }

    fn complete_retrieval(&self) -> Decision {
        match (self.status.ok_or(Refusal::UnknownShipment)?, &self.goods) {
            (Status::Retrieving, Some((product_id, _))) => {
                Ok(vec![Event::RetrieveCompleted { product_id: product_id.clone() }])
            }
            (Status::Retrieved, _) => Ok(vec![]),
            (Status::Started | Status::Stopped | Status::Delivered | Status::Retrieving, _) => {
                Err(Refusal::NotCalledBack)
            }
        }
    }
}

#[cfg(test)]
mod tests;
