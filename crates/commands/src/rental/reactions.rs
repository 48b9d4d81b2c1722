//! What follows from the rental's facts.

use super::Rental;
use crate::{
    Done, Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
    timers::{Cause, Timer},
};
use async_trait::async_trait;
use domain::{
    Aggregate, Context, Event, Fact, Id,
    rental::{
        self, notices,
        order::Status,
        policies::{Ask, react},
        shipment::Command,
    },
    shared::personal::Personal,
};
use uuid::Uuid;

#[async_trait]
impl Reactive for Rental {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Rental
    }

    async fn react(
        &self,
        fact: &Fact<Event>,
        correlation_id: Uuid,
    ) -> Result<Reaction<Ask>, Error> {
        let Some(event) = fact.event.rental() else {
            return Ok(Reaction::none());
        };
        let rental_fact = fact.with(event.clone());
        let notices = self.notice(&rental_fact).await?.into_iter().collect();
        let mut reaction = Reaction { notices, ..Reaction::none() };
        let cause = Cause { fact_id: fact.id, correlation_id };
        for (policy, ask) in react(&rental_fact) {
            match ask {
                Ask::At { key, due, ask } => {
                    reaction.set.push(Timer::new(Context::Rental, &key, due, &ask, cause))
                }
                now => reaction.asks.push((policy, now)),
            }
        }
        Ok(reaction)
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        if let Some(part) = ask.part() {
            self.0.parts.check(part)?;
        }
        match ask {
            Ask::Inventory { product, command } => {
                let done = self.inventory(product, command.clone(), meta).await?;
                Ok(facts(done, rental::Event::Inventory))
            }
            Ask::Order { id, command } => {
                let done = self.order(id, command.clone(), meta).await?;
                Ok(facts(done, rental::Event::Order))
            }
            Ask::Bill { order, command } => {
                let done = self.bill(order, command.clone(), meta).await?;
                Ok(facts(done, rental::Event::Bill))
            }
            Ask::Shipment { order, command: Command::Start { .. } }
                if self.is_cancelled(order).await? =>
            {
                Ok(vec![])
            }
            Ask::Shipment { order, command } => {
                let done = self.shipment(order, command.clone(), meta).await?;
                Ok(facts(done, rental::Event::Shipment))
            }
            Ask::Collect { order } => self.collect(order, meta).await,
            Ask::GiveBack { order } => self.give_back_due(order, meta).await,
            Ask::WatchLateCharge { order } => self.give_back_late(order, meta).await,
            // A timer asks for something else than a timer.
            Ask::At { .. } => Ok(vec![]),
        }
    }
}

/// What a command stored, as facts of any context.
pub(super) fn facts<A: Aggregate>(
    done: Done<A>,
    event: impl Fn(A::Event) -> rental::Event,
) -> Vec<Fact<Event>> {
    let facts = done.facts.into_iter();
    facts.map(|fact| fact.map(|of_aggregate| Event::Rental(event(of_aggregate)))).collect()
}

impl Rental {
    /// Whether an order was cancelled before its goods left, which may be long after its fee was
    /// received: then they stay. A state from before the cancellation does no harm, because what
    /// has left is called back.
    async fn is_cancelled(&self, order: &Id) -> Result<bool, Error> {
        Ok(self.0.orders.known(order.as_str()).await?.status() == Status::Cancelled)
    }

    /// The message to a customer who said who it is.
    async fn notice(&self, fact: &Fact<rental::Event>) -> Result<Option<Notice>, Error> {
        let Some(body) = notices::notice(&fact.event) else {
            return Ok(None);
        };
        // What a customer is told of has the order's id, and the order says whose it is.
        let order = self.0.orders.known(&fact.of).await?;
        Ok(order.customer_id().map(|customer| Notice {
            fact_id: fact.id,
            channel: Channel::KakaoTalk,
            recipient: Personal::Plain(customer.to_string()),
            body,
        }))
    }
}
