//! A product on the menu, with the price of one. Its id is the product's name.
//!
//! 1. The store sets the price, which holds for orders from then on.

use crate::{Aggregate, Won};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    PriceSet { price: Won },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    SetPrice { price: Won },
}

/// The menu refuses nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

/// One product, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct MenuItem {
    price: Option<Won>,
}

impl Aggregate for MenuItem {
    const CATEGORY: &'static str = "cafe.menu_item";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::SetPrice { price } => self.set_price(*price),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PriceSet { price } => self.price = Some(*price),
        }
    }
}

impl MenuItem {
    /// Of one; `None` when it was never set.
    pub fn price(&self) -> Option<Won> {
        self.price
    }

    fn set_price(&self, price: Won) -> Result<Vec<Event>, Refusal> {
        if self.price == Some(price) {
            return Ok(vec![]);
        }
        Ok(vec![Event::PriceSet { price }])
    }
}

#[cfg(test)]
mod tests;
