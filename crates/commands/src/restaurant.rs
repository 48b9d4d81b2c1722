//! The restaurant's commands: those a person gives, and what the policies ask.

mod reactions;

use crate::{
    Error, Meta,
    clock::Clock,
    execute::{Done, Executor},
    parts::Parts,
    reactor::run_inline,
};
use domain::{
    Aggregate, Id, Quantity,
    restaurant::{
        self, CancelReason, MenuId,
        cook::{self, Cook},
        delivery::{self, Delivery},
        menu::{self, Menu},
        order::{self, Order},
        policies::SYNC,
    },
};
use eventlog::EventLog;
use reactions::facts;
use std::sync::Arc;

/// Executes what concerns the restaurant. Cheap to clone.
#[derive(Clone)]
pub struct Restaurant(Arc<Inner>);

struct Inner {
    menus: Executor<Menu>,
    orders: Executor<Order>,
    cooks: Executor<Cook>,
    deliveries: Executor<Delivery>,
    parts: Parts,
}

/// An order as a customer gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceOrder {
    /// Made from the command's id when absent.
    pub order_id: Option<Id>,
    pub menu: MenuId,
    pub customer_id: Id,
    pub qty: Quantity,
}

impl Restaurant {
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, parts: Parts) -> Self {
        Self(Arc::new(Inner {
            menus: Executor::new(log.clone(), clock.clone(), parts.clone()),
            orders: Executor::new(log.clone(), clock.clone(), parts.clone()),
            cooks: Executor::new(log.clone(), clock.clone(), parts.clone()),
            deliveries: Executor::new(log, clock, parts.clone()),
            parts,
        }))
    }

    /// Takes an order of something that is on the menu. Whether there are portions, and what the
    /// kitchen does, follows later.
    pub async fn place(&self, place: PlaceOrder, meta: &Meta) -> Result<(Id, Done<Order>), Error> {
        self.must_be_on_the_menu(&place.menu).await?;
        let id = place.order_id.unwrap_or_else(|| meta.command_id.into());
        let (menu, customer_id, qty) = (place.menu, place.customer_id, place.qty);
        let command = order::Command::Place { menu, customer_id, qty };
        let placed = self.order(&id, command, meta).await?;
        Ok((id, placed))
    }

    /// Cancels the cooking and the order, and comes back when both are on record. Stores nothing
    /// while the kitchen is down. The kitchen decides: what is cooked cannot be cancelled. Of those
    /// who expect the same version of the order, one cancels.
    pub async fn cancel(&self, id: &Id, meta: &Meta) -> Result<Done<Order>, Error> {
        self.0.parts.must_be_up(Cook::CATEGORY).await?;
        self.0.parts.check(Order::CATEGORY)?;
        let guard = self.0.cooks.guard_of(id.as_str(), meta).await?;
        let order = self.0.orders.load_for(id.as_str(), &guard).await?;
        guard.check::<Order>(order.length)?;
        let unknown = || Error::Refused(order::Refusal::UnknownOrder.into());
        let menu = order.state.menu().cloned().ok_or_else(unknown)?;
        let reason = CancelReason::Cancelled;
        let decided = self.cook(id, cook::Command::Cancel { menu, reason }, meta).await?;
        let ours = decided.is_ours();
        let short = decided.state.status() == Some(cook::Status::QtyOver);
        let decided = facts(decided, restaurant::Event::Cook);
        run_inline(self, decided, meta.correlation_id, SYNC).await?;
        // As a rule that is done now. But the kitchen may have decided earlier, and whoever asked
        // it then has not come back.
        let command =
            if short { order::Command::CancelForShortage } else { order::Command::Cancel };
        let cancelled = self.order(id, command, &meta.then("cancel-order")).await?;
        if !ours {
            guard.check::<Order>(cancelled.length)?;
        }
        Ok(cancelled)
    }

    pub async fn menu(
        &self,
        id: &MenuId,
        command: menu::Command,
        meta: &Meta,
    ) -> Result<Done<Menu>, Error> {
        self.0.menus.execute(&id.to_string(), &command, meta).await
    }

    pub async fn order(
        &self,
        id: &Id,
        command: order::Command,
        meta: &Meta,
    ) -> Result<Done<Order>, Error> {
        self.0.orders.execute(id.as_str(), &command, meta).await
    }

    pub async fn cook(
        &self,
        id: &Id,
        command: cook::Command,
        meta: &Meta,
    ) -> Result<Done<Cook>, Error> {
        self.0.cooks.execute(id.as_str(), &command, meta).await
    }

    pub async fn delivery(
        &self,
        id: &Id,
        command: delivery::Command,
        meta: &Meta,
    ) -> Result<Done<Delivery>, Error> {
        self.0.deliveries.execute(id.as_str(), &command, meta).await
    }

    /// An order as it is now.
    pub async fn load_order(&self, id: &Id) -> Result<Done<Order>, Error> {
        self.0.orders.load(id.as_str()).await
    }

    /// A dish as it is now.
    pub async fn load_menu(&self, id: &MenuId) -> Result<Done<Menu>, Error> {
        self.0.menus.load(&id.to_string()).await
    }

    async fn must_be_on_the_menu(&self, id: &MenuId) -> Result<(), Error> {
        // Nothing leaves the menu; but another process may have put it there since this one looked.
        let on_it = self.0.menus.known(&id.to_string()).await?.exists()
            || self.load_menu(id).await?.state.exists();
        if on_it { Ok(()) } else { Err(Error::Refused(menu::Refusal::UnknownMenu.into())) }
    }
}
