//! Queries of the café.

use crate::http::{
    access::{BUYERS, CAFE, EVERYBODY, KITCHEN},
    operation::Routes,
    timeline,
    views::{
        Views,
        served::{Key, Served, Whose},
    },
};
use domain::{Aggregate, Id, cafe::order::Order, shared::Name};
use projections::cafe::{
    menu::Menu, order_status::OrderStatus, point_ledger::PointLedger, points::Points,
    tickets::Tickets,
};
use std::sync::Arc;

const ORDER: Key = Key { unknown: "unknown-order", example: "o-1" };
const TICKET: Key = Key { unknown: "unknown-ticket", example: "o-1" };
const MEMBER: Key = Key { unknown: "unknown-member", example: "min" };
const PRODUCT: Key = Key { unknown: "unknown-product", example: "아메리카노" };

/// Names without hyphens are the original system's.
pub fn routes() -> Routes<Arc<Views>> {
    let menu = Served::<Menu>::new(EVERYBODY, Whose::Everybodys)
        .list("/cafe/menu", "What there is, and what one costs")
        .one::<Name>("/cafe/menu/{product}", "What a product costs", PRODUCT);
    let orders = Served::<OrderStatus>::new(CAFE, Whose::Of("customer_id"))
        .list("/cafe/order-status", "How orders stand")
        .list("/cafe/orderStatuses", "How orders stand")
        .one::<Id>("/cafe/order-status/{orderId}", "How an order stands", ORDER)
        .one::<Id>("/cafe/orderStatuses/{orderId}", "How an order stands", ORDER)
        .one::<Id>("/cafe/orders/{orderId}", "How an order stands", ORDER);
    let tickets = Served::<Tickets>::new(KITCHEN, Whose::Everybodys)
        .list("/cafe/tickets", "What the store is asked to make")
        .list("/cafe/deliveries", "What the store is asked to make")
        .one::<Id>("/cafe/tickets/{orderId}", "What one order asks of the store", TICKET)
        .one::<Id>("/cafe/deliveries/{orderId}", "What one order asks of the store", TICKET);
    let points = Served::<Points>::new(BUYERS, Whose::Of("customer_id"))
        .list("/cafe/points", "Members and their points")
        .list("/cafe/customerManagements", "Members and their points")
        .one::<Id>("/cafe/points/{customerId}", "A member's points", MEMBER)
        .one::<Id>("/cafe/customerManagements/{customerId}", "A member's points", MEMBER);
    let ledger = Served::<PointLedger>::new(BUYERS, Whose::Of("customer_id"))
        .list("/cafe/point-ledger", "Every change of points, and why");
    let timeline = timeline::route(
        "/cafe/orders/{orderId}/timeline",
        "Everything that happened to an order",
        KITCHEN,
        Order::CATEGORY,
        ORDER,
    );
    menu.routes()
        .merge(orders.routes())
        .merge(tickets.routes())
        .merge(points.routes())
        .merge(ledger.routes())
        .merge(timeline)
}
