//! Money. The intent is on record before the gateway is asked; each attempt has one key; what is
//! not known is asked for again.

use super::{Cafe, reactions::facts};
use crate::{
    Error, Meta,
    execute::Done,
    payment::{Charge, ChargeStatus, GatewayError},
};
use domain::{
    Event, Fact, Id, Won,
    cafe::{
        self,
        order::{Command, Order, PaymentFailure, payment_key},
    },
};
use eventlog::Causes;
use uuid::Uuid;

/// Commands that record what the gateway said have ids made from what they are about.
const OUTCOMES: Uuid = Uuid::from_u128(0x6b1f_2a50_8f0e_4d57_9d0a_5c2a_7f3e_c0fe);

impl Cafe {
    /// Charges the order's open attempt and records the outcome, as far as there is one.
    pub(super) async fn charge(&self, id: &Id, order: &Order) -> Result<Done<Order>, Error> {
        let (attempt, amount) = (order.attempt(), due(id, order)?);
        let key = payment_key(id.as_str(), attempt);
        match self.0.gateway.charge(&key, amount, id.as_str()).await {
            Ok(charge) => self.record(id, attempt, charge).await,
            Err(GatewayError::NotReached(source)) => {
                tracing::warn!(error = %Causes(&*source), "the payment gateway was not reached");
                self.close(id, attempt, "the gateway was not reached").await
            }
            Err(GatewayError::Rejected { status, detail }) => {
                tracing::error!(status, detail, "the payment gateway refuses a charge");
                self.close(id, attempt, "the gateway refused the request").await
            }
            Err(GatewayError::Unknown(source)) => {
                tracing::warn!(error = %Causes(&*source), "the payment gateway did not answer");
                self.ask(id, attempt, &key).await
            }
        }
    }

    /// Asks once what became of the charge. What stays unknown is settled later, see
    /// [`Cafe::settle_payment`].
    async fn ask(&self, id: &Id, attempt: u32, key: &str) -> Result<Done<Order>, Error> {
        match self.0.gateway.find(key).await {
            Ok(Some(charge)) => self.record(id, attempt, charge).await,
            Ok(None) | Err(_) => self.load_order(id).await,
        }
    }

    /// Ends an attempt that has had its time as the gateway says; what the gateway does not know
    /// was not charged.
    pub(super) async fn settle_payment(
        &self,
        id: &Id,
        attempt: u32,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let order = self.load_order(id).await?.state;
        if !order.payment_open() || order.attempt() != attempt {
            return Ok(vec![]);
        }
        let key = payment_key(id.as_str(), attempt);
        let found = self.0.gateway.find(&key).await;
        let settled = match found.map_err(|error| unavailable(id, error))? {
            Some(charge) => self.record(id, attempt, charge).await?,
            None => self.close(id, attempt, "the gateway has no charge").await?,
        };
        Ok(facts(settled, cafe::Event::Order))
    }

    /// Gives a charge back that surfaced after its attempt was closed.
    pub(super) async fn watch_late_charge(
        &self,
        id: &Id,
        attempt: u32,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let key = payment_key(id.as_str(), attempt);
        let found = self.0.gateway.find(&key).await;
        match found.map_err(|error| unavailable(id, error))? {
            Some(charge) if charge.status == ChargeStatus::Approved => {
                self.give_back(id, attempt, charge.amount).await
            }
            Some(_) | None => Ok(vec![]),
        }
    }

    /// Gives back what the order says is due.
    pub(super) async fn refund(&self, id: &Id) -> Result<Vec<Fact<Event>>, Error> {
        let order = self.load_order(id).await?.state;
        match order.refund_due() {
            Some(amount) => self.give_back(id, order.attempt(), amount).await,
            None => Ok(vec![]),
        }
    }

    async fn give_back(
        &self,
        id: &Id,
        attempt: u32,
        amount: Won,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let key = payment_key(id.as_str(), attempt);
        if let Err(refused) = self.0.gateway.refund(&key, amount).await {
            // Somebody may have given it back by hand.
            let found = self.0.gateway.find(&key).await;
            if !found.is_ok_and(|charge| charge.is_some_and(|charge| charge.refunded)) {
                return Err(unavailable(id, refused));
            }
        }
        let noted = Command::NoteRefunded { attempt, amount };
        let done = self.order(id, noted, &meta(id, attempt, "refunded")).await?;
        Ok(facts(done, cafe::Event::Order))
    }

    /// Records what the gateway said. Money for an attempt that was closed meanwhile goes back.
    async fn record(&self, id: &Id, attempt: u32, charge: Charge) -> Result<Done<Order>, Error> {
        let (amount, charge_id) = (charge.amount, charge.charge_id);
        let (command, charged) = match charge.status {
            ChargeStatus::Approved => (Command::NotePaid { attempt, amount, charge_id }, true),
            ChargeStatus::Declined { reason } => {
                let (reason, detail) = (PaymentFailure::Declined, reason);
                (Command::NotePaymentFailed { attempt, reason, detail }, false)
            }
        };
        match self.order(id, command, &meta(id, attempt, "charged")).await {
            Err(Error::Refused(_)) if charged => {
                self.give_back(id, attempt, amount).await?;
                self.load_order(id).await
            }
            recorded => recorded,
        }
    }

    /// Ends an attempt that charged nothing.
    async fn close(&self, id: &Id, attempt: u32, why: &str) -> Result<Done<Order>, Error> {
        let command = Command::NotePaymentFailed {
            attempt,
            reason: PaymentFailure::Unavailable,
            detail: Some(why.to_owned()),
        };
        self.order(id, command, &meta(id, attempt, "closed")).await
    }
}

fn due(id: &Id, order: &Order) -> Result<Won, Error> {
    let order_id = id.to_string();
    order.amount().ok_or(Error::PaymentUnknown { order_id })
}

/// Nothing is lost: whoever asked asks again.
fn unavailable(id: &Id, error: GatewayError) -> Error {
    match error {
        GatewayError::NotReached(_) | GatewayError::Unknown(_) => {
            let order_id = id.to_string();
            Error::PaymentUnknown { order_id }
        }
        GatewayError::Rejected { status, detail } => {
            Error::PaymentRejected(format!("{status}: {detail}"))
        }
    }
}

fn meta(id: &Id, attempt: u32, what: &str) -> Meta {
    let name = format!("cafe.order-{id}/{attempt}/{what}");
    let command_id = Uuid::new_v5(&OUTCOMES, name.as_bytes());
    Meta { command_id, correlation_id: command_id, causation_id: None, actor: "payment".to_owned() }
}
