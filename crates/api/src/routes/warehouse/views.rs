//! Queries of the warehouse.

use crate::http::{
    access::{BUYERS, STORE},
    operation::Routes,
    views::{
        Views,
        served::{Key, Served, Whose},
    },
};
use domain::{Id, shared::Name};
use projections::warehouse::{lots::Lots, movements::Movements, stock::Stock};
use std::sync::Arc;

const PRODUCT: Key = Key { unknown: "unknown-product", example: "사과" };
const LOT: Key = Key { unknown: "unknown-lot", example: "d-1" };

/// `warehouses` is the original system's name of the lots.
pub fn routes() -> Routes<Arc<Views>> {
    let stock = Served::<Stock>::new(STORE, Whose::Everybodys)
        .list("/warehouse/stock", "How much of each product is on hand")
        .one::<Name>("/warehouse/stock/{product}", "How much of a product is on hand", PRODUCT);
    let lots = Served::<Lots>::new(BUYERS, Whose::Of("customer_id"))
        .list("/warehouse/lots", "What was delivered, and what remains of it")
        .list("/warehouse/warehouses", "What was delivered, and what remains of it")
        .one::<Id>("/warehouse/lots/{deliveryId}", "What remains of a delivery", LOT)
        .one::<Id>("/warehouse/warehouses/{deliveryId}", "What remains of a delivery", LOT);
    let movements = Served::<Movements>::new(STORE, Whose::Everybodys)
        .list("/warehouse/movements", "What came and went, and why");
    stock.routes().merge(lots.routes()).merge(movements.routes())
}
