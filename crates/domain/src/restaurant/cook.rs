//! The kitchen's side of an order. Its id is the order's.
//!
//! 1. The kitchen receives an order once its portions are reserved, and cooks it once.
//! 2. Here it is decided whether an order is cooked or cancelled, and for which reason: never two of
//!    these. Until it is cooked it can be cancelled, also before the kitchen saw it, which then
//!    never cooks it.

use super::{CancelReason, MenuId};
use crate::{Aggregate, Kind, Quantity};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    CookReceived {
        menu: MenuId,
        qty: Quantity,
    },
    Cooked,
    /// Names the menu, whose portions come back.
    CookCancelled {
        menu: MenuId,
        reason: CancelReason,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Receive { menu: MenuId, qty: Quantity },
    Complete,
    Cancel { menu: MenuId, reason: CancelReason },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the kitchen has no such order")]
    UnknownCook,
    #[error("the order is cooked")]
    AlreadyCooked,
    #[error("the order is cancelled")]
    OrderCancelled,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownCook => "unknown-cook",
            Self::AlreadyCooked => "already-cooked",
            Self::OrderCancelled => "order-cancelled",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownCook => Kind::Unknown,
            Self::AlreadyCooked | Self::OrderCancelled => Kind::Rule,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Received,
    Cooked,
    Cancelled,
    QtyOver,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "COOK : ORDER RECEIPT",
            Self::Cooked => "COOKED",
            Self::Cancelled => "COOK : ORDER CANCELED",
            Self::QtyOver => "COOK : QTY OVER",
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

/// What the kitchen does about one order, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Cook {
    status: Option<Status>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Cook {
    const CATEGORY: &'static str = "restaurant.cook";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Receive { menu, qty } => self.receive(menu, *qty),
            Command::Complete => self.complete(),
            Command::Cancel { menu, reason } => self.cancel(menu, *reason),
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.status = Some(match event {
            Event::CookReceived { .. } => Status::Received,
            Event::Cooked => Status::Cooked,
            Event::CookCancelled { reason, .. } => Status::from(*reason),
        });
    }
}

impl Cook {
    /// `None` when nothing ever reached the kitchen.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    fn receive(&self, menu: &MenuId, qty: Quantity) -> Decision {
        if self.status.is_some() {
            return Ok(vec![]);
        }
        let menu = menu.clone();
        Ok(vec![Event::CookReceived { menu, qty }])
    }

    fn complete(&self) -> Decision {
        match self.status.ok_or(Refusal::UnknownCook)? {
            Status::Received => Ok(vec![Event::Cooked]),
            Status::Cooked => Ok(vec![]),
            Status::Cancelled | Status::QtyOver => Err(Refusal::OrderCancelled),
        }
    }

    fn cancel(&self, menu: &MenuId, reason: CancelReason) -> Decision {
        match self.status {
            Some(Status::Cooked) => Err(Refusal::AlreadyCooked),
            Some(Status::Cancelled | Status::QtyOver) => Ok(vec![]),
            None | Some(Status::Received) => {
                let menu = menu.clone();
                Ok(vec![Event::CookCancelled { menu, reason }])
            }
        }
    }
}

#[cfg(test)]
mod tests;
