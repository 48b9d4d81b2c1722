//! Placing an order, paying for it, and giving the money back: rules 1 to 4 and 8.

use super::{Decision, Event, Order, Payment, PaymentFailure, Refusal};
use crate::{
    Id, Quantity, Won,
    shared::{Name, personal::Personal},
};

impl Order {
    pub(super) fn place(
        &self,
        product: &Name,
        qty: Quantity,
        (sent, listed): (Option<Won>, Option<Won>),
        customer_id: &Option<Id>,
        phone: &Option<Personal>,
    ) -> Decision {
        if let Some(known) = &self.selection {
            let again = self.failure() == Some(PaymentFailure::Unavailable);
            let same = (&known.product, known.qty, &known.customer_id, &known.phone)
                == (product, qty, customer_id, phone);
            let same_price = sent.is_none_or(|price| price == known.price);
            if !same || !(same_price || again) {
                return Err(Refusal::OrderExists);
            }
            if !again {
                return Ok(vec![]);
            }
        }
        let price = price_of_one(sent, listed)?;
        Ok(vec![Event::OrderSelected {
            product: product.clone(),
            qty,
            price,
            amount: price.times(qty).map_err(|_| Refusal::AmountTooLarge)?,
            customer_id: customer_id.clone(),
            phone: phone.clone(),
            attempt: self.attempt() + 1,
        }])
    }

    pub(super) fn note_paid(&self, attempt: u32, amount: Won, charge_id: &str) -> Decision {
        let selection = self.selection()?;
        if attempt != selection.attempt {
            return Err(Refusal::PaymentClosed { attempt });
        }
        match self.payment {
            Payment::Paid => Ok(vec![]),
            Payment::Failed { .. } => Err(Refusal::PaymentClosed { attempt }),
            Payment::Open if amount != selection.amount => {
                let (charged, due) = (amount.get(), selection.amount.get());
                let detail = format!("{charged} won were charged, not {due}");
                self.note_payment_failed(attempt, PaymentFailure::Unavailable, Some(&detail))
            }
            Payment::Open => Ok(vec![Event::PaymentCompleted {
                attempt,
                amount,
                charge_id: charge_id.to_owned(),
                product: selection.product.clone(),
                qty: selection.qty,
                customer_id: selection.customer_id.clone(),
            }]),
        }
    }

    pub(super) fn note_payment_failed(
        &self,
        attempt: u32,
        reason: PaymentFailure,
        detail: Option<&str>,
    ) -> Decision {
        let selection = self.selection()?;
        if attempt != selection.attempt || self.payment != Payment::Open {
            return Ok(vec![]);
        }
        let detail = detail.map(str::to_owned);
        Ok(vec![Event::PaymentFailed { attempt, reason, detail }])
    }

    pub(super) fn note_refunded(&self, attempt: u32, amount: Won) -> Decision {
        let current = self.selection()?.attempt;
        if self.refunded.contains(&attempt) {
            return Ok(vec![]);
        }
        // Earlier attempts have all failed, or there would be no later one.
        let failed = self.failure().is_some() || (1..current).contains(&attempt);
        if (1..=current).contains(&attempt) && (failed || self.refund_due().is_some()) {
            Ok(vec![Event::Refunded { attempt, amount }])
        } else {
            Err(Refusal::NoRefundDue { attempt })
        }
    }
}

fn price_of_one(sent: Option<Won>, listed: Option<Won>) -> Result<Won, Refusal> {
    match (sent, listed) {
        (Some(sent), Some(listed)) if sent != listed => Err(Refusal::PriceChanged { listed }),
        (_, Some(price)) | (Some(price), None) => Ok(price),
        (None, None) => Err(Refusal::PriceMissing),
    }
}
