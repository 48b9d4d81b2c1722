//! The market over HTTP: `/market/…`.

mod items;
mod reservations;
mod reviews;
mod short;
mod views;

pub use views::routes as views;

use crate::http::operation::Routes;

/// What the market's handlers need.
#[derive(Clone)]
pub struct Market {
    pub commands: commands::market::Market,
}

pub fn commands() -> Routes<Market> {
    items::routes().merge(reservations::routes()).merge(reviews::routes()).merge(short::routes())
}
