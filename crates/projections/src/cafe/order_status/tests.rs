use super::{OrderStatus, OrderStatusRow};
use crate::{
    cafe::testing::{at, id, name, qty, row_after, rows_after, won},
    row::Word,
};
use domain::cafe::{
    self,
    order::{Event, PaymentFailure, PaymentStatus, Status},
};

fn selected(attempt: u32) -> Event {
    Event::OrderSelected {
        product: name("IceAmericano"),
        qty: qty(2),
        price: won(2000),
        amount: won(4000),
        customer_id: Some(id("c1")),
        phone: None,
        attempt,
    }
}

fn paid(attempt: u32) -> Event {
    Event::PaymentCompleted {
        attempt,
        amount: won(4000),
        charge_id: "ch1".to_owned(),
        product: name("IceAmericano"),
        qty: qty(2),
        customer_id: Some(id("c1")),
    }
}

fn failed(attempt: u32) -> Event {
    let reason = PaymentFailure::Unavailable;
    Event::PaymentFailed { attempt, reason, detail: None }
}

fn refunded(attempt: u32) -> Event {
    Event::Refunded { attempt, amount: won(4000) }
}

fn row(events: impl IntoIterator<Item = Event>) -> OrderStatusRow {
    row_after::<OrderStatus>("o1", events.into_iter().map(cafe::Event::Order))
}

#[test]
fn a_new_order_shows_what_was_asked_for() {
    let row = row([selected(1)]);
    let shown = serde_json::to_value(&row).unwrap();
    assert_eq!(
        shown,
        serde_json::json!({
            "orderId": "o1", "product": "IceAmericano", "qty": 2, "price": 2000, "amount": 4000,
            "customerId": "c1", "status": "init", "paymentStatus": "not_paid", "attempt": 1,
            "refundedAmount": 0, "selectedAt": "1970-01-01T00:00:00Z", "paidAt": null,
            "acceptedAt": null, "rejectedAt": null, "cancelRequestedAt": null, "canceledAt": null,
            "refundedAt": null, "madeAt": null, "pickedUpAt": null,
            "changedAt": "1970-01-01T00:00:00Z", "version": 0
        })
    );
}

#[test]
fn each_step_has_its_status_and_time() {
    let row =
        row([selected(1), paid(1), Event::OrderAccepted, Event::OrderMade, Event::OrderPickedUp]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::PickedUp), Word(PaymentStatus::Paid))
    );
    let times =
        [Some(row.selected_at), row.paid_at, row.accepted_at, row.made_at, row.picked_up_at];
    assert_eq!(times, [0, 1, 2, 3, 4].map(|minute| Some(at(minute))));
    assert_eq!(row.changed_at, at(4));
}

#[test]
fn a_refused_order_is_refunded() {
    let row = row([selected(1), paid(1), Event::OrderRefused { reason: None }, refunded(1)]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::OrderRejected), Word(PaymentStatus::Refunded))
    );
    assert_eq!(
        (row.rejected_at, row.refunded_at, row.refunded_amount),
        (Some(at(2)), Some(at(3)), 4000)
    );
}

#[test]
fn a_canceled_order_is_refunded() {
    let row =
        row([selected(1), paid(1), Event::OrderCancelRequested, Event::OrderCanceled, refunded(1)]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::OrderCancel), Word(PaymentStatus::Refunded))
    );
    assert_eq!((row.cancel_requested_at, row.canceled_at), (Some(at(2)), Some(at(3))));
}

#[test]
fn a_wish_to_cancel_shows_until_it_is_denied() {
    let asked = [selected(1), paid(1), Event::OrderCancelRequested, Event::OrderAccepted];
    assert_eq!(row(asked.clone()).status, Word(Status::OrderCancelRequest));
    let denied = asked.into_iter().chain([Event::CancelDenied]);
    assert_eq!(row(denied).status, Word(Status::OrderReceived));
}

#[test]
fn denying_late_does_not_hide_that_coffee_is_made() {
    let made =
        [selected(1), paid(1), Event::OrderCancelRequested, Event::OrderAccepted, Event::OrderMade];
    assert_eq!(row(made.into_iter().chain([Event::CancelDenied])).status, Word(Status::Made));
}

#[test]
fn a_second_attempt_begins_anew() {
    let row = row([selected(1), failed(1), selected(2)]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::Init), Word(PaymentStatus::NotPaid))
    );
    assert_eq!((row.attempt, row.selected_at), (2, at(0)));
}

#[test]
fn a_late_charge_given_back_does_not_undo_the_payment_that_counts() {
    let row = row([selected(1), failed(1), selected(2), paid(2), refunded(1)]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::PaySuccess), Word(PaymentStatus::Paid))
    );
    assert_eq!(row.refunded_amount, 4000);
}

#[test]
fn a_late_charge_of_the_last_attempt_shows_as_refunded() {
    let row = row([selected(1), failed(1), refunded(1)]);
    assert_eq!(
        (row.status, row.payment_status),
        (Word(Status::PayFail), Word(PaymentStatus::Refunded))
    );
}

#[test]
fn facts_of_others_leave_no_row() {
    let other = cafe::Event::Ticket(domain::cafe::ticket::Event::CoffeeMade);
    assert_eq!(rows_after::<OrderStatus>("o1", [other]), []);
}
