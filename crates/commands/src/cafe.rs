//! The café's commands: those a person gives, the payment that belongs to ordering, and what the
//! policies ask.

mod payment;
mod reactions;

use crate::{
    Error, Meta, PaidFor,
    clock::Clock,
    execute::{Done, Executor},
    parts::Parts,
    payment::PaymentGateway,
    people::People,
};
use domain::{
    Aggregate, Id, Instant, Quantity, Won,
    cafe::{
        member::{self, Member},
        menu_item::{self, MenuItem},
        order::{self, Order, PaymentFailure},
        policies::Rules,
        ticket::{self, Ticket},
    },
    shared::{
        Name,
        personal::{Person, Personal},
        phone::Phone,
    },
};
use eventlog::{EventLog, trace::carried};
use std::{sync::Arc, time::Duration};

/// How old a price of the menu may be that another process has changed.
const MENU_AGE: Duration = Duration::from_millis(100);

/// Executes what concerns the café. Cheap to clone.
#[derive(Clone)]
pub struct Cafe(Arc<Inner>);

struct Inner {
    orders: Executor<Order>,
    tickets: Executor<Ticket>,
    members: Executor<Member>,
    menu: Executor<MenuItem>,
    gateway: Arc<dyn PaymentGateway>,
    people: People,
    rules: Rules,
}

/// An order as a customer gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceOrder {
    /// Made from the command's id when absent.
    pub order_id: Option<Id>,
    pub product: Name,
    pub qty: Quantity,
    /// Of one; the menu's when absent.
    pub price: Option<Won>,
    pub customer_id: Option<Id>,
    pub phone: Option<Phone>,
}

/// A membership as a customer asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    pub name: Name,
    /// Whether it is valid at once.
    pub validated: bool,
    pub at: Instant,
}

impl Cafe {
    pub fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        parts: Parts,
        gateway: Arc<dyn PaymentGateway>,
        people: People,
        rules: Rules,
    ) -> Self {
        Self(Arc::new(Inner {
            orders: Executor::new(log.clone(), clock.clone(), parts.clone()),
            tickets: Executor::new(log.clone(), clock.clone(), parts.clone()),
            members: Executor::new(log.clone(), clock.clone(), parts.clone()),
            menu: Executor::new(log, clock, parts),
            gateway,
            people,
            rules,
        }))
    }

    /// Orders and pays. Comes back when the payment is on record: the order as it was when it was
    /// paid. The work goes on when the caller no longer waits.
    ///
    /// Errors beside the usual: [`Error::PaymentPaused`] (nothing is stored),
    /// [`Error::PaymentDeclined`], [`Error::PaymentUnavailable`] (the order is closed, and the same
    /// command may be sent again), [`Error::PaymentUnknown`].
    pub async fn place(&self, order: PlaceOrder, meta: &Meta) -> Result<(Id, Done<Order>), Error> {
        let (this, meta) = (self.clone(), meta.clone());
        let placing = tokio::spawn(carried(async move { this.place_and_pay(order, &meta).await }));
        placing.await.map_err(|panic| Error::Unavailable(eventlog::LogError::unreachable(panic)))?
    }

    pub async fn order(
        &self,
        id: &Id,
        command: order::Command,
        meta: &Meta,
    ) -> Result<Done<Order>, Error> {
        self.0.orders.execute(id.as_str(), &command, meta).await
    }

    pub async fn ticket(
        &self,
        id: &Id,
        command: ticket::Command,
        meta: &Meta,
    ) -> Result<Done<Ticket>, Error> {
        self.0.tickets.execute(id.as_str(), &command, meta).await
    }

    pub async fn member(
        &self,
        id: &Id,
        command: member::Command,
        meta: &Meta,
    ) -> Result<Done<Member>, Error> {
        self.0.members.execute(id.as_str(), &command, meta).await
    }

    /// Makes a customer a member.
    pub async fn register(
        &self,
        customer_id: &Id,
        register: Register,
        meta: &Meta,
    ) -> Result<Done<Member>, Error> {
        let Register { name, validated, at } = register;
        let name = self.0.people.seal(&Person::customer(customer_id), name.as_str()).await?;
        self.member(customer_id, member::Command::Register { name, validated, at }, meta).await
    }

    pub async fn menu_item(
        &self,
        product: &Name,
        command: menu_item::Command,
        meta: &Meta,
    ) -> Result<Done<MenuItem>, Error> {
        self.0.menu.execute(product.as_str(), &command, meta).await
    }

    /// An order as it is now.
    pub async fn load_order(&self, id: &Id) -> Result<Done<Order>, Error> {
        self.0.orders.load(id.as_str()).await
    }

    async fn place_and_pay(
        &self,
        place: PlaceOrder,
        meta: &Meta,
    ) -> Result<(Id, Done<Order>), Error> {
        let id = place.order_id.unwrap_or_else(|| meta.command_id.into());
        let room = self.room_to_pay(&id).await?;
        let command = order::Command::Place {
            listed: self.0.menu.recent(place.product.as_str(), MENU_AGE).await?.price(),
            product: place.product,
            qty: place.qty,
            price: place.price,
            phone: self.sealed(&id, place.customer_id.as_ref(), place.phone).await?,
            customer_id: place.customer_id,
        };
        let mut placed = self.order(&id, command.clone(), meta).await?;
        if placed.repeated {
            placed = self.load_order(&id).await?;
        }
        if placed.state.failure() == Some(PaymentFailure::Unavailable) {
            placed = self.place_again(&id, &placed.state, command, meta).await?;
        }
        let paid = match placed.state.payment_open() {
            true => self.charge(&id, &placed, room, meta).await?,
            false => placed,
        };
        outcome(&id, &paid.state)?;
        Ok((id, paid))
    }

    /// A guest is known by the order alone.
    async fn sealed(
        &self,
        order: &Id,
        customer: Option<&Id>,
        phone: Option<Phone>,
    ) -> Result<Option<Personal>, Error> {
        let Some(phone) = phone else { return Ok(None) };
        let guest = || Person::guest(Order::CATEGORY, order);
        let person = customer.map_or_else(guest, Person::customer);
        Ok(Some(self.0.people.seal(&person, phone.as_str()).await?))
    }

    /// A repeated command finds the order closed because the gateway could not be asked: this is
    /// the customer's next attempt, and a command of its own.
    async fn place_again(
        &self,
        id: &Id,
        closed: &Order,
        command: order::Command,
        meta: &Meta,
    ) -> Result<Done<Order>, Error> {
        let attempt = closed.attempt() + 1;
        self.order(id, command, &meta.then(&format!("attempt/{attempt}"))).await
    }
}

/// What the customer is told about an order that was just placed, or placed once more.
fn outcome(id: &Id, order: &Order) -> Result<(), Error> {
    let paid_for = PaidFor::order(id);
    match order.failure() {
        Some(PaymentFailure::Declined) => Err(Error::PaymentDeclined { paid_for }),
        Some(PaymentFailure::Unavailable) => Err(Error::PaymentUnavailable { paid_for }),
        None if order.payment_open() => Err(Error::PaymentUnknown { paid_for }),
        None => Ok(()),
    }
}
