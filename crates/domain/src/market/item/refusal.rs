//! Why the answer about an item may be no.

use super::{DelistRefusal, HoldRefusal};
use crate::Kind;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such item")]
    UnknownItem,
    #[error("another item has this number")]
    ItemExists,
    #[error("the item has left the list")]
    ItemDeleted,
    #[error("a reservation holds the item")]
    ItemHeld,
    #[error("the item did not get this reservation")]
    AlreadyRejected,
    #[error("the reservation does not hold the item")]
    NotTheHolder,
    #[error("the reservation is not paid")]
    NotPaid,
    #[error("the item is lent to this reservation")]
    AlreadyLent,
    #[error("the item is not lent")]
    NotLent,
    #[error("the item came back from this reservation")]
    AlreadyReturned,
    #[error("the item did not come back from this reservation")]
    NotReturned,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownItem => HoldRefusal::UnknownItem.as_str(),
            Self::ItemExists => "item-exists",
            Self::ItemDeleted => HoldRefusal::ItemDeleted.as_str(),
            Self::ItemHeld => HoldRefusal::ItemHeld.as_str(),
            Self::AlreadyRejected => "already-rejected",
            Self::NotTheHolder => "not-the-holder",
            Self::NotPaid => "not-paid",
            Self::AlreadyLent => "already-lent",
            Self::NotLent => "not-lent",
            Self::AlreadyReturned => "already-returned",
            Self::NotReturned => "not-returned",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownItem => Kind::Unknown,
            Self::ItemExists
            | Self::ItemDeleted
            | Self::ItemHeld
            | Self::AlreadyRejected
            | Self::NotTheHolder
            | Self::NotPaid
            | Self::AlreadyLent
            | Self::NotLent
            | Self::AlreadyReturned
            | Self::NotReturned => Kind::Rule,
        }
    }
}

impl HoldRefusal {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownItem => "unknown-item",
            Self::ItemDeleted => "item-deleted",
            Self::ItemHeld => "item-held",
            Self::PriceChanged => "price-changed",
        }
    }
}

impl From<DelistRefusal> for Refusal {
    fn from(reason: DelistRefusal) -> Self {
        match reason {
            DelistRefusal::ItemHeld => Self::ItemHeld,
        }
    }
}
