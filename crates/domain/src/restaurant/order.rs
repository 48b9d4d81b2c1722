//! An order: the customer's side of a meal.
//!
//! 1. An order is taken at once; whether there are portions is found out later.
//! 2. It is cancelled once, because the customer wants it or because there were not enough portions.
//!    The kitchen decides which, see [`cook`](super::cook).

use super::MenuId;
use crate::{Aggregate, Id, Kind, Quantity};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    Ordered {
        /// The restaurant's menu.
        menu: MenuId,
        customer_id: Id,
        qty: Quantity,
    },
    OrderCancelled,
    OrderQtyOverCancelled,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Place { menu: MenuId, customer_id: Id, qty: Quantity },
    Cancel,
    CancelForShortage,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such order")]
    UnknownOrder,
    #[error("another order has this id")]
    OrderExists,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown-order",
            Self::OrderExists => "order-exists",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownOrder => Kind::Unknown,
            Self::OrderExists => Kind::Rule,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ordered,
    Cancelled,
    QtyOver,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ORDER : ORDERED",
            Self::Cancelled => "ORDER : ORDER CANCELED",
            Self::QtyOver => "ORDER : QTY OVER CANCELED",
        }
    }
}

/// One order, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Order {
    content: Option<Content>,
    cancelled: Option<Status>,
}

#[derive(Clone, Debug, PartialEq)]
struct Content {
    menu: MenuId,
    customer_id: Id,
    qty: Quantity,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Order {
    const CATEGORY: &'static str = "restaurant.order";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Place { menu, customer_id, qty } => self.place(menu, customer_id, *qty),
            Command::Cancel => self.cancel(Event::OrderCancelled),
            Command::CancelForShortage => self.cancel(Event::OrderQtyOverCancelled),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Ordered { menu, customer_id, qty } => {
                self.content = Some(Content {
                    menu: menu.clone(),
                    customer_id: customer_id.clone(),
                    qty: *qty,
                });
            }
            Event::OrderCancelled => self.cancelled = Some(Status::Cancelled),
            Event::OrderQtyOverCancelled => self.cancelled = Some(Status::QtyOver),
        }
    }

    fn is_for(&self, _: &str, customer: &Id) -> bool {
        self.customer_id() == Some(customer)
    }
}

impl Order {
    pub fn exists(&self) -> bool {
        self.content.is_some()
    }

    /// `None` when there is no order.
    pub fn status(&self) -> Option<Status> {
        let status = self.cancelled.unwrap_or(Status::Ordered);
        self.exists().then_some(status)
    }

    pub fn menu(&self) -> Option<&MenuId> {
        self.content.as_ref().map(|content| &content.menu)
    }

    pub fn customer_id(&self) -> Option<&Id> {
        self.content.as_ref().map(|content| &content.customer_id)
    }

    pub fn qty(&self) -> Option<Quantity> {
        self.content.as_ref().map(|content| content.qty)
    }

    fn place(&self, menu: &MenuId, customer_id: &Id, qty: Quantity) -> Decision {
        let content = Content { menu: menu.clone(), customer_id: customer_id.clone(), qty };
        match &self.content {
            Some(known) if *known == content => Ok(vec![]),
            Some(_) => Err(Refusal::OrderExists),
            None => Ok(vec![Event::Ordered {
                menu: content.menu,
                customer_id: content.customer_id,
                qty,
            }]),
        }
    }

    fn cancel(&self, as_fact: Event) -> Decision {
        match self.cancelled {
            _ if !self.exists() => Err(Refusal::UnknownOrder),
            Some(_) => Ok(vec![]),
            None => Ok(vec![as_fact]),
        }
    }
}

#[cfg(test)]
mod tests;
