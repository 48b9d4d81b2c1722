//! Money. The intent is on record before the gateway is asked, each order has one key, and the
//! reactor asks until there is an answer. So what is not known is simply asked for again.

use super::{Rental, reactions::facts};
use crate::{
    Error, Meta, PaidFor,
    payment::{ChargeStatus, GatewayError, asking},
};
use domain::{
    Event, Fact, Id, Won,
    rental::{
        self,
        bill::{Bill, Command, payment_key},
    },
};

impl Rental {
    /// Charges the fee of an order, if it is open, and records what the gateway says. A fee that
    /// is not open any more may have been charged all the same; then it is given back.
    pub(super) async fn collect(&self, order: &Id, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        let Some(amount) = self.load_bill(order).await?.open() else {
            return self.give_back_late(order, meta).await;
        };
        let key = payment_key(order.as_str());
        match asking::charge(&*self.0.gateway, &key, amount, order.as_str()).await {
            Ok(charge) => match charge.status {
                ChargeStatus::Approved => {
                    let (amount, charge_id) = (charge.amount, charge.charge_id);
                    self.record(order, Command::NoteReceived { amount, charge_id }, meta).await
                }
                ChargeStatus::Declined { reason } => {
                    self.record(order, Command::NoteDeclined { reason }, meta).await
                }
            },
            Err(GatewayError::Rejected { status, detail }) => {
                tracing::error!(status, detail, "the payment gateway refuses a charge");
                let reason = Some("the gateway refused the request".to_owned());
                self.record(order, Command::NoteDeclined { reason }, meta).await
            }
            Err(open) => Err(asking::error(open, PaidFor::order(order))),
        }
    }

    /// Gives back what the bill says is due.
    pub(super) async fn give_back_due(
        &self,
        order: &Id,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        match self.load_bill(order).await?.refund_due() {
            Some(amount) => self.give_back(order, amount, meta).await,
            None => Ok(vec![]),
        }
    }

    /// Gives back what was charged for a fee that is not due any more.
    pub(super) async fn give_back_late(
        &self,
        order: &Id,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let bill = self.load_bill(order).await?;
        if bill.open().is_some() || bill.received() || bill.refunded() {
            return Ok(vec![]);
        }
        let found = self.0.gateway.find(&payment_key(order.as_str())).await;
        match found.map_err(|error| asking::error(error, PaidFor::order(order)))? {
            Some(charge) if charge.status == ChargeStatus::Approved => {
                self.give_back(order, charge.amount, meta).await
            }
            Some(_) | None => Ok(vec![]),
        }
    }

    /// Records what became of the fee. Money for one that is not due goes back.
    async fn record(
        &self,
        order: &Id,
        outcome: Command,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let mut stored = match self.bill(order, outcome, meta).await {
            Ok(recorded) => facts(recorded, rental::Event::Bill),
            Err(Error::Refused(_)) => vec![],
            Err(error) => return Err(error),
        };
        stored.extend(self.give_back_late(order, meta).await?);
        Ok(stored)
    }

    async fn give_back(
        &self,
        order: &Id,
        amount: Won,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let refunded =
            asking::give_back(&*self.0.gateway, &payment_key(order.as_str()), amount).await;
        refunded.map_err(|error| asking::error(error, PaidFor::order(order)))?;
        // One request may lead to two facts of the bill: the charge, and giving it back.
        let noted = Command::NoteRefunded { amount };
        let noted = self.bill(order, noted, &meta.then("refunded")).await?;
        Ok(facts(noted, rental::Event::Bill))
    }

    async fn load_bill(&self, order: &Id) -> Result<Bill, Error> {
        Ok(self.0.bills.load(order.as_str()).await?.state)
    }
}
