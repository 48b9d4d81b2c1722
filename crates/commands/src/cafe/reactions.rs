//! What follows from the café's facts.

use super::Cafe;
use crate::{
    Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
    timers::{Cause, Timer},
};
use async_trait::async_trait;
use domain::{
    Context, Event, Fact, Id,
    cafe::{
        self, notices,
        policies::{Ask, react},
    },
};
use eventlog::RecordedEvent;

#[async_trait]
impl Reactive for Cafe {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Cafe
    }

    async fn react(
        &self,
        fact: &Fact<Event>,
        recorded: &RecordedEvent,
    ) -> Result<Reaction<Ask>, Error> {
        let Event::Cafe(event) = &fact.event;
        let cafe_fact = Fact {
            id: fact.id,
            of: fact.of.clone(),
            at: fact.at,
            event: event.clone(),
        };
        let mut reaction = Reaction {
            asks: vec![],
            set: vec![],
            cancel: vec![],
            notice: self.notice(&cafe_fact).await?,
        };
        for (policy, ask) in react(&cafe_fact, &self.0.rules) {
            match ask {
                Ask::At { key, due, ask } => {
                    reaction.set.push(timer(&key, due, &ask, recorded));
                }
                Ask::Cancel { key } => reaction.cancel.push(timer_key(&key)),
                now => reaction.asks.push((policy, now)),
            }
        }
        Ok(reaction)
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<(), Error> {
        match ask {
            Ask::Order { id, command } => {
                self.order(id, command.clone(), meta).await?;
            }
            Ask::Ticket { id, command } => {
                self.ticket(id, command.clone(), meta).await?;
            }
            Ask::Member { id, command } => {
                self.member(id, command.clone(), meta).await?;
            }
            Ask::SettlePayment { order, attempt } => self.settle_payment(order, *attempt).await?,
            Ask::WatchLateCharge { order, attempt } => {
                self.watch_late_charge(order, *attempt).await?;
            }
            Ask::Refund { order } => self.refund(order).await?,
            // A timer asks for something else than a timer.
            Ask::At { .. } | Ask::Cancel { .. } => {}
        }
        Ok(())
    }
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
            recipient: phone.as_str().to_owned(),
            body,
        }))
    }
}

fn timer(key: &str, due: domain::Instant, ask: &Ask, recorded: &RecordedEvent) -> Timer {
    Timer {
        key: timer_key(key),
        context: Context::Cafe.name().to_owned(),
        due,
        ask: serde_json::to_string(ask).expect("a request is plain data"),
        cause: Cause {
            fact_id: recorded.id,
            correlation_id: recorded.metadata.correlation_id,
        },
    }
}

/// All contexts share one table of timers.
fn timer_key(key: &str) -> String {
    format!("{}/{key}", Context::Cafe.name())
}
