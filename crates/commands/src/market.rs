//! The market's commands: those a person gives, the promises that a request waits for, and what the
//! policies ask.

mod payment;
mod promises;
mod reactions;

use crate::{
    Error, Meta,
    clock::Clock,
    execute::{Done, Executor},
    parts::Parts,
    payment::PaymentGateway,
    people::People,
};
use domain::{
    Id, Won,
    market::{
        item::{self, Item},
        payment::{Command as PaymentCommand, Payment},
        policies::Rules,
        reservation::{self, Reservation},
        review::{self, Review, Score, Text},
    },
    shared::{Name, personal::Person, phone::Phone},
};
use eventlog::EventLog;
use std::sync::Arc;

/// Executes what concerns the market. Cheap to clone.
#[derive(Clone)]
pub struct Market(Arc<Inner>);

struct Inner {
    items: Executor<Item>,
    reservations: Executor<Reservation>,
    payments: Executor<Payment>,
    reviews: Executor<Review>,
    parts: Parts,
    gateway: Arc<dyn PaymentGateway>,
    people: People,
    rules: Rules,
}

/// A reservation as a renter asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reserve {
    /// Made from the command's id when absent.
    pub reservation_no: Option<Id>,
    pub item_no: Id,
    pub customer_id: Id,
    pub customer_name: Name,
    pub phone: Option<Phone>,
    /// The price that the renter saw.
    pub item_price: Option<Won>,
}

/// A review as a renter gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmitReview {
    pub customer_id: Id,
    pub customer_name: Name,
    pub score: Score,
    pub text: Option<Text>,
}

impl Market {
    pub fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        parts: Parts,
        gateway: Arc<dyn PaymentGateway>,
        people: People,
        rules: Rules,
    ) -> Self {
        Self(Arc::new(Inner {
            items: Executor::new(log.clone(), clock.clone(), parts.clone()),
            reservations: Executor::new(log.clone(), clock.clone(), parts.clone()),
            payments: Executor::new(log.clone(), clock.clone(), parts.clone()),
            reviews: Executor::new(log, clock, parts.clone()),
            parts,
            gateway,
            people,
            rules,
        }))
    }

    /// Takes a reservation, also while the item side is down. Whether the item is to be had is
    /// decided later.
    pub async fn reserve(
        &self,
        reserve: Reserve,
        meta: &Meta,
    ) -> Result<(Id, Done<Reservation>), Error> {
        let id = reserve.reservation_no.unwrap_or_else(|| meta.command_id.into());
        // An item's price never changes.
        let listed = self.0.items.known(reserve.item_no.as_str()).await?.price();
        let renter = Person::customer(&reserve.customer_id);
        let phone = match reserve.phone {
            Some(phone) => Some(self.0.people.seal(&renter, phone.as_str()).await?),
            None => None,
        };
        let command = reservation::Command::Reserve {
            item_no: reserve.item_no,
            customer_name: self.0.people.seal(&renter, reserve.customer_name.as_str()).await?,
            customer_id: reserve.customer_id,
            phone,
            item_price: reserve.item_price,
            listed,
        };
        let reserved = self.reservation(&id, command, meta).await?;
        Ok((id, reserved))
    }

    pub async fn item(
        &self,
        id: &Id,
        command: item::Command,
        meta: &Meta,
    ) -> Result<Done<Item>, Error> {
        self.0.items.execute(id.as_str(), &command, meta).await
    }

    pub async fn reservation(
        &self,
        id: &Id,
        command: reservation::Command,
        meta: &Meta,
    ) -> Result<Done<Reservation>, Error> {
        self.0.reservations.execute(id.as_str(), &command, meta).await
    }

    pub async fn payment(
        &self,
        reservation: &Id,
        command: PaymentCommand,
        meta: &Meta,
    ) -> Result<Done<Payment>, Error> {
        self.0.payments.execute(reservation.as_str(), &command, meta).await
    }

    pub async fn review(
        &self,
        reservation: &Id,
        command: review::Command,
        meta: &Meta,
    ) -> Result<Done<Review>, Error> {
        self.0.reviews.execute(reservation.as_str(), &command, meta).await
    }

    /// An item as it is now.
    pub async fn load_item(&self, id: &Id) -> Result<Done<Item>, Error> {
        self.0.items.load(id.as_str()).await
    }

    /// A reservation as it is now.
    pub async fn load_reservation(&self, id: &Id) -> Result<Done<Reservation>, Error> {
        self.0.reservations.load(id.as_str()).await
    }

    /// The payment of a reservation as it is now.
    pub async fn load_payment(&self, reservation: &Id) -> Result<Done<Payment>, Error> {
        self.0.payments.load(reservation.as_str()).await
    }

    /// The review of a reservation as it is now.
    pub async fn load_review(&self, reservation: &Id) -> Result<Done<Review>, Error> {
        self.0.reviews.load(reservation.as_str()).await
    }
}
