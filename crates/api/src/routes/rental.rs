//! The rental over HTTP: `/rental/…`.

mod inventories;
mod orders;
mod shipments;
mod short;
mod views;

pub use views::routes as views;

use crate::http::operation::Routes;
use commands::clock::Clock;
use std::sync::Arc;

/// What the rental's handlers need.
#[derive(Clone)]
pub struct Rental {
    pub commands: commands::rental::Rental,
    pub clock: Arc<dyn Clock>,
}

pub fn commands() -> Routes<Rental> {
    inventories::routes().merge(orders::routes()).merge(shipments::routes()).merge(short::routes())
}
