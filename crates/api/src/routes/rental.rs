//! The rental over HTTP: `/rental/…`.

mod inventories;
mod orders;
mod shipments;
mod short;
mod views;

use crate::http::views::Views;
use axum::{
    Router,
    routing::{get, post},
};
use commands::clock::Clock;
use std::sync::Arc;

/// What the rental's handlers need.
#[derive(Clone)]
pub struct Rental {
    pub commands: commands::rental::Rental,
    pub views: Arc<Views>,
    pub clock: Arc<dyn Clock>,
}

pub fn routes(rental: Rental) -> Router {
    Router::new()
        .route("/rental/inventories", get(views::inventories).post(inventories::register))
        .route("/rental/inventories/{productId}", get(views::inventory))
        .route("/rental/orders", get(views::orders).post(orders::request))
        .route("/rental/orders/{orderId}", get(views::order))
        .route("/rental/orders/{orderId}/cancel", post(orders::cancel))
        .route("/rental/orders/{orderId}/report-shortage", post(orders::report_shortage))
        .route("/rental/shipments/{orderId}/deliver", post(shipments::deliver))
        .route(
            "/rental/shipments/{orderId}/complete-retrieval",
            post(shipments::complete_retrieval),
        )
        .route("/rental/total-view", get(views::total_views))
        .route("/rental/total-view/{orderId}", get(views::total_view))
        // The original system's names of the views, and its short forms.
        .route("/rental/totalViews", get(views::total_views))
        .route("/rental/totalViews/{orderId}", get(views::total_view))
        .route("/rental/inventoryCheck", get(short::inventory_check))
        .route("/rental/rentalRequest", post(short::rental_request))
        .route("/rental/rentalCancel", get(short::rental_cancel).head(short::not_by_head))
        .with_state(rental)
}
