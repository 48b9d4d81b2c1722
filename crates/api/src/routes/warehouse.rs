//! The warehouse over HTTP: `/warehouse/…`.

mod deliveries;
mod leaving;
mod short;
mod views;

use crate::http::views::Views;
use axum::{
    Router,
    routing::{get, post},
};
use std::sync::Arc;

/// What the warehouse's handlers need.
#[derive(Clone)]
pub struct Warehouse {
    pub commands: commands::warehouse::Warehouse,
    pub views: Arc<Views>,
}

pub fn routes(warehouse: Warehouse) -> Router {
    Router::new()
        .route("/warehouse/deliveries", post(deliveries::deliver))
        .route("/warehouse/stock", get(views::stock))
        .route("/warehouse/stock/{product}", get(views::stock_of))
        .route("/warehouse/stock/{product}/ship", post(leaving::ship))
        .route("/warehouse/stock/{product}/dispose", post(leaving::dispose))
        .route("/warehouse/lots", get(views::lots))
        .route("/warehouse/lots/{deliveryId}", get(views::lot))
        .route("/warehouse/lots/{deliveryId}/ship", post(leaving::ship_lot))
        .route("/warehouse/lots/{deliveryId}/dispose", post(leaving::dispose_of_lot))
        .route("/warehouse/movements", get(views::movements))
        // The original system's names of the views, and its short forms.
        .route("/warehouse/warehouses", get(views::lots))
        .route(
            "/warehouse/warehouses/{deliveryId}",
            get(views::lot).patch(short::keep).delete(short::give_up),
        )
        .with_state(warehouse)
}
