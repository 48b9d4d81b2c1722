//! The read models of the warehouse.

pub mod lots;
pub mod movements;
pub mod stock;

use crate::row::literal;
use domain::{
    Event,
    warehouse::{
        self,
        stock_item::{self, LotStatus},
    },
};

/// An event of the stock.
fn stock_event(event: &Event) -> Option<&stock_item::Event> {
    if let warehouse::Event::StockItem(event) = event.warehouse()? { Some(event) } else { None }
}

/// How a view names an event of the stock.
fn name_of(event: &stock_item::Event) -> &'static str {
    match event {
        stock_item::Event::InStock { .. } => "InStock",
        stock_item::Event::Shipped { .. } => "Shipped",
        stock_item::Event::Obsolete { .. } => "Obsolete",
    }
}

literal!(LotStatus: InStock, Closed);

#[cfg(test)]
mod testing;
