//! Paying, and giving the money back.

use super::{Attempt, Decision, Event, Payment, Refusal, Stage};
use crate::{Id, Won};

impl Payment {
    pub(super) fn request(&self, item_no: &Id, amount: Won) -> Decision {
        match self.stage() {
            Some(Stage::Open | Stage::Approved) => return Ok(vec![]),
            _ if self.closed => return Err(Refusal::PaymentClosed),
            Some(Stage::CancelRequested) => return Err(Refusal::CancelPending),
            Some(Stage::Declined | Stage::Failed | Stage::Canceled) | None => {}
        }
        Ok(vec![Event::PaymentRequested {
            item_no: item_no.clone(),
            amount,
            attempt: self.number() + 1,
        }])
    }

    pub(super) fn approve(&self, number: u32, amount: Won, payment_no: &str) -> Decision {
        let attempt = self.attempt()?;
        if number != attempt.number {
            return Err(Refusal::AttemptOver { attempt: number });
        }
        match attempt.stage {
            Stage::Approved | Stage::CancelRequested | Stage::Canceled => Ok(vec![]),
            Stage::Declined | Stage::Failed => Err(Refusal::AttemptOver { attempt: number }),
            Stage::Open if amount != attempt.amount => {
                let (charged, due) = (amount.get(), attempt.amount.get());
                self.fail(number, &format!("{charged} won were charged, not {due}"))
            }
            Stage::Open => {
                let approved = Event::PaymentApproved {
                    item_no: attempt.item_no.clone(),
                    amount,
                    attempt: number,
                    payment_no: payment_no.to_owned(),
                };
                let cancel = Event::PaymentCancelRequested { attempt: number };
                let cancel = self.closed.then_some(cancel);
                Ok([approved].into_iter().chain(cancel).collect())
            }
        }
    }

    pub(super) fn decline(&self, number: u32, reason: Option<&str>) -> Decision {
        if !self.is_open(number)? {
            return Ok(vec![]);
        }
        Ok(vec![Event::PaymentDeclined { attempt: number, reason: reason.map(str::to_owned) }])
    }

    pub(super) fn fail(&self, number: u32, reason: &str) -> Decision {
        if !self.is_open(number)? {
            return Ok(vec![]);
        }
        Ok(vec![Event::PaymentFailed { attempt: number, reason: reason.to_owned() }])
    }

    pub(super) fn cancel(&self, number: u32) -> Decision {
        let attempt = self.attempt()?;
        if self.returned.contains(&number) {
            return Ok(vec![]);
        }
        if number != attempt.number {
            return Err(Refusal::NotPaid);
        }
        match attempt.stage {
            Stage::Approved => Ok(vec![Event::PaymentCancelRequested { attempt: number }]),
            Stage::CancelRequested | Stage::Canceled => Ok(vec![]),
            Stage::Open | Stage::Declined | Stage::Failed => Err(Refusal::NotPaid),
        }
    }

    pub(super) fn close(&self) -> Decision {
        if self.closed {
            return Ok(vec![]);
        }
        let cancel = Event::PaymentCancelRequested { attempt: self.number() };
        let approved = self.stage() == Some(Stage::Approved);
        let cancel = approved.then_some(cancel);
        Ok([Event::PaymentClosed].into_iter().chain(cancel).collect())
    }

    pub(super) fn note_refunded(&self, number: u32, amount: Won) -> Decision {
        let attempt = self.attempt()?;
        if self.returned.contains(&number) {
            return Ok(vec![]);
        }
        if number == attempt.number && attempt.stage == Stage::CancelRequested {
            return Ok(vec![Event::PaymentCanceled {
                item_no: attempt.item_no.clone(),
                amount,
                attempt: number,
            }]);
        }
        if self.ended_unpaid(attempt, number) {
            return Ok(vec![Event::ChargeReturned { amount, attempt: number }]);
        }
        Err(Refusal::NoRefundDue { attempt: number })
    }

    /// Of earlier attempts only those that are given back were ever paid.
    fn ended_unpaid(&self, current: &Attempt, number: u32) -> bool {
        let failed = matches!(current.stage, Stage::Failed | Stage::Declined);
        (1..current.number).contains(&number) || (number == current.number && failed)
    }

    fn is_open(&self, number: u32) -> Result<bool, Refusal> {
        let attempt = self.attempt()?;
        Ok(attempt.number == number && attempt.stage == Stage::Open)
    }

    fn attempt(&self) -> Result<&Attempt, Refusal> {
        self.attempt.as_ref().ok_or(Refusal::NotRequested)
    }
}
