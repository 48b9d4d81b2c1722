//! What a request waits for: paying and having it back, cancelling, and reviewing. Each stores the
//! intent and runs the policies that follow; what is not done by then the reactor carries on.

use super::{Market, SubmitReview, reactions::facts};
use crate::{Done, Error, Guard, Meta, PaidFor, reactor::run_inline};
use domain::{
    Aggregate, Event, Fact, Id,
    market::{
        self,
        item::{self, Item},
        payment::{self, Payment},
        policies::SYNC,
        reservation::{self, Payable, Reservation},
        review::{self, Review, Status},
        status::PaymentStatus,
    },
    shared::personal::Person,
};

impl Market {
    /// Pays for a reservation. Comes back when the gateway has approved. The work goes on when the
    /// caller no longer waits.
    ///
    /// Errors beside the usual: [`Error::PaymentPaused`] (nothing is stored),
    /// [`Error::PaymentDeclined`] and [`Error::PaymentUnavailable`] (the reservation stays unpaid,
    /// and may be paid later), [`Error::PaymentUnknown`].
    pub async fn pay(&self, reservation: &Id, meta: &Meta) -> Result<Done<Reservation>, Error> {
        let (this, id, meta) = (self.clone(), reservation.clone(), meta.clone());
        to_the_end(async move { this.pay_now(&id, &meta).await }).await
    }

    /// Cancels the payment of a reservation that is not lent yet. Comes back when the gateway has
    /// given the money back. The work goes on when the caller no longer waits.
    pub async fn cancel_payment(
        &self,
        reservation: &Id,
        meta: &Meta,
    ) -> Result<Done<Reservation>, Error> {
        let (this, id, meta) = (self.clone(), reservation.clone(), meta.clone());
        to_the_end(async move { this.cancel_payment_now(&id, &meta).await }).await
    }

    /// Cancels a reservation, when the item side is there to decide: refused once lent. While it is
    /// down the wish is on record and decided later. What was paid goes back by itself.
    pub async fn cancel(&self, reservation: &Id, meta: &Meta) -> Result<Done<Reservation>, Error> {
        let command = reservation::Command::RequestCancel;
        let asked = self.reservation(reservation, command, meta).await?;
        if self.0.parts.check(Item::CATEGORY).is_err() {
            return Ok(asked);
        }
        self.follow(facts(asked, market::Event::Reservation), meta).await?;
        self.load_reservation(reservation).await
    }

    /// Registers a review and takes the item off the list. While another reservation holds the item,
    /// or the item side is down, nothing is stored.
    pub async fn submit_review(
        &self,
        reservation: &Id,
        submit: SubmitReview,
        meta: &Meta,
    ) -> Result<Done<Review>, Error> {
        self.0.parts.must_be_up(Item::CATEGORY).await?;
        let rental = self.0.reservations.load_for(reservation.as_str(), &meta.guard).await?;
        rental.state.status()?;
        self.must_be_free_to_leave(reservation).await?;
        let reviewer = Person::customer(&submit.customer_id);
        let command = review::Command::Submit {
            customer_name: self.0.people.seal(&reviewer, submit.customer_name.as_str()).await?,
            customer_id: submit.customer_id,
            score: submit.score,
            text: submit.text,
        };
        let submitted = self.review(reservation, command, meta).await?;
        self.follow(facts(submitted, market::Event::Review), meta).await?;
        let answered = self.load_review(reservation).await?;
        match answered.state.status() {
            Some(Status::Reviewed) => Ok(answered),
            Some(Status::Refused(reason)) => Err(item::Refusal::from(reason).into()),
            // Somebody else asked for the same and has not come back.
            Some(Status::Submitted | Status::Requested) | None => Err(Error::ConcurrentChange),
        }
    }

    /// Lends the item, or takes it back; the renter's side follows at once, or later by itself.
    pub async fn hand(
        &self,
        item: &Id,
        command: item::Command,
        meta: &Meta,
    ) -> Result<Done<Item>, Error> {
        let handed = self.item(item, command, meta).await?;
        self.follow_if_possible(facts(handed.clone(), market::Event::Item), meta).await;
        Ok(handed)
    }

    async fn pay_now(&self, id: &Id, meta: &Meta) -> Result<Done<Reservation>, Error> {
        self.0.parts.check(Reservation::CATEGORY)?;
        self.0.parts.must_be_up(Payment::CATEGORY).await?;
        let guard = self.0.payments.guard_of(id.as_str(), meta).await?;
        let reservation = self.0.reservations.load_for(id.as_str(), &guard).await?;
        guard.check::<Reservation>(reservation.length)?;
        reservation.state.status()?;
        let known = self.load_payment(id).await?.state;
        if known.status() == PaymentStatus::Paid && known.refund_due().is_none() {
            return self.settled(id, PaymentStatus::Paid, &guard).await;
        }
        let payable = self.payable(id, meta).await?;
        let room = self.room_to_pay(&known)?;
        let (item_no, amount) = (payable.item_no, payable.amount);
        let command = payment::Command::Request { item_no, amount };
        let mut requested = self.payment(id, command.clone(), meta).await?;
        let mut ours = requested.is_ours();
        if requested.repeated {
            requested = self.load_payment(id).await?;
        }
        if requested.state.failure() == Some(payment::Failure::Unavailable) {
            // A repeated command finds that the gateway could not be asked: the next attempt.
            let next = meta.then(&format!("attempt/{}", requested.state.number() + 1));
            requested = self.payment(id, command, &next).await?;
            ours |= requested.is_ours();
        }
        let paid = match requested.state.is_under_way() {
            true => self.charge(id, &requested, room, meta).await?,
            false => requested,
        };
        outcome(id, &paid.state)?;
        self.follow_if_possible(facts(paid, market::Event::Payment), meta).await;
        match ours {
            true => self.load_reservation(id).await,
            false => self.settled(id, PaymentStatus::Paid, &guard).await,
        }
    }

    /// The answer to whoever finds that another request has brought the payment where it is. Who
    /// expects a version is told, unless that is the version where it was so already.
    async fn settled(
        &self,
        id: &Id,
        status: PaymentStatus,
        guard: &Guard,
    ) -> Result<Done<Reservation>, Error> {
        let reservation = self.load_reservation(id).await?;
        guard.check::<Reservation>(reservation.length)?;
        match reservation.state.payment_status() {
            known if guard.expected.is_some() && known != status => Err(Error::ConcurrentChange),
            _ => Ok(reservation),
        }
    }

    /// What there is to pay. The item may have decided a moment ago, and the reservation not know.
    async fn payable(&self, id: &Id, meta: &Meta) -> Result<Payable, Error> {
        let known = self.load_reservation(id).await?.state;
        let (payable, Some(item_no)) = (known.payable(), known.item_no()) else {
            return Ok(known.payable()?);
        };
        if payable != Err(reservation::Refusal::NotConfirmed) {
            return Ok(payable?);
        }
        let item = self.load_item(item_no).await?.state;
        let holds = item.holder() == Some(id);
        let (true, Some(item_name), Some(item_price)) = (holds, item.name(), item.price()) else {
            return Ok(payable?);
        };
        let item_name = item_name.clone();
        let confirm = reservation::Command::Confirm { item_name, item_price };
        let confirmed = self.reservation(id, confirm, &meta.then("confirm")).await?;
        Ok(confirmed.state.payable()?)
    }

    async fn cancel_payment_now(&self, id: &Id, meta: &Meta) -> Result<Done<Reservation>, Error> {
        self.0.parts.check(Reservation::CATEGORY)?;
        self.0.parts.must_be_up(Payment::CATEGORY).await?;
        self.0.parts.must_be_up(Item::CATEGORY).await?;
        let reservation = self.0.reservations.load_for(id.as_str(), &meta.guard).await?;
        let guard = match reservation.state.item_no() {
            Some(item_no) => self.0.items.guard_of(item_no.as_str(), meta).await?,
            None => meta.guard.clone(),
        };
        guard.check::<Reservation>(reservation.length)?;
        let item_no = reservation.state.item_no();
        let item_no = item_no.ok_or(reservation::Refusal::UnknownReservation)?;
        let payment = self.load_payment(id).await?.state;
        match payment.status() {
            PaymentStatus::NotPaid => return Err(payment::Refusal::NotPaid.into()),
            PaymentStatus::Refunded => {
                return self.settled(id, PaymentStatus::Refunded, &guard).await;
            }
            PaymentStatus::Paid => {}
        }
        drop(self.0.gateway.ready()?);
        let (reservation_no, attempt) = (id.clone(), payment.number());
        let mut ours = false;
        if payment.refund_due().is_none() {
            let revoke = item::Command::RevokePayment { reservation_no, attempt };
            let revoked = self.item(item_no, revoke, meta).await?;
            ours = revoked.is_ours();
            self.follow(facts(revoked, market::Event::Item), meta).await?;
        }
        if self.load_payment(id).await?.state.status() == PaymentStatus::Paid {
            self.give_back_now(id, attempt, meta).await?;
        }
        match ours {
            true => self.load_reservation(id).await,
            false => self.settled(id, PaymentStatus::Refunded, &guard).await,
        }
    }

    /// Carries on what somebody else began and has not finished.
    async fn give_back_now(&self, id: &Id, attempt: u32, meta: &Meta) -> Result<(), Error> {
        let cancel = payment::Command::Cancel { attempt };
        let asked = self.payment(id, cancel, &meta.then("cancel")).await?;
        self.follow(facts(asked, market::Event::Payment), meta).await?;
        let refunded = self.refund(id, meta).await?;
        self.follow(refunded, meta).await
    }

    /// So that usually nothing is stored when the answer is no. Between this look and the decision
    /// somebody may still be faster, and the refusal is then on record.
    async fn must_be_free_to_leave(&self, reservation: &Id) -> Result<(), Error> {
        let review = self.load_review(reservation).await?.state;
        let (Some(item_no), Some(status)) = (review.item_no(), review.status()) else {
            return Ok(());
        };
        if matches!(status, Status::Requested | Status::Refused(_)) {
            self.load_item(item_no).await?.state.must_be_free()?;
        }
        Ok(())
    }

    async fn follow(&self, facts: Vec<Fact<Event>>, meta: &Meta) -> Result<(), Error> {
        run_inline(self, facts, meta.correlation_id, SYNC).await.map(drop)
    }

    /// What the promise does not depend on: the reactor does it when it cannot be done now.
    async fn follow_if_possible(&self, facts: Vec<Fact<Event>>, meta: &Meta) {
        if let Err(error) = self.follow(facts, meta).await {
            tracing::debug!(%error, "left to the reactor");
        }
    }
}

/// What the renter is told about a payment that was just asked for, or asked for once more.
fn outcome(id: &Id, payment: &Payment) -> Result<(), Error> {
    let paid_for = PaidFor::reservation(id);
    match payment.failure() {
        Some(payment::Failure::Declined) => Err(Error::PaymentDeclined { paid_for }),
        Some(payment::Failure::Unavailable) => Err(Error::PaymentUnavailable { paid_for }),
        None if payment.is_under_way() => Err(Error::PaymentUnknown { paid_for }),
        // The reservation was cancelled meanwhile, and the money goes back.
        None if payment.closed() => Err(payment::Refusal::PaymentClosed.into()),
        None => Ok(()),
    }
}

async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::spawn(eventlog::trace::carried(work)).await;
    done.map_err(|panic| Error::Unavailable(eventlog::LogError::unreachable(panic)))?
}

impl From<item::Refusal> for Error {
    fn from(refusal: item::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<reservation::Refusal> for Error {
    fn from(refusal: reservation::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<payment::Refusal> for Error {
    fn from(refusal: payment::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
