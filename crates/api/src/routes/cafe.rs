//! The café over HTTP: `/cafe/…`.

mod members;
mod menu;
mod orders;
mod short;
mod tickets;
mod views;

pub use views::routes as views;

use crate::http::operation::Routes;
use commands::clock::Clock;
use std::sync::Arc;

/// What the café's handlers need.
#[derive(Clone)]
pub struct Cafe {
    pub commands: commands::cafe::Cafe,
    pub clock: Arc<dyn Clock>,
}

pub fn commands() -> Routes<Cafe> {
    menu::routes()
        .merge(members::routes())
        .merge(orders::routes())
        .merge(tickets::routes())
        .merge(short::routes())
}
