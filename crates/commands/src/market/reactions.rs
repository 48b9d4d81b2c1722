//! What follows from the market's facts.

use super::Market;
use crate::{
    Done, Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
    timers::{Cause, Timer},
};
use async_trait::async_trait;
use domain::{
    Aggregate, Context, Event, Fact,
    market::{
        self, notices,
        policies::{Ask, react},
    },
};
use uuid::Uuid;

#[async_trait]
impl Reactive for Market {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Market
    }

    async fn react(
        &self,
        fact: &Fact<Event>,
        correlation_id: Uuid,
    ) -> Result<Reaction<Ask>, Error> {
        let Some(event) = fact.event.market() else {
            return Ok(Reaction::none());
        };
        let market_fact = fact.with(event.clone());
        let notices = self.notice(&market_fact).await?.into_iter().collect();
        let mut reaction = Reaction { notices, ..Reaction::none() };
        let cause = Cause { fact_id: fact.id, correlation_id };
        for (policy, ask) in react(&market_fact, &self.0.rules) {
            match ask {
                Ask::At { key, due, ask } => {
                    reaction.set.push(Timer::new(Context::Market, &key, due, &ask, cause))
                }
                Ask::Cancel { key } => reaction.cancel.push(Timer::key_of(Context::Market, &key)),
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
            Ask::Item { id, command } => {
                let done = self.item(id, command.clone(), meta).await?;
                Ok(facts(done, market::Event::Item))
            }
            Ask::Reservation { id, command } => {
                let done = self.reservation(id, command.clone(), meta).await?;
                Ok(facts(done, market::Event::Reservation))
            }
            Ask::Payment { id, command } => {
                let done = self.payment(id, command.clone(), meta).await?;
                Ok(facts(done, market::Event::Payment))
            }
            Ask::Review { id, command } => {
                let done = self.review(id, command.clone(), meta).await?;
                Ok(facts(done, market::Event::Review))
            }
            Ask::SettlePayment { reservation, attempt } => {
                self.settle_payment(reservation, *attempt, meta).await
            }
            Ask::WatchLateCharge { reservation, attempt } => {
                self.watch_late_charge(reservation, *attempt, meta).await
            }
            Ask::Refund { reservation } => self.refund(reservation, meta).await,
            // A timer asks for something else than a timer.
            Ask::At { .. } | Ask::Cancel { .. } => Ok(vec![]),
        }
    }
}

/// What a command stored, as facts of any context.
pub(super) fn facts<A: Aggregate>(
    done: Done<A>,
    event: impl Fn(A::Event) -> market::Event,
) -> Vec<Fact<Event>> {
    let facts = done.facts.into_iter();
    facts.map(|fact| fact.map(|of_aggregate| Event::Market(event(of_aggregate)))).collect()
}

impl Market {
    /// The text message to a renter who left a number.
    async fn notice(&self, fact: &Fact<market::Event>) -> Result<Option<Notice>, Error> {
        let Some(body) = notices::notice(&fact.event) else {
            return Ok(None);
        };
        // What a renter is told of has the reservation's number, where the phone is said.
        let reservation = self.0.reservations.known(&fact.of).await?;
        Ok(reservation.phone().map(|phone| Notice {
            fact_id: fact.id,
            channel: Channel::Sms,
            recipient: phone.clone(),
            body,
        }))
    }
}
