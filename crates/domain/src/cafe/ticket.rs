//! A ticket: the store's side of a paid order. Its id is the order's.
//!
//! 1. A paid order opens one ticket, which then waits for the store (`order_get`).
//! 2. The store accepts or rejects a waiting ticket, once.
//! 3. A ticket that waits too long is rejected.
//! 4. A wish to cancel is granted while the ticket waits, or before it is opened, which it then
//!    never is. Once accepted, the wish is denied, once.
//! 5. So a ticket is accepted, rejected or canceled, and never two of these.
//! 6. Coffee is made only for an accepted ticket, and handed over only when made.

use crate::{Aggregate, Id, Kind, Quantity, shared::Name};
use serde::{Deserialize, Serialize};

/// The reason on record when a ticket is rejected because the store did not answer.
pub const NOT_ANSWERED: &str = "not answered in time";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    TicketOpened {
        product: Name,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
    },
    /// Says again for what, so that followers such as the membership need no other fact.
    OrderReceived {
        product: Name,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
    },
    OrderRejected {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    OrderCancelConfirmed,
    OrderCancelDenied,
    CoffeeMade,
    PickedUp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Receive {
        product: Name,
        qty: Quantity,
        customer_id: Option<Id>,
    },
    Accept,
    Reject {
        reason: Option<String>,
    },
    /// The store has had its time.
    Expire,
    DecideCancel,
    Make,
    HandOver,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such ticket")]
    UnknownTicket,
    #[error("the order was accepted")]
    AlreadyReceived,
    #[error("the order was rejected")]
    AlreadyRejected,
    #[error("the order was canceled")]
    OrderCanceled,
    #[error("the order is not accepted")]
    NotAccepted,
    #[error("the coffee is not made")]
    NotMade,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownTicket => "unknown-ticket",
            Self::AlreadyReceived => "already-received",
            Self::AlreadyRejected => "already-rejected",
            Self::OrderCanceled => "order-canceled",
            Self::NotAccepted => "not-accepted",
            Self::NotMade => "not-made",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownTicket => Kind::Unknown,
            Self::AlreadyReceived
            | Self::AlreadyRejected
            | Self::OrderCanceled
            | Self::NotAccepted
            | Self::NotMade => Kind::Rule,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    OrderGet,
    Receive,
    Reject,
    OrderCanceled,
    Made,
    PickedUp,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderGet => "order_get",
            Self::Receive => "receive",
            Self::Reject => "reject",
            Self::OrderCanceled => "order_canceled",
            Self::Made => "made",
            Self::PickedUp => "picked_up",
        }
    }
}

/// One ticket, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    status: Option<Status>,
    /// `None` also for a ticket that was canceled before it was opened.
    content: Option<Content>,
    cancel_denied: bool,
}

#[derive(Clone, Debug)]
struct Content {
    product: Name,
    qty: Quantity,
    customer_id: Option<Id>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Ticket {
    const CATEGORY: &'static str = "cafe.ticket";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Receive { product, qty, customer_id } => {
                self.receive(product, *qty, customer_id)
            }
            Command::Accept => self.accept(),
            Command::Reject { reason } => self.reject(reason.as_deref()),
            Command::Expire => self.expire(),
            Command::DecideCancel => self.decide_cancel(),
            Command::Make => self.make(),
            Command::HandOver => self.hand_over(),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::TicketOpened { product, qty, customer_id } => {
                self.status = Some(Status::OrderGet);
                self.content = Some(Content {
                    product: product.clone(),
                    qty: *qty,
                    customer_id: customer_id.clone(),
                });
            }
            Event::OrderReceived { .. } => self.status = Some(Status::Receive),
            Event::OrderRejected { .. } => self.status = Some(Status::Reject),
            Event::OrderCancelConfirmed => self.status = Some(Status::OrderCanceled),
            Event::OrderCancelDenied => self.cancel_denied = true,
            Event::CoffeeMade => self.status = Some(Status::Made),
            Event::PickedUp => self.status = Some(Status::PickedUp),
        }
    }
}

impl Ticket {
    pub fn exists(&self) -> bool {
        self.status.is_some()
    }

    /// `None` when nothing ever reached the store.
    pub fn status(&self) -> Option<Status> {
        self.status
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

    fn receive(&self, product: &Name, qty: Quantity, customer_id: &Option<Id>) -> Decision {
        if self.exists() {
            return Ok(vec![]);
        }
        let (product, customer_id) = (product.clone(), customer_id.clone());
        Ok(vec![Event::TicketOpened { product, qty, customer_id }])
    }

    fn accept(&self) -> Decision {
        match (self.status, &self.content) {
            (Some(Status::OrderGet), Some(content)) => Ok(vec![Event::OrderReceived {
                product: content.product.clone(),
                qty: content.qty,
                customer_id: content.customer_id.clone(),
            }]),
            (Some(Status::Receive | Status::Made | Status::PickedUp), _) => Ok(vec![]),
            (Some(Status::Reject), _) => Err(Refusal::AlreadyRejected),
            (Some(Status::OrderCanceled), _) => Err(Refusal::OrderCanceled),
            (None | Some(Status::OrderGet), _) => Err(Refusal::UnknownTicket),
        }
    }

    fn reject(&self, reason: Option<&str>) -> Decision {
        match self.status.ok_or(Refusal::UnknownTicket)? {
            Status::OrderGet => {
                let reason = reason.map(str::to_owned);
                Ok(vec![Event::OrderRejected { reason }])
            }
            Status::Reject => Ok(vec![]),
            Status::Receive | Status::Made | Status::PickedUp => Err(Refusal::AlreadyReceived),
            Status::OrderCanceled => Err(Refusal::OrderCanceled),
        }
    }

    fn expire(&self) -> Decision {
        if self.status == Some(Status::OrderGet) {
            self.reject(Some(NOT_ANSWERED))
        } else {
            Ok(vec![])
        }
    }

    fn decide_cancel(&self) -> Decision {
        match self.status {
            None | Some(Status::OrderGet) => Ok(vec![Event::OrderCancelConfirmed]),
            Some(Status::Reject | Status::OrderCanceled) => Ok(vec![]),
            Some(Status::Receive | Status::Made | Status::PickedUp) if self.cancel_denied => {
                Ok(vec![])
            }
            Some(Status::Receive | Status::Made | Status::PickedUp) => {
                Ok(vec![Event::OrderCancelDenied])
            }
        }
    }

    fn make(&self) -> Decision {
        match self.status.ok_or(Refusal::UnknownTicket)? {
            Status::Receive => Ok(vec![Event::CoffeeMade]),
            Status::Made | Status::PickedUp => Ok(vec![]),
            Status::OrderGet | Status::Reject | Status::OrderCanceled => Err(Refusal::NotAccepted),
        }
    }

    fn hand_over(&self) -> Decision {
        match self.status.ok_or(Refusal::UnknownTicket)? {
            Status::Made => Ok(vec![Event::PickedUp]),
            Status::PickedUp => Ok(vec![]),
            Status::OrderGet | Status::Receive | Status::Reject | Status::OrderCanceled => {
                Err(Refusal::NotMade)
            }
        }
    }
}

#[cfg(test)]
mod tests;
