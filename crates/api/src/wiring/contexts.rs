//! The contexts, put together: the commands of each, its routes, its reactor and its timers.

use crate::{
    http::views::Views,
    routes::{cafe, market, rental, restaurant, warehouse},
    store::Store,
};
use axum::Router;
use commands::{
    People,
    cafe::Cafe,
    clock::Clock,
    market::Market,
    parts::Parts,
    payment::PaymentGateway,
    reactor::{Reactive, Reactor, fire},
    rental::Rental,
    restaurant::Restaurant,
    timers::{Timer, TimerError},
    warehouse::Warehouse,
};
use domain::{Context, cafe::policies::Rules, market::policies::Rules as MarketRules};
use eventlog::consumer::Roster;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The commands of every context. Cheap to clone.
#[derive(Clone)]
pub struct Contexts {
    pub warehouse: Warehouse,
    pub market: Market,
    pub rental: Rental,
    pub restaurant: Restaurant,
    pub cafe: Cafe,
}

impl Contexts {
    pub(super) fn new(
        store: &Store,
        clock: &Arc<dyn Clock>,
        parts: &Parts,
        gateway: &Arc<dyn PaymentGateway>,
        people: &People,
        cafe_rules: Rules,
    ) -> Self {
        let common = || (store.log.clone(), clock.clone(), parts.clone());
        let (log, time, paused) = common();
        let warehouse = Warehouse::new(log, time, paused);
        let (log, time, paused) = common();
        let market_rules = MarketRules { payment_grace: cafe_rules.payment_grace };
        let market = Market::new(log, time, paused, gateway.clone(), people.clone(), market_rules);
        let (log, time, paused) = common();
        let restaurant = Restaurant::new(log, time, paused);
        let (log, time, paused) = common();
        let rental = Rental::new(log, time, paused, gateway.clone());
        let (log, time, paused) = common();
        let cafe = Cafe::new(log, time, paused, gateway.clone(), people.clone(), cafe_rules);
        Self { warehouse, market, rental, restaurant, cafe }
    }

    /// What is served under the name of a context.
    pub(super) fn routes(
        &self,
        context: Context,
        views: &Arc<Views>,
        clock: &Arc<dyn Clock>,
    ) -> Router {
        let (views, clock) = (views.clone(), clock.clone());
        let (commands, queries) = match context {
            Context::Warehouse => {
                let state = warehouse::Warehouse { commands: self.warehouse.clone() };
                (warehouse::commands().with_state(state), warehouse::views())
            }
            Context::Market => {
                let state = market::Market { commands: self.market.clone() };
                (market::commands().with_state(state), market::views())
            }
            Context::Rental => {
                let state = rental::Rental { commands: self.rental.clone(), clock };
                (rental::commands().with_state(state), rental::views())
            }
            Context::Restaurant => {
                let state = restaurant::Restaurant { commands: self.restaurant.clone() };
                (restaurant::commands().with_state(state), restaurant::views())
            }
            Context::Cafe => {
                let state = cafe::Cafe { commands: self.cafe.clone(), clock };
                (cafe::commands().with_state(state), cafe::views())
            }
        };
        commands.merge(queries.with_state(views))
    }

    /// Starts the worker that runs the policies of a context.
    pub(super) fn follow(&self, context: Context, with: &Following<'_>, workers: &mut JoinSet<()>) {
        match context {
            Context::Warehouse => react(&self.warehouse, with, workers),
            Context::Market => react(&self.market, with, workers),
            Context::Rental => react(&self.rental, with, workers),
            Context::Restaurant => react(&self.restaurant, with, workers),
            Context::Cafe => react(&self.cafe, with, workers),
        }
    }

    /// Does what a timer asks of its context.
    pub(super) async fn fire(&self, timer: Timer) -> Result<(), TimerError> {
        match Context::named(&timer.context) {
            Some(Context::Warehouse) => fire(&self.warehouse, timer).await,
            Some(Context::Market) => fire(&self.market, timer).await,
            Some(Context::Rental) => fire(&self.rental, timer).await,
            Some(Context::Restaurant) => fire(&self.restaurant, timer).await,
            Some(Context::Cafe) => fire(&self.cafe, timer).await,
            None => Err(TimerError::failed(format!("{} sets no timers", timer.context))),
        }
    }
}

/// What all reactors of this process share.
pub(super) struct Following<'a> {
    pub store: &'a Store,
    pub parts: &'a Parts,
    pub roster: &'a Roster,
    pub stop: &'a CancellationToken,
}

fn react<R: Reactive + Clone>(context: &R, with: &Following<'_>, workers: &mut JoinSet<()>) {
    let (log, pool) = (with.store.log.clone(), with.store.pool.clone());
    let (parts, roster) = (with.parts.clone(), with.roster.clone());
    let reactor = Reactor::new(Arc::new(context.clone()), log, pool, parts, roster);
    workers.spawn(reactor.run(with.stop.clone()));
}
