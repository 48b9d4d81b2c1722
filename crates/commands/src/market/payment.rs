//! Money. The intent is on record before the gateway is asked; each attempt has one key; what is
//! not known is asked for again.

use super::{Market, reactions::facts};
use crate::{
    Error, Guard, Meta, PaidFor,
    execute::Done,
    payment::{Charge, ChargeStatus, GatewayError, Room, asking},
};
use domain::{
    Event, Fact, Id, Won,
    market::{
        self,
        payment::{Command, Payment, payment_key},
    },
};
use uuid::Uuid;

/// Commands that record what the gateway said have ids made from what they are about.
const OUTCOMES: Uuid = Uuid::from_u128(0x2e0d_71c4_93b8_4a6f_8d15_0b7e_c25a_94d3);

impl Market {
    /// Room for a payment, before anything is stored. Without room only one that is under way goes
    /// on, for it begins no payment.
    pub(super) fn room_to_pay(&self, known: &Payment) -> Result<Room, Error> {
        match self.0.gateway.ready() {
            Ok(room) => Ok(room),
            Err(_) if known.is_under_way() => Ok(Room::default()),
            Err(paused) => Err(paused.into()),
        }
    }

    /// Charges the attempt that is under way and records the outcome, as far as there is one.
    /// `requested` is what asking for it has just led to.
    pub(super) async fn charge(
        &self,
        id: &Id,
        requested: &Done<Payment>,
        room: Room,
        meta: &Meta,
    ) -> Result<Done<Payment>, Error> {
        let attempt = requested.state.number();
        let Some(amount) = requested.state.amount() else {
            return self.load_payment(id).await;
        };
        // An attempt that was begun earlier may have been charged already, whatever happens now.
        let is_first = !requested.facts.is_empty();
        let key = payment_key(id.as_str(), attempt);
        match asking::charge_in(&*self.0.gateway, room, &key, amount, id.as_str()).await {
            Ok(charge) => self.record(id, attempt, charge, meta).await,
            Err(GatewayError::NotReached(_)) if is_first => {
                self.close(id, attempt, "the gateway was not reached", meta).await
            }
            Err(GatewayError::Rejected { status, detail }) => {
                tracing::error!(status, detail, "the payment gateway refuses a charge");
                self.close(id, attempt, "the gateway refused the request", meta).await
            }
            // What stays unknown is settled later.
            Err(GatewayError::NotReached(_) | GatewayError::Unknown(_)) => {
                self.load_payment(id).await
            }
        }
    }

    /// Ends an attempt that has had its time as the gateway says; what the gateway does not know
    /// was not charged.
    pub(super) async fn settle_payment(
        &self,
        id: &Id,
        attempt: u32,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let payment = self.load_payment(id).await?.state;
        if !payment.is_under_way() || payment.number() != attempt {
            return Ok(vec![]);
        }
        let settled = match self.find(id, attempt).await? {
            Some(charge) => self.record(id, attempt, charge, meta).await?,
            None => self.close(id, attempt, "the gateway has no charge", meta).await?,
        };
        Ok(facts(settled, market::Event::Payment))
    }

    /// Gives a charge back that surfaced after its attempt was closed.
    pub(super) async fn watch_late_charge(
        &self,
        id: &Id,
        attempt: u32,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        match self.find(id, attempt).await? {
            Some(charge) if charge.status == ChargeStatus::Approved => {
                self.give_back(id, attempt, charge.amount, meta).await
            }
            Some(_) | None => Ok(vec![]),
        }
    }

    /// Gives back what the payment says is due.
    pub(super) async fn refund(&self, id: &Id, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        let payment = self.load_payment(id).await?.state;
        match payment.refund_due() {
            Some(amount) => self.give_back(id, payment.number(), amount, meta).await,
            None => Ok(vec![]),
        }
    }

    async fn find(&self, id: &Id, attempt: u32) -> Result<Option<Charge>, Error> {
        let found = self.0.gateway.find(&payment_key(id.as_str(), attempt)).await;
        found.map_err(|error| asking::error(error, PaidFor::reservation(id)))
    }

    async fn give_back(
        &self,
        id: &Id,
        attempt: u32,
        amount: Won,
        meta: &Meta,
    ) -> Result<Vec<Fact<Event>>, Error> {
        let key = payment_key(id.as_str(), attempt);
        let given_back = asking::give_back(&*self.0.gateway, &key, amount).await;
        given_back.map_err(|error| asking::error(error, PaidFor::reservation(id)))?;
        let noted = Command::NoteRefunded { attempt, amount };
        let done = self.payment(id, noted, &outcome(meta, id, attempt, "refunded")).await?;
        Ok(facts(done, market::Event::Payment))
    }

    /// Records what the gateway said. Money for an attempt that was closed meanwhile goes back.
    async fn record(
        &self,
        id: &Id,
        attempt: u32,
        charge: Charge,
        meta: &Meta,
    ) -> Result<Done<Payment>, Error> {
        let (amount, payment_no) = (charge.amount, charge.charge_id);
        let (command, charged) = match charge.status {
            ChargeStatus::Approved => (Command::Approve { attempt, amount, payment_no }, true),
            ChargeStatus::Declined { reason } => (Command::Decline { attempt, reason }, false),
        };
        let meta = &outcome(meta, id, attempt, "charged");
        match self.payment(id, command, meta).await {
            Err(Error::Refused(_)) if charged => {
                self.give_back(id, attempt, amount, meta).await?;
                self.load_payment(id).await
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
        meta: &Meta,
    ) -> Result<Done<Payment>, Error> {
        let command = Command::Fail { attempt, reason: why.to_owned() };
        self.payment(id, command, &outcome(meta, id, attempt, "closed")).await
    }
}

fn outcome(meta: &Meta, id: &Id, attempt: u32, what: &str) -> Meta {
    let name = format!("market.payment-{id}/{attempt}/{what}");
    let command_id = Uuid::new_v5(&OUTCOMES, name.as_bytes());
    Meta { command_id, actor: "payment".to_owned(), guard: Guard::default(), ..meta.clone() }
}
