//! Why the answer about an order may be no.

use super::Kind;
use crate::Won;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such order")]
    UnknownOrder,
    #[error("another order has this id")]
    OrderExists,
    #[error("the fee is {} won", .amount.get())]
    PriceChanged { amount: Won },
    #[error("the product has no fee of its own, and no amount was sent")]
    AmountMissing,
    #[error("the fee for one times quantity is more than 1000000000 won")]
    AmountTooLarge,
    #[error("the stock of the order is not confirmed")]
    NotConfirmed,
    #[error("the goods are delivered")]
    AlreadyCompleted,
    /// The request itself is answered with this; the order is on record as cancelled.
    #[error("out of stock: {reason}")]
    OutOfStock { reason: String },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown-order",
            Self::OrderExists => "order-exists",
            Self::PriceChanged { .. } => "price-changed",
            Self::AmountMissing => "amount-missing",
            Self::AmountTooLarge => "amount-too-large",
            Self::NotConfirmed => "not-confirmed",
            Self::AlreadyCompleted => "already-completed",
            Self::OutOfStock { .. } => "out-of-stock",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownOrder => Kind::Unknown,
            Self::PriceChanged { .. } | Self::AmountMissing => Kind::Value { field: "amount" },
            Self::AmountTooLarge => Kind::Value { field: "qty" },
            Self::OrderExists
            | Self::NotConfirmed
            | Self::AlreadyCompleted
            | Self::OutOfStock { .. } => Kind::Rule,
        }
    }
}
