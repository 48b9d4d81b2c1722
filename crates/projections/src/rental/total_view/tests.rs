use super::{TotalView, TotalViewRow};
use crate::{
    rental::testing::{at, cancelled, confirmed, id, qty, requested, row_after, won},
    row::Word,
};
use domain::rental::{
    Event,
    bill::Event as Bill,
    inventory::Event as Stock,
    order::{CancelledBy, Event as Order, Status},
    shipment::Event as Shipment,
};

fn reserved() -> (&'static str, Event) {
    let reserved = Stock::StockReserved { order_id: id("o1"), qty: qty(10), left: 90 };
    ("2", Event::Inventory(reserved))
}

fn order(event: Order) -> (&'static str, Event) {
    ("o1", Event::Order(event))
}

fn bill(event: Bill) -> (&'static str, Event) {
    ("o1", Event::Bill(event))
}

fn shipment(event: Shipment) -> (&'static str, Event) {
    ("o1", Event::Shipment(event))
}

fn received() -> Bill {
    let (product_id, charge_id) = (id("2"), "ch-1".to_owned());
    Bill::FeeReceived { amount: won(10), charge_id, product_id, qty: qty(10) }
}

fn started() -> Shipment {
    Shipment::DeliveryStarted { product_id: id("2"), qty: qty(10) }
}

/// Stock, fee and goods are on their way.
fn running() -> Vec<(&'static str, Event)> {
    vec![
        order(requested()),
        reserved(),
        order(confirmed()),
        bill(Bill::FeeRequested { amount: won(10), product_id: id("2"), qty: qty(10) }),
        bill(received()),
        shipment(started()),
    ]
}

fn row(events: Vec<(&'static str, Event)>) -> TotalViewRow {
    row_after::<TotalView>(events)
}

#[test]
fn a_running_rental_shows_each_step_with_its_time() {
    let row = row(running());
    assert_eq!((row.order_id.as_str(), row.product_id.as_str()), ("o1", "2"));
    assert_eq!((row.product_name.as_str(), row.qty, row.amount), ("MACBOOK", 10, 10));
    assert_eq!(row.customer_id.as_deref(), Some("c1"));
    assert_eq!((row.status, row.last_event.as_str()), (Word(Status::Confirmed), "DeliveryStarted"));
    assert_eq!(row.shipment_id.as_deref(), Some("o1"));
    assert!(row.rental_requested && row.stock_reserved && row.stock_confirmed);
    assert!(row.fee_received && row.delivery_started && !row.rental_cancellation_occured);
    let times = [row.rental_requested_at, row.stock_reserved_at, row.stock_confirmed_at];
    assert_eq!(times, [0, 1, 2].map(|minute| Some(at(minute))));
    assert_eq!((row.fee_received_at, row.delivery_started_at), (Some(at(4)), Some(at(5))));
    assert_eq!((row.changed_at, row.item_delivered_at), (at(5), None));
}

#[test]
fn a_delivered_rental_is_completed() {
    let mut events = running();
    events.push(shipment(Shipment::ItemDelivered));
    events.push(order(Order::RentalCompleted));
    let row = row(events);
    assert!(row.item_delivered && row.rental_completed);
    assert_eq!((row.status, row.last_event.as_str()), (Word(Status::Completed), "RentalCompleted"));
}

#[test]
fn a_shortage_that_is_found_late_shows_the_whole_way_back() {
    let mut events = running();
    let (order_id, qty) = (id("o1"), qty(3));
    let missing = Stock::StockMissing { order_id: order_id.clone(), qty, left: 90, held: 7 };
    let back = Stock::StockReturned { order_id, qty: crate::rental::testing::qty(7), left: 97 };
    let called_back = Shipment::RetrieveStarted { product_id: id("2"), qty };
    events.extend([
        ("2", Event::Inventory(missing)),
        order(cancelled(CancelledBy::Shortage, Some("3 missing"))),
        bill(Bill::RefundRequested { amount: won(10) }),
        shipment(called_back),
        bill(Bill::FeeRefundCompleted { amount: won(10) }),
        shipment(Shipment::RetrieveCompleted { product_id: id("2") }),
        ("2", Event::Inventory(back)),
    ]);
    let row = row(events);
    assert_eq!((row.status, row.last_event.as_str()), (Word(Status::Cancelled), "StockReturned"));
    assert_eq!(row.cancelled_by, Some(Word(CancelledBy::Shortage)));
    assert_eq!((row.cancel_reason.as_deref(), row.refunded_amount), (Some("3 missing"), 10));
    assert!(row.stock_missing && row.rental_cancellation_occured && row.fee_refund_completed);
    assert!(row.retrieve_started && row.retrieve_completed && row.stock_returned);
    assert!(!row.stock_released && !row.delivery_stopped);
    assert_eq!((row.fee_refund_completed_at, row.stock_returned_at), (Some(at(10)), Some(at(12))));
}

#[test]
fn a_declined_fee_shows_how_the_stock_went_back() {
    let released = Stock::StockReleased { order_id: id("o1"), qty: qty(10), left: 100 };
    let row = row(vec![
        order(requested()),
        reserved(),
        order(confirmed()),
        bill(Bill::FeeDeclined { reason: None }),
        order(cancelled(CancelledBy::Payment, None)),
        shipment(Shipment::DeliveryStopped { product_id: id("2") }),
        ("2", Event::Inventory(released)),
    ]);
    assert!(row.fee_declined && row.delivery_stopped && row.stock_released);
    assert_eq!((row.shipment_id, row.refunded_amount), (None, 0));
}

#[test]
fn a_shortage_at_the_check_is_all_there_is() {
    let short = Stock::InventoryStockShortage { order_id: id("o1"), asked: qty(110), left: 100 };
    let row = row(vec![
        order(requested()),
        ("2", Event::Inventory(short)),
        order(cancelled(CancelledBy::Shortage, Some("110 asked, 100 left"))),
    ]);
    assert!(row.inventory_stock_shortage && row.rental_cancellation_occured);
    assert!(!row.stock_reserved && !row.fee_received);
}
