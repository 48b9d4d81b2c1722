//! The restaurant over HTTP: `/restaurant/…`.

mod kitchen;
mod menus;
mod orders;
mod views;

pub use views::routes as views;

use crate::http::operation::Routes;

/// What the restaurant's handlers need.
#[derive(Clone)]
pub struct Restaurant {
    pub commands: commands::restaurant::Restaurant,
}

pub fn commands() -> Routes<Restaurant> {
    menus::routes().merge(orders::routes()).merge(kitchen::routes())
}
