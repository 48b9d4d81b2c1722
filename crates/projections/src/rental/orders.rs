//! Which orders are there, and how does each stand? One row per order: `GET /rental/orders[/{id}]`.

use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Instant,
    rental::{
        self,
        order::{self, CancelledBy, Order, Status},
    },
};

row! {
    #[derive(Default)]
    pub struct OrderRow {
        pub order_id: String,
        pub product_id: String,
        pub product_name: String,
        pub qty: i64,
        /// The whole fee, in won.
        pub amount: i64,
        pub customer_id: Option<String>,
        pub status: Word<Status>,
        pub cancelled_by: Option<Word<CancelledBy>>,
        pub cancel_reason: Option<String>,
        pub requested_at: Instant,
        pub confirmed_at: Option<Instant>,
        pub completed_at: Option<Instant>,
        pub cancelled_at: Option<Instant>,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `rental.orders`.
#[derive(Debug)]
pub struct Orders;

impl ReadModel for Orders {
    const NAME: &'static str = "rental.orders";
    const CATEGORIES: &'static [&'static str] = &[Order::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id", "product_id", "status"];
    type Row = OrderRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        order_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut OrderRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<OrderRow>, fact: &Fact<Event>) -> Option<OrderRow> {
        let Some(event) = order_event(&fact.event) else {
            return row;
        };
        let mut row = row.unwrap_or_default();
        let at = fact.at;
        row.changed_at = at;
        match event {
            order::Event::RentalRequested { .. } => row.request(&fact.of, event, at),
            order::Event::StockConfirmed { .. } => row.confirm(at),
            order::Event::StockDeclined { .. } => {}
            order::Event::RentalCancellationOccured { by, reason, .. } => {
                row.cancel(*by, reason.as_deref(), at);
            }
            order::Event::RentalCompleted => row.complete(at),
        }
        Some(row)
    }
}

impl OrderRow {
    fn request(&mut self, order_id: &str, event: &order::Event, at: Instant) {
        if let order::Event::RentalRequested {
            product_id,
            product_name,
            qty,
            amount,
            customer_id,
        } = event
        {
            self.order_id = order_id.to_owned();
            self.product_id = product_id.to_string();
            self.product_name = product_name.to_string();
            self.qty = qty.get();
            self.amount = amount.get();
            self.customer_id = customer_id.as_ref().map(ToString::to_string);
            self.requested_at = at;
        }
    }

    fn confirm(&mut self, at: Instant) {
        self.status = Word(Status::Confirmed);
        self.confirmed_at = Some(at);
    }

    fn cancel(&mut self, by: CancelledBy, reason: Option<&str>, at: Instant) {
        self.status = Word(Status::Cancelled);
        self.cancelled_by = Some(Word(by));
        self.cancel_reason = reason.map(str::to_owned);
        self.cancelled_at = Some(at);
    }

    fn complete(&mut self, at: Instant) {
        self.status = Word(Status::Completed);
        self.completed_at = Some(at);
    }
}

fn order_event(event: &Event) -> Option<&order::Event> {
    if let rental::Event::Order(event) = event.rental()? { Some(event) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rental::testing::{at, cancelled, confirmed, requested, row_after};
    use order::Event;

    fn row(events: impl IntoIterator<Item = Event>) -> OrderRow {
        let events = std::iter::once(requested()).chain(events).map(rental::Event::Order);
        row_after::<Orders>(events.map(|event| ("o1", event)))
    }

    #[test]
    fn a_new_order_says_what_is_rented() {
        let row = row([]);
        assert_eq!((row.order_id.as_str(), row.product_id.as_str()), ("o1", "2"));
        assert_eq!((row.product_name.as_str(), row.qty, row.amount), ("MACBOOK", 10, 10));
        assert_eq!(row.customer_id.as_deref(), Some("c1"));
        assert_eq!((row.status, row.requested_at), (Word(Status::Requested), at(0)));
    }

    #[test]
    fn each_step_has_its_status_and_time() {
        let row = row([confirmed(), Event::RentalCompleted]);
        assert_eq!(row.status, Word(Status::Completed));
        assert_eq!((row.confirmed_at, row.completed_at), (Some(at(1)), Some(at(2))));
        assert_eq!((row.cancelled_at, row.changed_at), (None, at(2)));
    }

    #[test]
    fn a_cancelled_order_says_by_whom_and_why() {
        let row = row([confirmed(), cancelled(CancelledBy::Shortage, Some("3 missing"))]);
        assert_eq!(row.status, Word(Status::Cancelled));
        assert_eq!(row.cancelled_by, Some(Word(CancelledBy::Shortage)));
        assert_eq!(row.cancel_reason.as_deref(), Some("3 missing"));
        assert_eq!(row.cancelled_at, Some(at(2)));
    }
}
