//! The stock of one product. Its id is the product's.
//!
//! 1. A product is registered once, with all there is of it and, perhaps, the fee for one.
//! 2. An order reserves all that it asks for or nothing; the last one can be rented. Being short is
//!    on record.
//! 3. An order reserves once, whatever is repeated, and what it holds comes back once: released
//!    when it never left, returned when it was retrieved.
//! 4. What is found missing under an order is gone for good: first from what the order holds, then
//!    from what is free. It is reported once for each order.
//! 5. So what is free and what is held add up to what was registered less what is missing, and
//!    none of it is ever negative.

use crate::{
    Aggregate, Id, Kind, Quantity, Won,
    shared::{
        Name,
        reservations::{Answer, Asked, Left, Reservations},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    InventoryRegistered {
        product_name: Name,
        qty: Quantity,
        /// Of one.
        #[serde(skip_serializing_if = "Option::is_none")]
        unit_fee: Option<Won>,
    },
    /// `left` is free afterwards, here and below.
    StockReserved {
        order_id: Id,
        qty: Quantity,
        left: i64,
    },
    StockReleased {
        order_id: Id,
        qty: Quantity,
        left: i64,
    },
    /// `left` is free, and less than what was asked for.
    InventoryStockShortage {
        order_id: Id,
        asked: Quantity,
        left: i64,
    },
    StockReturned {
        order_id: Id,
        qty: Quantity,
        left: i64,
    },
    /// `held` is what the order holds afterwards.
    StockMissing {
        order_id: Id,
        qty: Quantity,
        left: i64,
        held: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    Register { product_name: Name, qty: Quantity, unit_fee: Option<Won> },
    Reserve { order_id: Id, qty: Quantity },
    Release { order_id: Id },
    Restock { order_id: Id },
    ReportMissing { order_id: Id, qty: Quantity },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such product")]
    UnknownProduct,
    #[error("the product is registered, with other data")]
    AlreadyRegistered,
    #[error("nothing is held for the order")]
    NothingHeld,
    #[error("{qty} are on record as missing from the order")]
    AlreadyReported { qty: i64 },
    #[error("{asked} cannot be missing: the order holds {held} and {left} are free")]
    NotSoMany { asked: i64, held: i64, left: i64 },
}

impl crate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown-product",
            Self::AlreadyRegistered => "already-registered",
            Self::NothingHeld => "nothing-held",
            Self::AlreadyReported { .. } => "already-reported",
            Self::NotSoMany { .. } => "insufficient-stock",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::UnknownProduct => Kind::Unknown,
            Self::AlreadyRegistered
            | Self::NothingHeld
            | Self::AlreadyReported { .. }
            | Self::NotSoMany { .. } => Kind::Rule,
        }
    }
}

/// The stock of one product, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    product: Option<Product>,
    stock: Reservations,
    /// By the order under which it was reported.
    missing: BTreeMap<Id, Quantity>,
}

#[derive(Clone, Debug, PartialEq)]
struct Product {
    name: Name,
    qty: Quantity,
    unit_fee: Option<Won>,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Inventory {
    const CATEGORY: &'static str = "rental.inventory";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Register { product_name, qty, unit_fee } => {
                self.register(product_name, *qty, *unit_fee)
            }
            Command::Reserve { order_id, qty } => self.reserve(order_id, *qty),
            Command::Release { order_id } => self.release(order_id),
            Command::Restock { order_id } => self.restock(order_id),
            Command::ReportMissing { order_id, qty } => self.report_missing(order_id, *qty),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::InventoryRegistered { product_name, qty, unit_fee } => {
                let (name, qty, unit_fee) = (product_name.clone(), *qty, *unit_fee);
                self.stock.add(qty);
                self.product = Some(Product { name, qty, unit_fee });
            }
            Event::StockReserved { order_id, qty, .. } => self.stock.hold(order_id, *qty),
            Event::StockReleased { order_id, .. } => self.stock.give_back(order_id),
            Event::InventoryStockShortage { order_id, .. } => self.stock.turn_down(order_id),
            Event::StockReturned { order_id, .. } => self.stock.give_back(order_id),
            Event::StockMissing { order_id, qty, left, held } => {
                self.stock.lose(order_id, Left { held: *held, free: *left });
                self.missing.insert(order_id.clone(), *qty);
            }
        }
    }
}

impl Inventory {
    pub fn exists(&self) -> bool {
        self.product.is_some()
    }

    pub fn name(&self) -> Option<&Name> {
        self.product.as_ref().map(|product| &product.name)
    }

    /// What the product was registered with.
    pub fn registered(&self) -> Option<Quantity> {
        self.product.as_ref().map(|product| product.qty)
    }

    /// Of one.
    pub fn unit_fee(&self) -> Option<Won> {
        self.product.as_ref().and_then(|product| product.unit_fee)
    }

    /// What can be rented.
    pub fn left(&self) -> i64 {
        self.stock.free()
    }

    /// What all orders hold together.
    pub fn held(&self) -> i64 {
        self.stock.held()
    }

    fn register(&self, name: &Name, qty: Quantity, unit_fee: Option<Won>) -> Decision {
        match &self.product {
            None => {
                let product_name = name.clone();
                Ok(vec![Event::InventoryRegistered { product_name, qty, unit_fee }])
            }
            Some(known) if *known == (Product { name: name.clone(), qty, unit_fee }) => Ok(vec![]),
            Some(_) => Err(Refusal::AlreadyRegistered),
        }
    }

    fn reserve(&self, order_id: &Id, qty: Quantity) -> Decision {
        if !self.exists() {
            return Err(Refusal::UnknownProduct);
        }
        let order_id = order_id.clone();
        Ok(match self.stock.ask(&order_id, qty) {
            Asked::Already => vec![],
            Asked::Enough { left } => vec![Event::StockReserved { order_id, qty, left }],
            Asked::Short { left } => {
                vec![Event::InventoryStockShortage { order_id, asked: qty, left }]
            }
        })
    }

    fn release(&self, order_id: &Id) -> Decision {
        let back = self.back(order_id).map(|(order_id, qty, left)| Event::StockReleased {
            order_id,
            qty,
            left,
        });
        Ok(back.into_iter().collect())
    }

    fn restock(&self, order_id: &Id) -> Decision {
        let back = self.back(order_id).map(|(order_id, qty, left)| Event::StockReturned {
            order_id,
            qty,
            left,
        });
        Ok(back.into_iter().collect())
    }

    /// What an order gives back, and what is free then. `None` when it holds nothing.
    fn back(&self, order_id: &Id) -> Option<(Id, Quantity, i64)> {
        let back = self.stock.back(order_id)?;
        let qty = Quantity::new(back.qty).ok()?;
        Some((order_id.clone(), qty, back.left))
    }

    fn report_missing(&self, order_id: &Id, qty: Quantity) -> Decision {
        match self.missing.get(order_id) {
            Some(known) if *known == qty => return Ok(vec![]),
            Some(known) => return Err(Refusal::AlreadyReported { qty: known.get() }),
            None => {}
        }
        let Some(Answer::Holds(had)) = self.stock.answer(order_id) else {
            return Err(Refusal::NothingHeld);
        };
        let Some(Left { held, free }) = self.stock.without(order_id, qty) else {
            let (asked, held, left) = (qty.get(), had.get(), self.left());
            return Err(Refusal::NotSoMany { asked, held, left });
        };
        Ok(vec![Event::StockMissing { order_id: order_id.clone(), qty, left: free, held }])
    }
}

#[cfg(test)]
mod tests;
