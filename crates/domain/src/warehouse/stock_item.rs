//! What the warehouse keeps of one product. Its id is the product.
//!
//! 1. Each delivery makes one lot, once.
//! 2. On hand is what came in less what went out, and never negative: what is left in the lots.
//! 3. Goods leave from the lot that is named, or else from the oldest ones first. What is not there
//!    cannot leave: all or nothing.
//! 4. A lot with nothing left is closed.

use crate::{Aggregate, Id, Quantity, shared::Name};
use serde::{Deserialize, Serialize};

mod refusal;
mod taking;
pub use refusal::Refusal;

/// The reason on record when a lot is given up.
pub const REST_OF_LOT: &str = "the rest of the lot";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Event {
    InStock {
        delivery_id: Id,
        qty: Quantity,
        #[serde(skip_serializing_if = "Option::is_none")]
        customer_id: Option<Id>,
        on_hand: i64,
    },
    Shipped {
        shipment_id: Id,
        qty: Quantity,
        /// Where it was taken from, oldest first.
        lots: Vec<Taken>,
        on_hand: i64,
    },
    Obsolete {
        qty: Quantity,
        /// Where it was taken from, oldest first.
        lots: Vec<Taken>,
        reason: String,
        on_hand: i64,
    },
}

/// What left a lot. Names its customer, so that followers need no other fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    pub delivery_id: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Id>,
    pub qty: Quantity,
    /// In the lot, afterwards.
    pub left: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Command {
    StockIn {
        delivery_id: Id,
        qty: Quantity,
        customer_id: Option<Id>,
    },
    Ship {
        shipment_id: Id,
        qty: Quantity,
        lot: Option<Id>,
    },
    /// As much as must leave the lot for `remaining` to stay.
    ShipDownTo {
        shipment_id: Id,
        lot: Id,
        remaining: u32,
    },
    Dispose {
        qty: Quantity,
        lot: Option<Id>,
        reason: Name,
    },
    /// Whatever is left in the lot.
    DisposeOfRest {
        lot: Id,
    },
}

/// One product's stock, rebuilt from its facts.
#[derive(Clone, Debug, Default)]
pub struct StockItem {
    /// Oldest first.
    lots: Vec<Lot>,
    on_hand: i64,
}

/// How a lot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotStatus {
    InStock,
    Closed,
}

impl LotStatus {
    /// Of a lot with so much left.
    pub const fn of(left: i64) -> Self {
        if left > 0 { Self::InStock } else { Self::Closed }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "InStock",
            Self::Closed => "Closed",
        }
    }
}

#[derive(Clone, Debug)]
struct Lot {
    delivery_id: Id,
    customer_id: Option<Id>,
    left: i64,
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for StockItem {
    const CATEGORY: &'static str = "warehouse.stock_item";
    type Event = Event;
    type Command = Command;
    type Refusal = Refusal;

    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::StockIn { delivery_id, qty, customer_id } => {
                self.stock_in(delivery_id, *qty, customer_id.as_ref())
            }
            Command::Ship { shipment_id, qty, lot } => self.ship(shipment_id, *qty, lot.as_ref()),
            Command::ShipDownTo { shipment_id, lot, remaining } => {
                self.ship_down_to(shipment_id, lot, *remaining)
            }
            Command::Dispose { qty, lot, reason } => {
                self.dispose(*qty, lot.as_ref(), reason.as_str())
            }
            Command::DisposeOfRest { lot } => self.dispose_of_rest(lot),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::InStock { delivery_id, qty, customer_id, on_hand } => {
                self.lots.push(Lot {
                    delivery_id: delivery_id.clone(),
                    customer_id: customer_id.clone(),
                    left: qty.get(),
                });
                self.on_hand = *on_hand;
            }
            Event::Shipped { lots, on_hand, .. } => self.remember(lots, *on_hand),
            Event::Obsolete { lots, on_hand, .. } => self.remember(lots, *on_hand),
        }
    }
}

impl StockItem {
    /// Whether the warehouse ever kept any.
    pub fn exists(&self) -> bool {
        !self.lots.is_empty()
    }

    /// What can leave now.
    pub fn on_hand(&self) -> i64 {
        self.on_hand
    }

    /// What is left in a lot; `None` when there was never such a lot.
    pub fn left(&self, lot: &Id) -> Option<i64> {
        self.lot(lot).ok().map(|lot| lot.left)
    }

    fn stock_in(&self, delivery_id: &Id, qty: Quantity, customer_id: Option<&Id>) -> Decision {
        if self.lot(delivery_id).is_ok() {
            return Ok(vec![]);
        }
        Ok(vec![Event::InStock {
            delivery_id: delivery_id.clone(),
            qty,
            customer_id: customer_id.cloned(),
            on_hand: self.on_hand + qty.get(),
        }])
    }

    fn ship(&self, shipment_id: &Id, qty: Quantity, lot: Option<&Id>) -> Decision {
        Ok(vec![Event::Shipped {
            shipment_id: shipment_id.clone(),
            qty,
            lots: self.take(qty, lot)?,
            on_hand: self.on_hand - qty.get(),
        }])
    }

    fn ship_down_to(&self, shipment_id: &Id, lot: &Id, remaining: u32) -> Decision {
        match self.more_than(lot, i64::from(remaining))? {
            Some(qty) => self.ship(shipment_id, qty, Some(lot)),
            None => Ok(vec![]),
        }
    }

    fn dispose(&self, qty: Quantity, lot: Option<&Id>, reason: &str) -> Decision {
        Ok(vec![Event::Obsolete {
            qty,
            lots: self.take(qty, lot)?,
            reason: reason.to_owned(),
            on_hand: self.on_hand - qty.get(),
        }])
    }

    fn dispose_of_rest(&self, lot: &Id) -> Decision {
        match self.more_than(lot, 0)? {
            Some(qty) => self.dispose(qty, Some(lot), REST_OF_LOT),
            None => Ok(vec![]),
        }
    }
}

#[cfg(test)]
mod tests;
