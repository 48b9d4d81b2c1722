//! When this happened, ask that.
//!
//! Each ask has a name of its own, `when_<fact>_<request>`, from which the id of what is asked is
//! made: asking again, in any order, changes nothing.

use super::{delivery, stock_item};
use crate::{Aggregate, Fact, Id, shared::Name};
use serde::{Deserialize, Serialize};

/// What a delivery promises: that its goods are in stock when it is answered.
pub const SYNC: &[&str] = &["when_delivery_requested_stock_in", "when_in_stock_complete_delivery"];

/// What a fact asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum Ask {
    Delivery { id: Id, command: delivery::Command },
    StockItem { product: Name, command: stock_item::Command },
}

impl Ask {
    /// The part whose pause makes this wait.
    pub fn part(&self) -> &'static str {
        match self {
            Self::Delivery { .. } => delivery::Delivery::CATEGORY,
            Self::StockItem { .. } => stock_item::StockItem::CATEGORY,
        }
    }
}

/// Each with the name of its policy.
pub type Asks = Vec<(&'static str, Ask)>;

/// What a fact of the warehouse asks for.
pub fn react(fact: &Fact<super::Event>) -> Asks {
    match &fact.event {
        super::Event::Delivery(event) => to_delivery(&fact.of, event),
        super::Event::StockItem(event) => to_stock_item(event),
    }
}

fn to_delivery(id: &str, event: &delivery::Event) -> Asks {
    match event {
        delivery::Event::DeliveryRequested { product, qty, customer_id } => {
            // Deliveries are known by an id; what is not asks for nothing.
            let Ok(delivery_id) = Id::new(id) else {
                return vec![];
            };
            let command = stock_item::Command::StockIn {
                delivery_id,
                qty: *qty,
                customer_id: customer_id.clone(),
            };
            let product = product.clone();
            vec![("when_delivery_requested_stock_in", Ask::StockItem { product, command })]
        }
        delivery::Event::Delivered => vec![],
    }
}

fn to_stock_item(event: &stock_item::Event) -> Asks {
    match event {
        stock_item::Event::InStock { delivery_id, .. } => {
            let (id, command) = (delivery_id.clone(), delivery::Command::CompleteDelivery);
            vec![("when_in_stock_complete_delivery", Ask::Delivery { id, command })]
        }
        stock_item::Event::Shipped { .. } | stock_item::Event::Obsolete { .. } => vec![],
    }
}

#[cfg(test)]
mod tests;
