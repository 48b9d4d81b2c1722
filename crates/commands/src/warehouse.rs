//! The warehouse's commands: those a person gives, and what the policies ask.

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
    shared::Name,
    warehouse::{
        self,
        delivery::{self, Delivery},
        policies::SYNC,
        stock_item::{self, StockItem},
    },
};
use eventlog::EventLog;
use reactions::facts;
use std::sync::Arc;

/// Executes what concerns the warehouse. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse(Arc<Inner>);

struct Inner {
    deliveries: Executor<Delivery>,
    stock: Executor<StockItem>,
    parts: Parts,
}

/// A delivery as a customer brings it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliver {
    /// Made from the command's id when absent.
    pub delivery_id: Option<Id>,
    pub product: Name,
    pub qty: Quantity,
    pub customer_id: Option<Id>,
}

impl Warehouse {
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, parts: Parts) -> Self {
        Self(Arc::new(Inner {
            deliveries: Executor::new(log.clone(), clock.clone(), parts.clone()),
            stock: Executor::new(log, clock, parts.clone()),
            parts,
        }))
    }

    /// Takes a delivery, and comes back when it is in stock. Stores nothing while the stock is
    /// down. What was taken and not stocked in, after a fault in between, is stocked in later.
    pub async fn deliver(
        &self,
        deliver: Deliver,
        meta: &Meta,
    ) -> Result<(Id, Done<Delivery>), Error> {
        self.0.parts.must_be_up(StockItem::CATEGORY).await?;
        let id = deliver.delivery_id.unwrap_or_else(|| meta.command_id.into());
        let command = delivery::Command::RequestDelivery {
            product: deliver.product.clone(),
            qty: deliver.qty,
            customer_id: deliver.customer_id.clone(),
        };
        let requested = self.delivery(&id, command, meta).await?;
        let requested = facts(requested, warehouse::Event::Delivery);
        run_inline(self, requested, meta.correlation_id, SYNC).await?;
        let delivered = self.load_delivery(&id).await?;
        if delivered.state.delivered() {
            return Ok((id, delivered));
        }
        // Somebody else asked for the same and has not come back.
        let stock_in = stock_item::Command::StockIn {
            delivery_id: id.clone(),
            qty: deliver.qty,
            customer_id: deliver.customer_id,
        };
        self.stock_item(&deliver.product, stock_in, &meta.then("stock-in")).await?;
        let complete = delivery::Command::CompleteDelivery;
        let delivered = self.delivery(&id, complete, &meta.then("complete")).await?;
        Ok((id, delivered))
    }

    pub async fn delivery(
        &self,
        id: &Id,
        command: delivery::Command,
        meta: &Meta,
    ) -> Result<Done<Delivery>, Error> {
        self.0.deliveries.execute(id.as_str(), &command, meta).await
    }

    pub async fn stock_item(
        &self,
        product: &Name,
        command: stock_item::Command,
        meta: &Meta,
    ) -> Result<Done<StockItem>, Error> {
        self.0.stock.execute(product.as_str(), &command, meta).await
    }

    /// A delivery as it is now.
    pub async fn load_delivery(&self, id: &Id) -> Result<Done<Delivery>, Error> {
        self.0.deliveries.load(id.as_str()).await
    }

    /// The stock of a product as it is now.
    pub async fn load_stock(&self, product: &Name) -> Result<Done<StockItem>, Error> {
        self.0.stock.load(product.as_str()).await
    }

    /// The product of a lot, which never changes.
    pub async fn product_of(&self, lot: &Id) -> Result<Name, Error> {
        let mut delivery = self.0.deliveries.known(lot.as_str()).await?;
        if !delivery.exists() {
            // Another process may have taken it since this one looked.
            delivery = self.load_delivery(lot).await?.state;
        }
        let unknown = || Error::Refused(stock_item::Refusal::UnknownLot.into());
        delivery.product().cloned().ok_or_else(unknown)
    }
}
