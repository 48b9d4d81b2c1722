//! What an order says of itself, in the words that views and clients use.

use super::{Cancel, Order, Payment, PaymentFailure, Store};
use crate::{
    Id, Quantity, Won,
    shared::{Name, personal::Personal},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Init,
    PaySuccess,
    PayFail,
    OrderReceived,
    OrderRejected,
    OrderCancelRequest,
    OrderCancel,
    Made,
    PickedUp,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::PaySuccess => "pay_success",
            Self::PayFail => "pay_fail",
            Self::OrderReceived => "order_received",
            Self::OrderRejected => "order_rejected",
            Self::OrderCancelRequest => "order_cancel_request",
            Self::OrderCancel => "order_cancel",
            Self::Made => "made",
            Self::PickedUp => "picked_up",
        }
    }
}

/// Of the last attempt to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    NotPaid,
    Paid,
    Failed,
    Refunded,
}

impl PaymentStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPaid => "not_paid",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
        }
    }
}

/// The idempotency key under which the gateway knows one attempt to pay for an order.
pub fn payment_key(order_id: &str, attempt: u32) -> String {
    match attempt {
        0 | 1 => format!("cafe-{order_id}"),
        // No id has a colon, so no other order has this key.
        later => format!("cafe-{order_id}:{later}"),
    }
}

impl Order {
    pub fn exists(&self) -> bool {
        self.selection.is_some()
    }

    /// [`Status::Init`] also for an order that does not exist.
    pub fn status(&self) -> Status {
        match (&self.payment, self.store, self.cancel) {
            (Payment::Open, _, _) => Status::Init,
            (Payment::Failed { .. }, _, _) => Status::PayFail,
            (Payment::Paid, Store::Made, _) => Status::Made,
            (Payment::Paid, Store::PickedUp, _) => Status::PickedUp,
            (Payment::Paid, Store::Refused, _) => Status::OrderRejected,
            (Payment::Paid, Store::Canceled, _) => Status::OrderCancel,
            (Payment::Paid, Store::Waiting | Store::Accepted, Cancel::Asked) => {
                Status::OrderCancelRequest
            }
            (Payment::Paid, Store::Waiting, _) => Status::PaySuccess,
            (Payment::Paid, Store::Accepted, _) => Status::OrderReceived,
        }
    }

    pub fn payment_status(&self) -> PaymentStatus {
        match self.payment {
            _ if self.refunded.contains(&self.attempt()) => PaymentStatus::Refunded,
            Payment::Open => PaymentStatus::NotPaid,
            Payment::Paid => PaymentStatus::Paid,
            Payment::Failed { .. } => PaymentStatus::Failed,
        }
    }

    /// Whether the last attempt has no outcome yet: the gateway is to be asked.
    pub fn payment_open(&self) -> bool {
        self.exists() && self.payment == Payment::Open
    }

    /// Why the last attempt failed, if it did.
    pub fn failure(&self) -> Option<PaymentFailure> {
        match &self.payment {
            Payment::Failed { reason, .. } => Some(*reason),
            Payment::Open | Payment::Paid => None,
        }
    }

    /// What was said about the failure of the last attempt.
    pub fn failure_detail(&self) -> Option<&str> {
        match &self.payment {
            Payment::Failed { detail, .. } => detail.as_deref(),
            Payment::Open | Payment::Paid => None,
        }
    }

    /// What is to be given back: all of it when the store refused or canceled a paid order, until
    /// it was given back.
    pub fn refund_due(&self) -> Option<Won> {
        let turned_down = matches!(self.store, Store::Refused | Store::Canceled);
        let due = turned_down && self.payment_status() == PaymentStatus::Paid;
        self.amount().filter(|_| due)
    }

    /// The number of the last attempt to pay, counted from 1; 0 when there is no order.
    pub fn attempt(&self) -> u32 {
        self.selection.as_ref().map_or(0, |order| order.attempt)
    }

    pub fn product(&self) -> Option<&Name> {
        self.selection.as_ref().map(|order| &order.product)
    }

    pub fn qty(&self) -> Option<Quantity> {
        self.selection.as_ref().map(|order| order.qty)
    }

    /// Of one.
    pub fn price(&self) -> Option<Won> {
        self.selection.as_ref().map(|order| order.price)
    }

    /// Price × quantity.
    pub fn amount(&self) -> Option<Won> {
        self.selection.as_ref().map(|order| order.amount)
    }

    pub fn customer_id(&self) -> Option<&Id> {
        self.selection.as_ref()?.customer_id.as_ref()
    }

    pub fn phone(&self) -> Option<&Personal> {
        self.selection.as_ref()?.phone.as_ref()
    }
}
