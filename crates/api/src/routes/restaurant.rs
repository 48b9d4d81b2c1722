//! The restaurant over HTTP: `/restaurant/…`.

mod kitchen;
mod menus;
mod orders;
mod views;

use crate::http::views::Views;
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// What the restaurant's handlers need.
#[derive(Clone)]
pub struct Restaurant {
    pub commands: commands::restaurant::Restaurant,
    pub views: Arc<Views>,
}

pub fn routes(restaurant: Restaurant) -> Router {
    Router::new()
        .route("/restaurant/menus", get(views::menus).post(menus::add))
        .route("/restaurant/menus/{id}", get(views::menu))
        .route("/restaurant/menus/{id}/restock", post(menus::restock))
        .route("/restaurant/orders", post(orders::place))
        .route("/restaurant/orders/{orderId}", get(views::order).delete(orders::cancel))
        .route("/restaurant/orders/{orderId}/cancel", post(orders::cancel))
        .route("/restaurant/cooks/{orderId}/complete", post(kitchen::cooked))
        .route("/restaurant/deliveries/{orderId}/complete", post(kitchen::delivered))
        .route("/restaurant/my-page", get(views::orders))
        .route("/restaurant/my-page/{orderId}", get(views::order))
        // The original system's name of the view.
        .route("/restaurant/mypages", get(views::orders))
        .route("/restaurant/mypages/{orderId}", get(views::order))
        .with_state(restaurant)
}
