//! A delivery: goods that a customer gives to be kept.
//!
//! 1. A delivery is of one product, for one customer or for nobody in particular.
//! 2. What is to be delivered is on record before it is stocked in; once it is in stock the delivery
//!    is delivered.

use crate::{Aggregate, Id, Kind, Quantity, shared::Name};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    DeliveryRequested {
        product: Name,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
    },
    Delivered,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    RequestDelivery { product: Name, qty: Quantity, customer_id: Option<Id> },
    CompleteDelivery,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such delivery")]
    UnknownDelivery,
    #[error("another delivery has this id")]
    DeliveryExists,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDelivery => "unknown-delivery",
            Self::DeliveryExists => "delivery-exists",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownDelivery => Kind::Unknown,
            Self::DeliveryExists => Kind::Rule,
        }
    }
}

/// One delivery, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    content: Option<Content>,
    delivered: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Content {
    product: Name,
    qty: Quantity,
    customer_id: Option<Id>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Delivery {
    const CATEGORY: &'static str = "warehouse.delivery";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::RequestDelivery { product, qty, customer_id } => {
                self.request(product, *qty, customer_id.as_ref())
            }
            Command::CompleteDelivery => self.complete(),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DeliveryRequested { product, qty, customer_id } => {
                self.content = Some(Content {
                    product: product.clone(),
                    qty: *qty,
                    customer_id: customer_id.clone(),
                });
            }
            Event::Delivered => self.delivered = true,
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.customer_id() == Some(customer)
    }
}

impl Delivery {
    pub fn exists(&self) -> bool {
        self.content.is_some()
    }

    /// Whether the goods are in stock.
    pub fn delivered(&self) -> bool {
        self.delivered
    }

    pub fn product(&self) -> Option<&Name> {
        self.content.as_ref().map(|content| &content.product)
    }

    pub fn qty(&self) -> Option<Quantity> {
        self.content.as_ref().map(|content| content.qty)
    }

    pub fn customer_id(&self) -> Option<&Id> {
        self.content.as_ref()?.customer_id.as_ref()
    }

    fn request(&self, product: &Name, qty: Quantity, customer_id: Option<&Id>) -> Decision {
        let content = Content { product: product.clone(), qty, customer_id: customer_id.cloned() };
        match &self.content {
            Some(known) if *known == content => Ok(vec![]),
            Some(_) => Err(Refusal::DeliveryExists),
            None => Ok(vec![Event::DeliveryRequested {
                product: content.product,
                qty,
                customer_id: content.customer_id,
            }]),
        }
    }

    fn complete(&self) -> Decision {
        match self.delivered {
            _ if !self.exists() => Err(Refusal::UnknownDelivery),
            true => Ok(vec![]),
            false => Ok(vec![Event::Delivered]),
        }
    }
}

#[cfg(test)]
mod tests;
