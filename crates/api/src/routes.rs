//! The routes of each context, under its name, and those that all of them share.

pub mod cafe;
pub mod market;
pub mod notices;
pub mod people;
pub mod projections;
pub mod rental;
pub mod restaurant;
pub mod warehouse;

use crate::http::{docs, health, metrics, operation::Operation};
use domain::Context;

/// The table of everything that is served.
pub fn operations() -> Vec<Operation> {
    let contexts = Context::ALL.into_iter().flat_map(of_context);
    let shared = [
        projections::routes().operations(),
        notices::routes().operations(),
        people::routes().operations(),
        metrics::routes().operations(),
        health::routes().operations(),
        docs::routes().operations(),
    ];
    contexts.chain(shared.into_iter().flatten()).collect()
}

/// The table of what is served under the name of a context.
fn of_context(context: Context) -> Vec<Operation> {
    let (mut commands, views) = match context {
        Context::Warehouse => (warehouse::commands().operations(), warehouse::views()),
        Context::Market => (market::commands().operations(), market::views()),
        Context::Rental => (rental::commands().operations(), rental::views()),
        Context::Restaurant => (restaurant::commands().operations(), restaurant::views()),
        Context::Cafe => (cafe::commands().operations(), cafe::views()),
    };
    commands.extend(views.operations());
    commands
}
