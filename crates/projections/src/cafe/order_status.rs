//! How is my order? One row per order: `GET /cafe/order-status[/{id}]`.

use super::order_event;
use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Instant,
    cafe::order::{self, Order, PaymentStatus, Status},
};

row! {
    /// Amounts in won. The times are those of the facts.
    pub struct OrderStatusRow {
        pub order_id: String,
        pub product: String,
        pub qty: i64,
        /// Of one.
        pub price: i64,
        /// Price × quantity.
        pub amount: i64,
        pub customer_id: Option<String>,
        pub status: Word<Status>,
        pub payment_status: Word<PaymentStatus>,
        /// Of the last attempt to pay, counted from 1.
        pub attempt: i64,
        /// Over all attempts.
        pub refunded_amount: i64,
        pub selected_at: Instant,
        pub paid_at: Option<Instant>,
        pub accepted_at: Option<Instant>,
        pub rejected_at: Option<Instant>,
        pub cancel_requested_at: Option<Instant>,
        pub canceled_at: Option<Instant>,
        pub refunded_at: Option<Instant>,
        pub made_at: Option<Instant>,
        pub picked_up_at: Option<Instant>,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `cafe.order_status`.
#[derive(Debug)]
pub struct OrderStatus;

impl ReadModel for OrderStatus {
    const NAME: &'static str = "cafe.order_status";
    const CATEGORIES: &'static [&'static str] = &[Order::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id", "status"];
    type Row = OrderStatusRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        order_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut OrderStatusRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<OrderStatusRow>, fact: &Fact<Event>) -> Option<OrderStatusRow> {
        let Some(event) = order_event(&fact.event) else {
            return row;
        };
        let mut row = row.or_else(|| selected(fact, event))?;
        let at = fact.at;
        row.changed_at = at;
        match event {
            order::Event::OrderSelected { .. } => row.select(event),
            order::Event::PaymentCompleted { .. } => row.paid(at),
            order::Event::PaymentFailed { .. } => row.payment_failed(),
            order::Event::OrderCancelRequested => row.cancel_requested(at),
            order::Event::OrderAccepted => row.accepted(at),
            order::Event::OrderRefused { .. } => row.rejected(at),
            order::Event::OrderCanceled => row.canceled(at),
            order::Event::CancelDenied => row.status = Word(row.status_by_times()),
            order::Event::Refunded { attempt, amount } => row.refunded(*attempt, amount.get(), at),
            order::Event::OrderMade => row.made(at),
            order::Event::OrderPickedUp => row.picked_up(at),
        }
        Some(row)
    }
}

/// The first row of an order, which begins with being selected.
fn selected(fact: &Fact<Event>, event: &order::Event) -> Option<OrderStatusRow> {
    matches!(event, order::Event::OrderSelected { .. }).then(|| OrderStatusRow {
        order_id: fact.of.clone(),
        product: String::new(),
        qty: 0,
        price: 0,
        amount: 0,
        customer_id: None,
        status: Word(Status::Init),
        payment_status: Word(PaymentStatus::NotPaid),
        attempt: 0,
        refunded_amount: 0,
        selected_at: fact.at,
        paid_at: None,
        accepted_at: None,
        rejected_at: None,
        cancel_requested_at: None,
        canceled_at: None,
        refunded_at: None,
        made_at: None,
        picked_up_at: None,
        changed_at: fact.at,
        version: 0,
    })
}

impl OrderStatusRow {
    /// Again when an attempt to pay failed and another begins; the time stays that of the first.
    fn select(&mut self, event: &order::Event) {
        if let order::Event::OrderSelected {
            product,
            qty,
            price,
            amount,
            customer_id,
            attempt,
            ..
        } = event
        {
            self.product = product.as_str().to_owned();
            self.qty = qty.get();
            self.price = price.get();
            self.amount = amount.get();
            self.customer_id = customer_id.as_ref().map(|id| id.as_str().to_owned());
            self.attempt = i64::from(*attempt);
            self.status = Word(Status::Init);
            self.payment_status = Word(PaymentStatus::NotPaid);
        }
    }

    fn paid(&mut self, at: Instant) {
        self.paid_at = Some(at);
        self.status = Word(Status::PaySuccess);
        self.payment_status = Word(PaymentStatus::Paid);
    }

    fn payment_failed(&mut self) {
        self.status = Word(Status::PayFail);
        self.payment_status = Word(PaymentStatus::Failed);
    }

    fn cancel_requested(&mut self, at: Instant) {
        self.cancel_requested_at = Some(at);
        self.status = Word(Status::OrderCancelRequest);
    }

    /// A wish to cancel that is not answered yet still shows.
    fn accepted(&mut self, at: Instant) {
        self.accepted_at = Some(at);
        if self.status != Word(Status::OrderCancelRequest) {
            self.status = Word(Status::OrderReceived);
        }
    }

    fn rejected(&mut self, at: Instant) {
        self.rejected_at = Some(at);
        self.status = Word(Status::OrderRejected);
    }

    fn canceled(&mut self, at: Instant) {
        self.canceled_at = Some(at);
        self.status = Word(Status::OrderCancel);
    }

    fn refunded(&mut self, attempt: u32, amount: i64, at: Instant) {
        self.refunded_amount += amount;
        self.refunded_at = Some(at);
        if self.attempt == i64::from(attempt) {
            self.payment_status = Word(PaymentStatus::Refunded);
        }
    }

    fn made(&mut self, at: Instant) {
        self.made_at = Some(at);
        self.status = Word(Status::Made);
    }

    fn picked_up(&mut self, at: Instant) {
        self.picked_up_at = Some(at);
        self.status = Word(Status::PickedUp);
    }

    /// How far a paid order is when nobody asks to cancel it.
    fn status_by_times(&self) -> Status {
        match (self.picked_up_at, self.made_at, self.accepted_at) {
            (Some(_), _, _) => Status::PickedUp,
            (None, Some(_), _) => Status::Made,
            (None, None, Some(_)) => Status::OrderReceived,
            (None, None, None) => Status::PaySuccess,
        }
    }
}

#[cfg(test)]
mod tests;
