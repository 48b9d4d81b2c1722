use super::{TicketRow, Tickets};
use crate::{
    cafe::testing::{at, id, name, qty, row_after},
    row::Word,
};
use domain::cafe::{
    self,
    ticket::{Event, Status},
};

fn opened() -> Event {
    Event::TicketOpened { product: name("Latte"), qty: qty(1), customer_id: Some(id("c1")) }
}

fn received() -> Event {
    Event::OrderReceived { product: name("Latte"), qty: qty(1), customer_id: Some(id("c1")) }
}

fn row(events: impl IntoIterator<Item = Event>) -> TicketRow {
    row_after::<Tickets>("o1", events.into_iter().map(cafe::Event::Ticket))
}

#[test]
fn an_open_ticket_says_what_to_make() {
    let row = row([opened()]);
    assert_eq!(
        (row.product.as_deref(), row.qty, row.customer_id.as_deref()),
        (Some("Latte"), Some(1), Some("c1"))
    );
    assert_eq!((row.status, row.opened_at), (Word(Status::OrderGet), Some(at(0))));
}

#[test]
fn each_step_has_its_status_and_time() {
    let row =
        row([opened(), received(), Event::OrderCancelDenied, Event::CoffeeMade, Event::PickedUp]);
    let times = [row.opened_at, row.answered_at, row.made_at, row.picked_up_at];
    assert_eq!(times, [0, 1, 3, 4].map(|minute| Some(at(minute))));
    assert_eq!((row.status, row.changed_at), (Word(Status::PickedUp), at(4)));
}

#[test]
fn a_rejected_ticket_says_why() {
    let reason = Some("sold out".to_owned());
    let row = row([opened(), Event::OrderRejected { reason: reason.clone() }]);
    assert_eq!(
        (row.status, row.reason, row.answered_at),
        (Word(Status::Reject), reason, Some(at(1)))
    );
}

#[test]
fn a_denied_cancel_leaves_the_status() {
    let row = row([opened(), received(), Event::OrderCancelDenied]);
    assert_eq!((row.status, row.changed_at), (Word(Status::Receive), at(2)));
}

#[test]
fn an_order_canceled_before_it_came_is_on_record_without_content() {
    let row = row([Event::OrderCancelConfirmed]);
    assert_eq!((row.status, row.product, row.opened_at), (Word(Status::OrderCanceled), None, None));
}
