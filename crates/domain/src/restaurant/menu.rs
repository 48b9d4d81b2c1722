//! A dish on the menu, with its portions. Its id is a [`MenuId`](super::MenuId).
//!
//! 1. An order gets all the portions it asks for, or none, and is answered once.
//! 2. Portions are never less than none, and the last one can be had.
//! 3. Portions that are not cooked come back, once. An order whose portions come back before it
//!    reserved any gets none.

use crate::{
    Aggregate, Id, Kind, Quantity, Won,
    shared::{
        Name,
        reservations::{Asked, Reservations},
    },
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    MenuAdded {
        name: Name,
        #[serde(skip_serializing_if = "Option::is_none")]
        price: Option<Won>,
        stock: Quantity,
    },
    /// `left` are the free portions afterwards, here and in what follows.
    Restocked {
        qty: Quantity,
        left: i64,
    },
    PortionsReserved {
        order_id: Id,
        qty: Quantity,
        left: i64,
    },
    /// `qty` is 0 when the order had reserved none yet, and now never will.
    PortionsReleased {
        order_id: Id,
        qty: i64,
        left: i64,
    },
    /// There were not enough.
    CookQtyChecked {
        order_id: Id,
        asked: Quantity,
        left: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Add { name: Name, price: Option<Won>, stock: Quantity },
    Restock { qty: Quantity },
    Reserve { order_id: Id, qty: Quantity },
    Release { order_id: Id },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such menu")]
    UnknownMenu,
    #[error("another menu has this id")]
    MenuExists,
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownMenu => "unknown-menu",
            Self::MenuExists => "menu-exists",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownMenu => Kind::Unknown,
            Self::MenuExists => Kind::Rule,
        }
    }
}

/// One dish, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    added: Option<Added>,
    portions: Reservations,
}

#[derive(Clone, Debug, PartialEq)]
struct Added {
    name: Name,
    price: Option<Won>,
    stock: Quantity,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Menu {
    const CATEGORY: &'static str = "restaurant.menu";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Add { name, price, stock } => self.add(name, *price, *stock),
            Command::Restock { qty } => self.restock(*qty),
            Command::Reserve { order_id, qty } => self.reserve(order_id, *qty),
            Command::Release { order_id } => self.release(order_id),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::MenuAdded { name, price, stock } => {
                let (name, price, stock) = (name.clone(), *price, *stock);
                self.added = Some(Added { name, price, stock });
                self.portions.add(stock);
            }
            Event::Restocked { qty, .. } => self.portions.add(*qty),
            Event::PortionsReserved { order_id, qty, .. } => self.portions.hold(order_id, *qty),
            Event::PortionsReleased { order_id, .. } => self.portions.give_back(order_id),
            Event::CookQtyChecked { order_id, .. } => self.portions.turn_down(order_id),
        }
    }
}

impl Menu {
    pub fn exists(&self) -> bool {
        self.added.is_some()
    }

    pub fn name(&self) -> Option<&Name> {
        self.added.as_ref().map(|added| &added.name)
    }

    /// Of one portion.
    pub fn price(&self) -> Option<Won> {
        self.added.as_ref()?.price
    }

    /// Portions that can be ordered.
    pub fn stock(&self) -> i64 {
        self.portions.free()
    }

    /// Portions that orders have.
    pub fn reserved(&self) -> i64 {
        self.portions.held()
    }

    fn add(&self, name: &Name, price: Option<Won>, stock: Quantity) -> Decision {
        let name = name.clone();
        let added = Added { name, price, stock };
        match &self.added {
            Some(known) if *known == added => Ok(vec![]),
            Some(_) => Err(Refusal::MenuExists),
            None => Ok(vec![Event::MenuAdded { name: added.name, price, stock }]),
        }
    }

    fn restock(&self, qty: Quantity) -> Decision {
        if !self.exists() {
            return Err(Refusal::UnknownMenu);
        }
        let left = self.stock() + qty.get();
        Ok(vec![Event::Restocked { qty, left }])
    }

    fn reserve(&self, order_id: &Id, qty: Quantity) -> Decision {
        let asked = self.portions.ask(order_id, qty);
        let order_id = order_id.clone();
        match asked {
            Asked::Already => Ok(vec![]),
            Asked::Enough { left } => Ok(vec![Event::PortionsReserved { order_id, qty, left }]),
            Asked::Short { left } => Ok(vec![Event::CookQtyChecked { order_id, asked: qty, left }]),
        }
    }

    fn release(&self, order_id: &Id) -> Decision {
        let Some(back) = self.portions.back(order_id) else {
            return Ok(vec![]);
        };
        Ok(vec![Event::PortionsReleased {
            order_id: order_id.clone(),
            qty: back.qty,
            left: back.left,
        }])
    }
}

#[cfg(test)]
mod tests;
