//! What a payment says of itself.

use super::{Payment, PaymentStatus, Stage};
use crate::Won;

/// Why the last attempt left nothing paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The gateway said no.
    Declined,
    /// The gateway gave no usable answer.
    Unavailable,
}

/// The idempotency key under which the gateway knows one attempt to pay for a reservation.
pub fn payment_key(reservation_no: &str, attempt: u32) -> String {
    match attempt {
        0 | 1 => format!("market-{reservation_no}"),
        // No id has a colon, so no other reservation has this key.
        later => format!("market-{reservation_no}:{later}"),
    }
}

impl Payment {
    /// Whether its reservation was cancelled: no attempt starts any more.
    pub fn closed(&self) -> bool {
        self.closed
    }

    pub fn status(&self) -> PaymentStatus {
        match self.stage() {
            Some(Stage::Approved | Stage::CancelRequested) => PaymentStatus::Paid,
            _ if self.refunded => PaymentStatus::Refunded,
            Some(Stage::Open | Stage::Canceled | Stage::Declined | Stage::Failed) | None => {
                PaymentStatus::NotPaid
            }
        }
    }

    /// Whether the last attempt has no outcome yet: the gateway is to be asked.
    pub fn is_under_way(&self) -> bool {
        self.stage() == Some(Stage::Open)
    }

    /// Why the last attempt left nothing paid, if it did.
    pub fn failure(&self) -> Option<Failure> {
        match self.stage()? {
            Stage::Declined => Some(Failure::Declined),
            Stage::Failed => Some(Failure::Unavailable),
            Stage::Open | Stage::Approved | Stage::CancelRequested | Stage::Canceled => None,
        }
    }

    /// What is to be given back now.
    pub fn refund_due(&self) -> Option<Won> {
        let due = self.stage() == Some(Stage::CancelRequested);
        self.amount().filter(|_| due)
    }

    /// The number of the last attempt to pay, counted from 1; 0 when there was none.
    pub fn number(&self) -> u32 {
        self.attempt.as_ref().map_or(0, |attempt| attempt.number)
    }

    /// Of the last attempt.
    pub fn amount(&self) -> Option<Won> {
        self.attempt.as_ref().map(|attempt| attempt.amount)
    }

    pub(super) fn stage(&self) -> Option<Stage> {
        self.attempt.as_ref().map(|attempt| attempt.stage)
    }

    pub(super) fn reach(&mut self, stage: Stage) {
        if let Some(attempt) = &mut self.attempt {
            attempt.stage = stage;
        }
    }
}
