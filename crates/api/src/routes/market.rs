//! The market over HTTP: `/market/…`.

mod items;
mod reservations;
mod reviews;
mod short;
mod views;

use crate::http::{timeline, views::Views};
use axum::{
    Router,
    routing::{get, post},
};
use domain::{Aggregate, market::reservation::Reservation};
use std::sync::Arc;

/// What the market's handlers need.
#[derive(Clone)]
pub struct Market {
    pub commands: commands::market::Market,
    pub views: Arc<Views>,
}

pub fn routes(market: Market) -> Router {
    let path = "/market/reservations/{reservationNo}/timeline";
    let timeline = timeline::route(path, Reservation::CATEGORY, market.views.clone());
    Router::new()
        .route("/market/items", get(views::items).post(items::register))
        .route(
            "/market/items/{itemNo}",
            get(views::item).delete(items::delete).patch(short::change_item),
        )
        .route("/market/items/{itemNo}/lend", post(items::lend))
        .route("/market/items/{itemNo}/return", post(items::take_back))
        .route("/market/item-info", get(views::items))
        .route("/market/reservations", get(views::reservations).post(reservations::reserve))
        .route(
            "/market/reservations/{reservationNo}",
            get(views::reservation).patch(short::change_payment).delete(short::cancel),
        )
        .route("/market/reservations/{reservationNo}/pay", post(reservations::pay))
        .route(
            "/market/reservations/{reservationNo}/cancel-payment",
            post(reservations::cancel_payment),
        )
        .route("/market/reservations/{reservationNo}/cancel", post(reservations::cancel))
        .route("/market/payments", get(views::payments))
        .route("/market/reviews", get(views::reviews).post(reviews::submit))
        // The original system's names of the views.
        .route("/market/itemInfoes", get(views::items))
        .route("/market/reviewInfoes", get(views::reviews))
        .with_state(market)
        .merge(timeline)
}
