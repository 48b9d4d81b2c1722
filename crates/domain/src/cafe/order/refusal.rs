//! Why the answer about an order may be no.

use crate::{Kind, Won};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such order")]
    UnknownOrder,
    #[error("another order has this id")]
    OrderExists,
    #[error("the price is {} won", .listed.get())]
    PriceChanged { listed: Won },
    #[error("the menu has no price for this product, and none was sent")]
    PriceMissing,
    #[error("price times quantity is more than 1000000000 won")]
    AmountTooLarge,
    #[error("the order is not paid")]
    NotPaid,
    #[error("payment attempt {attempt} is over, and not as paid")]
    PaymentClosed { attempt: u32 },
    #[error("the store has accepted the order")]
    AlreadyReceived,
    #[error("the store has rejected the order")]
    AlreadyRejected,
    #[error("the order is canceled")]
    OrderCanceled,
    #[error("the coffee is made")]
    AlreadyMade,
    #[error("the store has denied to cancel")]
    CancelDenied,
    #[error("nothing is to be given back for payment attempt {attempt}")]
    NoRefundDue { attempt: u32 },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown-order",
            Self::OrderExists => "order-exists",
            Self::PriceChanged { .. } => "price-changed",
            Self::PriceMissing => "price-missing",
            Self::AmountTooLarge => "amount-too-large",
            Self::NotPaid => "not-paid",
            Self::PaymentClosed { .. } => "payment-closed",
            Self::AlreadyReceived => "already-received",
            Self::AlreadyRejected => "already-rejected",
            Self::OrderCanceled => "order-canceled",
            Self::AlreadyMade => "already-made",
            Self::CancelDenied => "cancel-denied",
            Self::NoRefundDue { .. } => "no-refund-due",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownOrder => Kind::Unknown,
            Self::PriceChanged { .. } | Self::PriceMissing => Kind::Value { field: "price" },
            Self::AmountTooLarge => Kind::Value { field: "qty" },
            Self::OrderExists
            | Self::NotPaid
            | Self::PaymentClosed { .. }
            | Self::AlreadyReceived
            | Self::AlreadyRejected
            | Self::OrderCanceled
            | Self::AlreadyMade
            | Self::CancelDenied
            | Self::NoRefundDue { .. } => Kind::Rule,
        }
    }
}
