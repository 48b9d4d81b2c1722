//! What follows from the café's facts.

use super::Cafe;
use crate::{
    Done, Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
    timers::{Cause, Timer},
};
use async_trait::async_trait;
use domain::{
    Aggregate, Context, Event, Fact, Id,
    cafe::{
        self, notices,
        policies::{Ask, react},
    },
};
use uuid::Uuid;

#[async_trait]
impl Reactive for Cafe {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Cafe
    }

    async fn react(
        &self,
        fact: &Fact<Event>,
        correlation_id: Uuid,
    ) -> Result<Reaction<Ask>, Error> {
        let Some(event) = fact.event.cafe() else {
            return Ok(Reaction::none());
        };
        let cafe_fact = fact.with(event.clone());
        let cause = Cause { fact_id: fact.id, correlation_id };
        let mut reaction = Reaction {
            asks: vec![],
            set: vec![],
            cancel: vec![],
            notices: self.notice(&cafe_fact).await?.into_iter().collect(),
        };
        for (policy, ask) in react(&cafe_fact, &self.0.rules) {
            match ask {
                Ask::At { key, due, ask } => {
                    reaction.set.push(Timer::new(Context::Cafe, &key, due, &ask, cause));
                }
                Ask::Cancel { key } => reaction.cancel.push(Timer::key_of(Context::Cafe, &key)),
                now => reaction.asks.push((policy, now)),
            }
        }
        Ok(reaction)
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        match ask {
            Ask::Order { id, command } => {
                let done = self.order(id, command.clone(), meta).await?;
                Ok(facts(done, cafe::Event::Order))
            }
            Ask::Ticket { id, command } => {
                let done = self.ticket(id, command.clone(), meta).await?;
                Ok(facts(done, cafe::Event::Ticket))
            }
            Ask::Member { id, command } => {
                let done = self.member(id, command.clone(), meta).await?;
                Ok(facts(done, cafe::Event::Member))
            }
            Ask::SettlePayment { order, attempt } => {
                self.settle_payment(order, *attempt, meta).await
            }
            Ask::WatchLateCharge { order, attempt } => {
                self.watch_late_charge(order, *attempt, meta).await
            }
            Ask::Refund { order } => self.refund(order, meta).await,
            // A timer asks for something else than a timer.
            Ask::At { .. } | Ask::Cancel { .. } => Ok(vec![]),
        }
    }
}

/// What a command stored, as facts of any context.
pub(super) fn facts<A: Aggregate>(
    done: Done<A>,
    event: impl Fn(A::Event) -> cafe::Event,
) -> Vec<Fact<Event>> {
    let facts = done.facts.into_iter();
    facts.map(|fact| fact.map(|of_aggregate| Event::Cafe(event(of_aggregate)))).collect()
}

impl Cafe {
    /// The text message to a customer who left a number.
    async fn notice(&self, fact: &Fact<cafe::Event>) -> Result<Option<Notice>, Error> {
        let cafe::Event::Order(event) = &fact.event else {
            return Ok(None);
        };
        let (Some(body), Ok(id)) = (notices::notice(event), Id::new(fact.of.clone())) else {
            return Ok(None);
        };
        // Where a customer is reached is said when the order is placed.
        let order = self.0.orders.known(id.as_str()).await?;
        Ok(order.phone().map(|phone| Notice {
            fact_id: fact.id,
            channel: Channel::Sms,
            recipient: phone.clone(),
            body,
        }))
    }
}
