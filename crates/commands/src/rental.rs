//! The rental's commands: those a person gives, with the stock check that a request waits for, and
//! what the policies ask.

mod payment;
mod reactions;

use crate::{
    Error, Meta,
    clock::Clock,
    execute::{Done, Executor},
    parts::Parts,
    payment::PaymentGateway,
    reactor::run_inline,
};
use domain::{
    Aggregate, Id, Quantity, Won,
    rental::{
        self,
        bill::{self, Bill},
        inventory::{self, Inventory},
        order::{self, Order, Request, Status},
        policies::SYNC,
        shipment::{self, Shipment},
    },
};
use eventlog::EventLog;
use std::sync::Arc;

/// Executes what concerns the rental. Cheap to clone.
#[derive(Clone)]
pub struct Rental(Arc<Inner>);

struct Inner {
    inventories: Executor<Inventory>,
    orders: Executor<Order>,
    bills: Executor<Bill>,
    shipments: Executor<Shipment>,
    parts: Parts,
    gateway: Arc<dyn PaymentGateway>,
}

/// A rental as a customer asks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRental {
    /// Made from the command's id when absent.
    pub order_id: Option<Id>,
    pub product_id: Id,
    pub qty: Quantity,
    /// The whole fee; the product's when absent.
    pub amount: Option<Won>,
    pub customer_id: Option<Id>,
}

impl Rental {
    pub fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        parts: Parts,
        gateway: Arc<dyn PaymentGateway>,
    ) -> Self {
        Self(Arc::new(Inner {
            inventories: Executor::new(log.clone(), clock.clone(), parts.clone()),
            orders: Executor::new(log.clone(), clock.clone(), parts.clone()),
            bills: Executor::new(log.clone(), clock.clone(), parts.clone()),
            shipments: Executor::new(log, clock, parts.clone()),
            parts,
            gateway,
        }))
    }

    /// Asks for a rental and checks the stock. Comes back when the stock is reserved; everything
    /// else follows by itself.
    ///
    /// Refused with `out-of-stock` when there is too little, and the order is then on record as
    /// cancelled; with `unknown-product`, or while the inventory is paused, nothing is stored.
    pub async fn request(
        &self,
        rental: RequestRental,
        meta: &Meta,
    ) -> Result<(Id, Done<Order>), Error> {
        self.0.parts.check(Inventory::CATEGORY)?;
        let id = rental.order_id.clone().unwrap_or_else(|| meta.command_id.into());
        let request = order::Command::Request(self.with_product(rental).await?);
        let asked = self.order(&id, request, meta).await?;
        let facts = reactions::facts(asked, rental::Event::Order);
        run_inline(self, facts, meta.correlation_id, SYNC).await?;
        let checked = self.load_order(&id).await?;
        checked.state.stock_check()?;
        match checked.state.status() {
            // Another request for the same order is at it.
            Status::Requested => Err(Error::ConcurrentChange),
            Status::Confirmed | Status::Completed | Status::Cancelled => Ok((id, checked)),
        }
    }

    /// Less is there than an order holds: the stock is corrected, and the order will be cancelled.
    pub async fn report_shortage(
        &self,
        order_id: &Id,
        qty: Quantity,
        meta: &Meta,
    ) -> Result<Done<Inventory>, Error> {
        let order = self.load_order(order_id).await?.state;
        let product = order.product_id().ok_or(order::Refusal::UnknownOrder)?;
        let order_id = order_id.clone();
        let command = inventory::Command::ReportMissing { order_id, qty };
        self.inventory(product, command, meta).await
    }

    pub async fn inventory(
        &self,
        product: &Id,
        command: inventory::Command,
        meta: &Meta,
    ) -> Result<Done<Inventory>, Error> {
        self.0.inventories.execute(product.as_str(), &command, meta).await
    }

    pub async fn order(
        &self,
        id: &Id,
        command: order::Command,
        meta: &Meta,
    ) -> Result<Done<Order>, Error> {
        self.0.orders.execute(id.as_str(), &command, meta).await
    }

    pub async fn bill(
        &self,
        order: &Id,
        command: bill::Command,
        meta: &Meta,
    ) -> Result<Done<Bill>, Error> {
        self.0.bills.execute(order.as_str(), &command, meta).await
    }

    pub async fn shipment(
        &self,
        order: &Id,
        command: shipment::Command,
        meta: &Meta,
    ) -> Result<Done<Shipment>, Error> {
        self.0.shipments.execute(order.as_str(), &command, meta).await
    }

    /// An order as it is now.
    pub async fn load_order(&self, id: &Id) -> Result<Done<Order>, Error> {
        self.0.orders.load(id.as_str()).await
    }

    /// The stock of a product as it is now.
    pub async fn load_inventory(&self, product: &Id) -> Result<Done<Inventory>, Error> {
        self.0.inventories.load(product.as_str()).await
    }

    /// Whatever its stock is now: a product that is registered stays what it is.
    async fn product(&self, id: &Id) -> Result<Inventory, Error> {
        let known = self.0.inventories.known(id.as_str()).await?;
        if known.exists() { Ok(known) } else { Ok(self.load_inventory(id).await?.state) }
    }

    async fn with_product(&self, rental: RequestRental) -> Result<Request, Error> {
        let product = self.product(&rental.product_id).await?;
        let name = product.name().ok_or(inventory::Refusal::UnknownProduct)?;
        Ok(Request {
            product_name: name.clone(),
            unit_fee: product.unit_fee(),
            product_id: rental.product_id,
            qty: rental.qty,
            amount: rental.amount,
            customer_id: rental.customer_id,
        })
    }
}

impl From<inventory::Refusal> for Error {
    fn from(refusal: inventory::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<order::Refusal> for Error {
    fn from(refusal: order::Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}
