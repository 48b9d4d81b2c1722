//! How far is my rental? One row per order, with every step that order, stock, fee and delivery took:
//! `GET /rental/total-view[/{id}]`.

use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Instant,
    rental::{
        self,
        bill::{self, Bill},
        inventory::{self, Inventory},
        order::{self, CancelledBy, Order, Status},
        shipment::{self, Shipment},
    },
};

row! {
    /// A flag and a time for each step. Amounts in won.
    #[derive(Default)]
    pub struct TotalViewRow {
        pub order_id: String,
        pub product_id: String,
        pub product_name: String,
        pub qty: i64,
        /// The whole fee.
        pub amount: i64,
        pub customer_id: Option<String>,
        pub status: Word<Status>,
        /// The last step, by the name of its event.
        pub last_event: String,
        pub refunded_amount: i64,
        /// The order's id, once there is something to deliver.
        pub shipment_id: Option<String>,
        pub cancelled_by: Option<Word<CancelledBy>>,
        pub cancel_reason: Option<String>,
        pub rental_requested: bool,
        pub rental_requested_at: Option<Instant>,
        pub stock_reserved: bool,
        pub stock_reserved_at: Option<Instant>,
        pub stock_confirmed: bool,
        pub stock_confirmed_at: Option<Instant>,
        pub fee_received: bool,
        pub fee_received_at: Option<Instant>,
        pub delivery_started: bool,
        pub delivery_started_at: Option<Instant>,
        pub item_delivered: bool,
        pub item_delivered_at: Option<Instant>,
        pub rental_completed: bool,
        pub rental_completed_at: Option<Instant>,
        pub inventory_stock_shortage: bool,
        pub inventory_stock_shortage_at: Option<Instant>,
        pub stock_missing: bool,
        pub stock_missing_at: Option<Instant>,
        pub fee_declined: bool,
        pub fee_declined_at: Option<Instant>,
        pub rental_cancellation_occured: bool,
        pub rental_cancellation_occured_at: Option<Instant>,
        pub fee_refund_completed: bool,
        pub fee_refund_completed_at: Option<Instant>,
        pub delivery_stopped: bool,
        pub delivery_stopped_at: Option<Instant>,
        pub retrieve_started: bool,
        pub retrieve_started_at: Option<Instant>,
        pub retrieve_completed: bool,
        pub retrieve_completed_at: Option<Instant>,
        pub stock_released: bool,
        pub stock_released_at: Option<Instant>,
        pub stock_returned: bool,
        pub stock_returned_at: Option<Instant>,
        pub changed_at: Instant,
    }
}

/// The read model `rental.total_view`.
#[derive(Debug)]
pub struct TotalView;

impl ReadModel for TotalView {
    const NAME: &'static str = "rental.total_view";
    const CATEGORIES: &'static [&'static str] =
        &[Order::CATEGORY, Inventory::CATEGORY, Bill::CATEGORY, Shipment::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id", "product_id", "status"];
    type Row = TotalViewRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        let order = fact.event.rental().and_then(|event| order_of(&fact.of, event));
        order.map(str::to_owned).into_iter().collect()
    }

    fn fold(row: Option<TotalViewRow>, fact: &Fact<Event>) -> Option<TotalViewRow> {
        let Some(event) = fact.event.rental() else {
            return row;
        };
        // An order begins with being requested.
        let mut row = row.or_else(|| requested(fact, event))?;
        match event {
            rental::Event::Order(event) => row.order(event, fact.at),
            rental::Event::Inventory(event) => row.inventory(event, fact.at),
            rental::Event::Bill(event) => row.bill(event, fact.at),
            rental::Event::Shipment(event) => row.shipment(event, fact.at),
        }
        Some(row)
    }
}

/// The order that an event belongs to.
fn order_of<'a>(of: &'a str, event: &'a rental::Event) -> Option<&'a str> {
    use inventory::Event;
    match event {
        rental::Event::Order(_) | rental::Event::Bill(_) | rental::Event::Shipment(_) => Some(of),
        rental::Event::Inventory(
            Event::StockReserved { order_id, .. }
            | Event::StockReleased { order_id, .. }
            | Event::InventoryStockShortage { order_id, .. }
            | Event::StockReturned { order_id, .. }
            | Event::StockMissing { order_id, .. },
        ) => Some(order_id.as_str()),
        rental::Event::Inventory(Event::InventoryRegistered { .. }) => None,
    }
}

fn requested(fact: &Fact<Event>, event: &rental::Event) -> Option<TotalViewRow> {
    let rental::Event::Order(order::Event::RentalRequested {
        product_id,
        product_name,
        qty,
        amount,
        customer_id,
    }) = event
    else {
        return None;
    };
    Some(TotalViewRow {
        order_id: fact.of.clone(),
        product_id: product_id.to_string(),
        product_name: product_name.to_string(),
        qty: qty.get(),
        amount: amount.get(),
        customer_id: customer_id.as_ref().map(ToString::to_string),
        ..TotalViewRow::default()
    })
}

/// Notes a step: its flag, its time, and that it is the last one.
macro_rules! step {
    ($row:ident, $at:ident, $name:literal, $flag:ident, $time:ident) => {{
        ($row.$flag, $row.$time) = (true, Some($at));
        ($row.last_event, $row.changed_at) = ($name.to_owned(), $at);
    }};
}

impl TotalViewRow {
    fn order(&mut self, event: &order::Event, at: Instant) {
        use order::Event;
        match event {
            Event::RentalRequested { .. } => {
                step!(self, at, "RentalRequested", rental_requested, rental_requested_at);
            }
            Event::StockConfirmed { .. } => {
                self.status = Word(Status::Confirmed);
                step!(self, at, "StockConfirmed", stock_confirmed, stock_confirmed_at);
            }
            Event::StockDeclined { .. } => {}
            Event::RentalCancellationOccured { by, reason, .. } => {
                self.status = Word(Status::Cancelled);
                self.cancelled_by = Some(Word(*by));
                self.cancel_reason.clone_from(reason);
                step!(
                    self,
                    at,
                    "RentalCancellationOccured",
                    rental_cancellation_occured,
                    rental_cancellation_occured_at
                );
            }
            Event::RentalCompleted => {
                self.status = Word(Status::Completed);
                step!(self, at, "RentalCompleted", rental_completed, rental_completed_at);
            }
        }
    }

    fn inventory(&mut self, event: &inventory::Event, at: Instant) {
        use inventory::Event;
        match event {
            Event::InventoryRegistered { .. } => {}
            Event::StockReserved { .. } => {
                step!(self, at, "StockReserved", stock_reserved, stock_reserved_at);
            }
            Event::StockReleased { .. } => {
                step!(self, at, "StockReleased", stock_released, stock_released_at);
            }
            Event::InventoryStockShortage { .. } => {
                step!(
                    self,
                    at,
                    "InventoryStockShortage",
                    inventory_stock_shortage,
                    inventory_stock_shortage_at
                );
            }
            Event::StockReturned { .. } => {
                step!(self, at, "StockReturned", stock_returned, stock_returned_at);
            }
            Event::StockMissing { .. } => {
                step!(self, at, "StockMissing", stock_missing, stock_missing_at);
            }
        }
    }

    fn bill(&mut self, event: &bill::Event, at: Instant) {
        use bill::Event;
        match event {
            Event::FeeReceived { .. } => {
                step!(self, at, "FeeReceived", fee_received, fee_received_at);
            }
            Event::FeeDeclined { .. } => {
                step!(self, at, "FeeDeclined", fee_declined, fee_declined_at);
            }
            Event::FeeRefundCompleted { amount } => {
                self.refunded_amount += amount.get();
                step!(
                    self,
                    at,
                    "FeeRefundCompleted",
                    fee_refund_completed,
                    fee_refund_completed_at
                );
            }
            // What is intended is no step yet.
            Event::FeeRequested { .. }
            | Event::FeeCancelled { .. }
            | Event::RefundRequested { .. } => {}
        }
    }

    fn shipment(&mut self, event: &shipment::Event, at: Instant) {
        use shipment::Event;
        match event {
            Event::DeliveryStarted { .. } => {
                self.shipment_id = Some(self.order_id.clone());
                step!(self, at, "DeliveryStarted", delivery_started, delivery_started_at);
            }
            Event::DeliveryStopped { .. } => {
                step!(self, at, "DeliveryStopped", delivery_stopped, delivery_stopped_at);
            }
            Event::ItemDelivered => {
                step!(self, at, "ItemDelivered", item_delivered, item_delivered_at);
            }
            Event::RetrieveStarted { .. } => {
                step!(self, at, "RetrieveStarted", retrieve_started, retrieve_started_at);
            }
            Event::RetrieveCompleted { .. } => {
                step!(self, at, "RetrieveCompleted", retrieve_completed, retrieve_completed_at);
            }
        }
    }
}

#[cfg(test)]
mod tests;
