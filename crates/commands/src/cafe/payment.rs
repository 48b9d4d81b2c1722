//! Money. The intent is on record before the gateway is asked; each attempt has one key; what is
//! not known is asked for again.

use super::{Cafe, reactions::facts};
use crate::{
    Error, Guard, Meta, PaidFor,
    execute::Done,
    payment::{Charge, ChargeStatus, GatewayError, Room, asking},
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
    /// Room for the order's payment, before anything is stored. Without room only what is a repeat
    /// goes on, for it begins no payment.
    pub(super) async fn room_to_pay(&self, id: &Id) -> Result<Room, Error> {
        let paused = match self.0.gateway.ready() {
            Ok(room) => return Ok(room),
            Err(paused) => paused,
        };
        let order = self.load_order(id).await?.state;
        match order.exists() && order.failure() != Some(PaymentFailure::Unavailable) {
            true => Ok(Room::default()),
            false => Err(paused.into()),
        }
    }

    /// Charges the order's open attempt and records the outcome, as far as there is one. `placed`
    /// is what placing the order has just led to.
    pub(super) async fn charge(
        &self,
        id: &Id,
        placed: &Done<Order>,
        room: Room,
        cause: &Meta,
    ) -> Result<Done<Order>, Error> {
        let (attempt, amount) = (placed.state.attempt(), due(id, &placed.state)?);
        // An attempt that was begun earlier may have been charged already, whatever happens now.
        let is_first = !placed.repeated && !placed.facts.is_empty();
        let key = payment_key(id.as_str(), attempt);
        match asking::charge_in(&*self.0.gateway, room, &key, amount, id.as_str()).await {
            Ok(charge) => self.record(id, attempt, charge, cause).await,
            Err(GatewayError::NotReached(source)) if is_first => {
                tracing::warn!(error = %Causes(&*source), "the payment gateway was not reached");
                self.close(id, attempt, "the gateway was not reached", cause).await
            }
            Err(GatewayError::Rejected { status, detail }) => {
                tracing::error!(status, detail, "the payment gateway refuses a charge");
                self.close(id, attempt, "the gateway refused the request", cause).await
            }
            // What stays unknown is settled later, see [`Cafe::settle_payment`].
            Err(GatewayError::NotReached(_) | GatewayError::Unknown(_)) => {
                self.load_order(id).await
            }
        }
    }

    /// Ends an attempt that has had its time as the gateway says; what the gateway does not know
    /// was not charged.
    pub(super) async fn settle_payment(
        &self,
        id: &Id,
        attempt: u32,
        cause: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let order = self.load_order(id).await?.state;
        if !order.payment_open() || order.attempt() != attempt {
            return Ok(vec![]);
        }
        let key = payment_key(id.as_str(), attempt);
        let found = self.0.gateway.find(&key).await;
        let settled = match found.map_err(|error| asking::error(error, PaidFor::order(id)))? {
            Some(charge) => self.record(id, attempt, charge, cause).await?,
            None => self.close(id, attempt, "the gateway has no charge", cause).await?,
        };
        Ok(facts(settled, cafe::Event::Order))
    }

    /// Gives a charge back that surfaced after its attempt was closed.
    pub(super) async fn watch_late_charge(
        &self,
        id: &Id,
        attempt: u32,
        cause: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let key = payment_key(id.as_str(), attempt);
        let found = self.0.gateway.find(&key).await;
        match found.map_err(|error| asking::error(error, PaidFor::order(id)))? {
            Some(charge) if charge.status == ChargeStatus::Approved => {
                self.give_back(id, attempt, charge.amount, cause).await
            }
            Some(_) | None => Ok(vec![]),
        }
    }

    /// Gives back what the order says is due.
    pub(super) async fn refund(&self, id: &Id, cause: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        let order = self.load_order(id).await?.state;
        match order.refund_due() {
            Some(amount) => self.give_back(id, order.attempt(), amount, cause).await,
            None => Ok(vec![]),
        }
    }

    async fn give_back(
        &self,
        id: &Id,
        attempt: u32,
        amount: Won,
        cause: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let key = payment_key(id.as_str(), attempt);
        let given_back = asking::give_back(&*self.0.gateway, &key, amount).await;
        given_back.map_err(|error| asking::error(error, PaidFor::order(id)))?;
        let noted = Command::NoteRefunded { attempt, amount };
        let done = self.order(id, noted, &meta(id, attempt, "refunded", cause)).await?;
        Ok(facts(done, cafe::Event::Order))
    }

    /// Records what the gateway said. Money for an attempt that was closed meanwhile goes back.
    async fn record(
        &self,
        id: &Id,
        attempt: u32,
        charge: Charge,
        cause: &Meta,
    ) -> Result<Done<Order>, Error> {
        let (amount, charge_id) = (charge.amount, charge.charge_id);
        let (command, charged) = match charge.status {
            ChargeStatus::Approved => (Command::NotePaid { attempt, amount, charge_id }, true),
            ChargeStatus::Declined { reason } => {
                let (reason, detail) = (PaymentFailure::Declined, reason);
                (Command::NotePaymentFailed { attempt, reason, detail }, false)
            }
        };
        match self.order(id, command, &meta(id, attempt, "charged", cause)).await {
            Err(Error::Refused(_)) if charged => {
                self.give_back(id, attempt, amount, cause).await?;
                self.load_order(id).await
            }
            recorded => recorded,
        }
    }

    /// Ends an attempt that charged nothing.
    async fn close(
        &self,
        id: &Id,
        attempt: u32,
        why: &str,
        cause: &Meta,
    ) -> Result<Done<Order>, Error> {
        let command = Command::NotePaymentFailed {
            attempt,
            reason: PaymentFailure::Unavailable,
            detail: Some(why.to_owned()),
        };
        self.order(id, command, &meta(id, attempt, "closed", cause)).await
    }
}

fn due(id: &Id, order: &Order) -> Result<Won, Error> {
    let paid_for = PaidFor::order(id);
    order.amount().ok_or(Error::PaymentUnknown { paid_for })
}

/// Of a command that records what the gateway said, whoever asked it: the first to record it counts.
/// It belongs to the request at the beginning, like what asked.
fn meta(id: &Id, attempt: u32, what: &str, cause: &Meta) -> Meta {
    let name = format!("cafe.order-{id}/{attempt}/{what}");
    Meta {
        command_id: Uuid::new_v5(&OUTCOMES, name.as_bytes()),
        correlation_id: cause.correlation_id,
        causation_id: cause.causation_id,
        actor: "payment".to_owned(),
        may_be_repeat: false,
        guard: Guard::default(),
    }
}
