//! The café over HTTP: `/cafe/…`.

mod members;
mod menu;
mod orders;
mod short;
mod tickets;
mod views;

use crate::http::{timeline, views::Views};
use axum::{
    Router,
    routing::{get, post, put},
};
use commands::clock::Clock;
use domain::{Aggregate, cafe::order::Order};
use std::sync::Arc;

/// What the café's handlers need.
#[derive(Clone)]
pub struct Cafe {
    pub commands: commands::cafe::Cafe,
    pub views: Arc<Views>,
    pub clock: Arc<dyn Clock>,
}

pub fn routes(cafe: Cafe) -> Router {
    let order =
        timeline::route("/cafe/orders/{orderId}/timeline", Order::CATEGORY, cafe.views.clone());
    Router::new()
        .route("/cafe/orders", post(orders::place))
        .route("/cafe/orders/{orderId}", get(views::order).put(short::change_order))
        .route("/cafe/orders/{orderId}/request-cancel", post(orders::request_cancel))
        .route("/cafe/order-status", get(views::orders))
        .route("/cafe/order-status/{orderId}", get(views::order))
        .route("/cafe/tickets", get(views::tickets))
        .route("/cafe/tickets/{orderId}", get(views::ticket))
        .route("/cafe/tickets/{orderId}/accept", post(tickets::accept))
        .route("/cafe/tickets/{orderId}/reject", post(tickets::reject))
        .route("/cafe/tickets/{orderId}/make", post(tickets::make))
        .route("/cafe/tickets/{orderId}/hand-over", post(tickets::hand_over))
        .route("/cafe/members", post(members::register))
        .route("/cafe/members/{customerId}/withdraw", post(members::withdraw))
        .route("/cafe/members/{customerId}/reverse-point", post(members::reverse_point))
        .route("/cafe/points", get(views::points))
        .route("/cafe/points/{customerId}", get(views::points_of))
        .route("/cafe/point-ledger", get(views::point_ledger))
        .route("/cafe/menu", get(views::menu))
        .route("/cafe/menu/{product}", put(menu::set_price))
        // The original system's names of the views, and its short forms.
        .route("/cafe/orderStatuses", get(views::orders))
        .route("/cafe/orderStatuses/{orderId}", get(views::order))
        .route("/cafe/deliveries", get(views::tickets))
        .route("/cafe/deliveries/{orderId}", get(views::ticket).put(short::answer_ticket))
        .route("/cafe/customerManagements", get(views::points))
        .route("/cafe/customerManagements/{customerId}", get(views::points_of))
        .with_state(cafe)
        .merge(order)
}
