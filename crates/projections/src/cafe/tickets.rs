//! What has the store to do? One row per ticket: `GET /cafe/tickets[/{id}]`.

use super::ticket_event;
use crate::{read_model::ReadModel, row, row::Word};
use domain::{
    Aggregate, Event, Fact, Instant,
    cafe::ticket::{self, Status, Ticket},
};

row! {
    /// The content is unknown for an order that was canceled before it reached the store.
    pub struct TicketRow {
        pub order_id: String,
        pub product: Option<String>,
        pub qty: Option<i64>,
        pub customer_id: Option<String>,
        pub status: Word<Status>,
        /// Why it was rejected.
        pub reason: Option<String>,
        pub opened_at: Option<Instant>,
        /// When it was accepted, rejected or canceled.
        pub answered_at: Option<Instant>,
        pub made_at: Option<Instant>,
        pub picked_up_at: Option<Instant>,
        pub changed_at: Instant,
        pub version: i64,
    }
}

/// The read model `cafe.tickets`.
#[derive(Debug)]
pub struct Tickets;

impl ReadModel for Tickets {
    const NAME: &'static str = "cafe.tickets";
    const CATEGORIES: &'static [&'static str] = &[Ticket::CATEGORY];
    const FILTERS: &'static [&'static str] = &["customer_id", "status"];
    type Row = TicketRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        ticket_event(&fact.event).map(|_| fact.of.clone()).into_iter().collect()
    }

    fn version(row: &mut TicketRow) -> Option<&mut i64> {
        Some(&mut row.version)
    }

    fn fold(row: Option<TicketRow>, fact: &Fact<Event>) -> Option<TicketRow> {
        let Some(event) = ticket_event(&fact.event) else {
            return row;
        };
        let mut row = row.unwrap_or_else(|| blank(fact));
        let at = fact.at;
        row.changed_at = at;
        match event {
            ticket::Event::TicketOpened { .. } => row.open(event, at),
            ticket::Event::OrderReceived { .. } => row.answered(Status::Receive, at),
            ticket::Event::OrderRejected { reason } => row.rejected(reason, at),
            ticket::Event::OrderCancelConfirmed => row.answered(Status::OrderCanceled, at),
            ticket::Event::OrderCancelDenied => {}
            ticket::Event::CoffeeMade => row.made(at),
            ticket::Event::PickedUp => row.picked_up(at),
        }
        Some(row)
    }
}

fn blank(fact: &Fact<Event>) -> TicketRow {
    TicketRow {
        order_id: fact.of.clone(),
        product: None,
        qty: None,
        customer_id: None,
        status: Word(Status::OrderGet),
        reason: None,
        opened_at: None,
        answered_at: None,
        made_at: None,
        picked_up_at: None,
        changed_at: fact.at,
        version: 0,
    }
}

impl TicketRow {
    fn open(&mut self, event: &ticket::Event, at: Instant) {
        if let ticket::Event::TicketOpened { product, qty, customer_id } = event {
            self.product = Some(product.as_str().to_owned());
            self.qty = Some(qty.get());
            self.customer_id = customer_id.as_ref().map(|id| id.as_str().to_owned());
            self.status = Word(Status::OrderGet);
            self.opened_at = Some(at);
        }
    }

    fn answered(&mut self, status: Status, at: Instant) {
        self.status = Word(status);
        self.answered_at = Some(at);
    }

    fn rejected(&mut self, reason: &Option<String>, at: Instant) {
        self.answered(Status::Reject, at);
        self.reason.clone_from(reason);
    }

    fn made(&mut self, at: Instant) {
        self.status = Word(Status::Made);
        self.made_at = Some(at);
    }

    fn picked_up(&mut self, at: Instant) {
        self.status = Word(Status::PickedUp);
        self.picked_up_at = Some(at);
    }
}

#[cfg(test)]
mod tests;
