//! Queries of the rental.

use super::short;
use crate::http::{
    access::RENTAL,
    operation::Routes,
    views::{
        Views,
        served::{Key, Served, Whose},
    },
};
use domain::Id;
use projections::rental::{inventory::Stock, orders::Orders, total_view::TotalView};
use std::sync::Arc;

const PRODUCT: Key = Key { unknown: "unknown-product", example: "p-1" };
const ORDER: Key = Key { unknown: "unknown-order", example: "o-1" };

/// Names without hyphens are the original system's.
pub fn routes() -> Routes<Arc<Views>> {
    let stock = Served::<Stock>::new(RENTAL, Whose::Everybodys)
        .list("/rental/inventories", "What can be rented, and how many are free")
        .one::<Id>("/rental/inventories/{productId}", "A product, and how many are free", PRODUCT);
    let orders = Served::<Orders>::new(RENTAL, Whose::Of("customer_id"))
        .list("/rental/orders", "Orders as their customers know them")
        .one::<Id>("/rental/orders/{orderId}", "An order as its customer knows it", ORDER);
    let total = Served::<TotalView>::new(RENTAL, Whose::Of("customer_id"))
        .list("/rental/total-view", "Orders with stock, fee and delivery")
        .list("/rental/totalViews", "Orders with stock, fee and delivery")
        .one::<Id>("/rental/total-view/{orderId}", "An order with stock, fee and delivery", ORDER)
        .one::<Id>("/rental/totalViews/{orderId}", "An order with stock, fee and delivery", ORDER);
    stock.routes().merge(orders.routes()).merge(total.routes()).merge(short::views())
}
