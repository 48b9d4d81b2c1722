//! What follows from the warehouse's facts.

use super::Warehouse;
use crate::{
    Done, Error, Meta,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
};
use async_trait::async_trait;
use domain::{
    Aggregate, Context, Event, Fact,
    shared::personal::Personal,
    warehouse::{
        self,
        notices::{Message, messages},
        policies::{Ask, react},
    },
};
use uuid::Uuid;

/// Whom the warehouse tells what is nobody's in particular.
const STAFF: &str = "warehouse";

#[async_trait]
impl Reactive for Warehouse {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Warehouse
    }

    async fn react(&self, fact: &Fact<Event>, _: Uuid) -> Result<Reaction<Ask>, Error> {
        let Some(event) = fact.event.warehouse() else {
            return Ok(Reaction::none());
        };
        let fact = fact.with(event.clone());
        Ok(Reaction { asks: react(&fact), notices: notices(&fact), ..Reaction::none() })
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        match ask {
            Ask::Delivery { id, command } => {
                let done = self.delivery(id, command.clone(), meta).await?;
                Ok(facts(done, warehouse::Event::Delivery))
            }
            Ask::StockItem { product, command } => {
                let done = self.stock_item(product, command.clone(), meta).await?;
                Ok(facts(done, warehouse::Event::StockItem))
            }
        }
    }
}

/// What a command stored, as facts of any context.
pub(super) fn facts<A: Aggregate>(
    done: Done<A>,
    event: impl Fn(A::Event) -> warehouse::Event,
) -> Vec<Fact<Event>> {
    let facts = done.facts.into_iter();
    facts.map(|fact| fact.map(|of_aggregate| Event::Warehouse(event(of_aggregate)))).collect()
}

/// The first notice about a fact has the fact's id, and each further one an id of its own.
fn notice_id(fact_id: Uuid, number: usize) -> Uuid {
    match number {
        0 => fact_id,
        further => Uuid::new_v5(&fact_id, format!("notice/{further}").as_bytes()),
    }
}

/// The KakaoTalk messages about a fact.
fn notices(fact: &Fact<warehouse::Event>) -> Vec<Notice> {
    let messages = messages(fact).into_iter().enumerate();
    let notice = |(number, message): (usize, Message)| Notice {
        fact_id: notice_id(fact.id, number),
        channel: Channel::KakaoTalk,
        recipient: Personal::Plain(message.to.map_or_else(|| STAFF.to_owned(), String::from)),
        body: message.text,
    };
    messages.map(notice).collect()
}
