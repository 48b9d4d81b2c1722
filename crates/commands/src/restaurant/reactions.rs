//! What follows from the restaurant's facts.

use super::Restaurant;
use crate::{
    Done, Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
};
use async_trait::async_trait;
use domain::{
    Aggregate, Context, Event, Fact,
    restaurant::{
        self, cook, menu, notices,
        policies::{Ask, react},
    },
    shared::personal::Personal,
};
use uuid::Uuid;

#[async_trait]
impl Reactive for Restaurant {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Restaurant
    }

    async fn react(&self, fact: &Fact<Event>, _: Uuid) -> Result<Reaction<Ask>, Error> {
        let Some(event) = fact.event.restaurant() else {
            return Ok(Reaction::none());
        };
        let fact = fact.with(event.clone());
        let notices = self.notice(&fact).await?.into_iter().collect();
        Ok(Reaction { asks: react(&fact), notices, ..Reaction::none() })
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        match ask {
            Ask::Menu { id, command } => {
                if self.is_needless(command).await? {
                    return Ok(vec![]);
                }
                let done = self.menu(id, command.clone(), meta).await?;
                Ok(facts(done, restaurant::Event::Menu))
            }
            Ask::Order { id, command } => {
                let done = self.order(id, command.clone(), meta).await?;
                Ok(facts(done, restaurant::Event::Order))
            }
            Ask::Cook { id, command } => {
                let done = self.cook(id, command.clone(), meta).await?;
                Ok(facts(done, restaurant::Event::Cook))
            }
            Ask::Delivery { id, command } => {
                let done = self.delivery(id, command.clone(), meta).await?;
                Ok(facts(done, restaurant::Event::Delivery))
            }
        }
    }
}

/// What a command stored, as facts of any context.
pub(super) fn facts<A: Aggregate>(
    done: Done<A>,
    event: impl Fn(A::Event) -> restaurant::Event,
) -> Vec<Fact<Event>> {
    let facts = done.facts.into_iter();
    facts.map(|fact| fact.map(|of_aggregate| Event::Restaurant(event(of_aggregate)))).collect()
}

impl Restaurant {
    /// An order that was cancelled while its portions could not be reserved takes none from another.
    async fn is_needless(&self, command: &menu::Command) -> Result<bool, Error> {
        if let menu::Command::Reserve { order_id, .. } = command {
            let cook = self.0.cooks.load(order_id.as_str()).await?.state;
            return Ok(cook.status() == Some(cook::Status::Cancelled));
        }
        Ok(false)
    }

    /// The KakaoTalk message to the customer whose order it is.
    async fn notice(&self, fact: &Fact<restaurant::Event>) -> Result<Option<Notice>, Error> {
        let Some(body) = notices::notice(&fact.event) else {
            return Ok(None);
        };
        // Whose order it is never changes.
        let order = self.0.orders.known(&fact.of).await?;
        Ok(order.customer_id().map(|customer| Notice {
            fact_id: fact.id,
            channel: Channel::KakaoTalk,
            recipient: Personal::Plain(customer.to_string()),
            body,
        }))
    }
}
