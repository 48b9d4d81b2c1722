//! The warehouse over HTTP: `/warehouse/…`.

mod deliveries;
mod leaving;
mod short;
mod views;

pub use views::routes as views;

use crate::http::operation::Routes;

/// What the warehouse's handlers need.
#[derive(Clone)]
pub struct Warehouse {
    pub commands: commands::warehouse::Warehouse,
}

pub fn commands() -> Routes<Warehouse> {
    deliveries::routes().merge(leaving::routes()).merge(short::routes())
}
