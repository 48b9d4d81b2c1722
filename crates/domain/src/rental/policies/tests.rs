use super::*;
use crate::{Quantity, Won, rental::Event as Any, rental::order::CancelledBy, shared::Name};
use chrono::DateTime;
use uuid::Uuid;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty() -> Quantity {
    Quantity::new(10).unwrap()
}

fn won() -> Won {
    Won::new(10).unwrap()
}

fn noon() -> Instant {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn follows(of: &str, event: Any) -> Asks {
    react(&Fact { id: Uuid::nil(), of: of.to_owned(), at: noon(), event })
}

fn of_order(event: order::Event) -> Asks {
    follows("o1", Any::Order(event))
}

fn of_stock(event: inventory::Event) -> Asks {
    follows("2", Any::Inventory(event))
}

fn of_bill(event: bill::Event) -> Asks {
    follows("o1", Any::Bill(event))
}

fn of_shipment(event: shipment::Event) -> Asks {
    follows("o1", Any::Shipment(event))
}

fn to_stock(command: inventory::Command) -> Ask {
    Ask::Inventory { product: id("2"), command }
}

fn to_order(command: order::Command) -> Ask {
    Ask::Order { id: id("o1"), command }
}

fn cancelled(confirmed: bool) -> order::Event {
    let (by, reason) = (CancelledBy::Customer, None);
    order::Event::RentalCancellationOccured {
        by,
        reason,
        product_id: id("2"),
        qty: qty(),
        confirmed,
    }
}

#[test]
fn stock_first_then_the_fee_then_the_goods() {
    let requested = order::Event::RentalRequested {
        product_id: id("2"),
        product_name: Name::new("MACBOOK").unwrap(),
        qty: qty(),
        amount: won(),
        customer_id: None,
    };
    let reserve = inventory::Command::Reserve { order_id: id("o1"), qty: qty() };
    assert_eq!(of_order(requested), [("when_rental_requested_reserve", to_stock(reserve))]);

    let reserved = inventory::Event::StockReserved { order_id: id("o1"), qty: qty(), left: 90 };
    let confirm = to_order(order::Command::ConfirmStock);
    assert_eq!(of_stock(reserved), [("when_stock_reserved_confirm_stock", confirm)]);

    let (product_id, qty, amount) = (id("2"), qty(), won());
    let confirmed = order::Event::StockConfirmed { product_id: product_id.clone(), qty, amount };
    let command = bill::Command::Charge { product_id: product_id.clone(), qty, amount };
    let charge = Ask::Bill { order: id("o1"), command };
    assert_eq!(of_order(confirmed), [("when_stock_confirmed_charge", charge)]);

    let asked = bill::Event::FeeRequested { amount, product_id: product_id.clone(), qty };
    let collect = Ask::Collect { order: id("o1") };
    assert_eq!(of_bill(asked), [("when_fee_requested_collect", collect)]);

    let charge_id = "ch-1".to_owned();
    let received =
        bill::Event::FeeReceived { amount, charge_id, product_id: product_id.clone(), qty };
    let command = shipment::Command::Start { product_id, qty };
    let start = Ask::Shipment { order: id("o1"), command };
    assert_eq!(of_bill(received), [("when_fee_received_start", start)]);
    assert_eq!(of_shipment(shipment::Event::DeliveryStarted { product_id: id("2"), qty }), []);

    let complete = to_order(order::Command::Complete);
    let delivered = of_shipment(shipment::Event::ItemDelivered);
    assert_eq!(delivered, [("when_item_delivered_complete", complete)]);
    assert_eq!(of_order(order::Event::RentalCompleted), []);
}

#[test]
fn a_cancellation_asks_the_bill_and_the_shipment() {
    let refund = Ask::Bill { order: id("o1"), command: bill::Command::Refund };
    let command = shipment::Command::Stop { product_id: id("2") };
    let stop = Ask::Shipment { order: id("o1"), command };
    assert_eq!(
        of_order(cancelled(true)),
        [
            ("when_rental_cancellation_occured_refund", refund),
            ("when_rental_cancellation_occured_give_back", Ask::GiveBack { order: id("o1") }),
            ("when_rental_cancellation_occured_stop", stop),
        ]
    );
}

#[test]
fn a_cancellation_before_the_stock_waits_for_it_and_lets_it_go() {
    assert_eq!(of_order(cancelled(false)), []);
    let declined = of_order(order::Event::StockDeclined { product_id: id("2") });
    let release = inventory::Command::Release { order_id: id("o1") };
    assert_eq!(declined, [("when_stock_declined_release", to_stock(release))]);
}

#[test]
fn a_shortage_cancels_the_order() {
    let (order_id, asked) = (id("o1"), Quantity::new(110).unwrap());
    let short = inventory::Event::InventoryStockShortage { order_id, asked, left: 100 };
    let reason = "110 asked, 100 left".to_owned();
    let cancel = to_order(order::Command::CancelForShortage { reason });
    assert_eq!(of_stock(short), [("when_inventory_stock_shortage_cancel_for_shortage", cancel)]);
    let missing =
        inventory::Event::StockMissing { order_id: id("o1"), qty: qty(), left: 90, held: 0 };
    let reason = "10 missing".to_owned();
    let cancel = to_order(order::Command::CancelForShortage { reason });
    assert_eq!(of_stock(missing), [("when_stock_missing_cancel_for_shortage", cancel)]);
}

#[test]
fn a_fee_that_is_declined_cancels_the_order() {
    let reason = Some("limit exceeded".to_owned());
    let cancel = to_order(order::Command::CancelForFee { reason: reason.clone() });
    let declined = of_bill(bill::Event::FeeDeclined { reason });
    assert_eq!(declined, [("when_fee_declined_cancel_for_fee", cancel)]);
}

#[test]
fn what_was_received_is_given_back() {
    let asks = of_bill(bill::Event::RefundRequested { amount: won() });
    let give_back = Ask::GiveBack { order: id("o1") };
    assert_eq!(asks, [("when_refund_requested_give_back", give_back)]);
    assert_eq!(of_bill(bill::Event::FeeRefundCompleted { amount: won() }), []);
}

#[test]
fn a_fee_that_was_asked_for_and_cancelled_is_looked_for_a_while_later() {
    let watch = Ask::At {
        key: "late-charge/o1".to_owned(),
        due: noon() + Duration::minutes(1),
        ask: Box::new(Ask::WatchLateCharge { order: id("o1") }),
    };
    let asks = of_bill(bill::Event::FeeCancelled { asked: Some(won()) });
    assert_eq!(asks, [("when_fee_cancelled_watch_late_charge", watch)]);
    assert_eq!(of_bill(bill::Event::FeeCancelled { asked: None }), []);
}

#[test]
fn goods_that_stay_or_come_back_are_stock_again() {
    let stopped = of_shipment(shipment::Event::DeliveryStopped { product_id: id("2") });
    let release = to_stock(inventory::Command::Release { order_id: id("o1") });
    assert_eq!(stopped, [("when_delivery_stopped_release", release)]);
    let back = of_shipment(shipment::Event::RetrieveCompleted { product_id: id("2") });
    let restock = to_stock(inventory::Command::Restock { order_id: id("o1") });
    assert_eq!(back, [("when_retrieve_completed_restock", restock)]);
}

#[test]
fn the_stock_check_is_what_an_answer_waits_for() {
    let reserved = inventory::Event::StockReserved { order_id: id("o1"), qty: qty(), left: 0 };
    assert!(of_stock(reserved).iter().all(|(policy, _)| SYNC.contains(policy)));
    assert!(!SYNC.contains(&"when_stock_confirmed_charge"));
}

#[test]
fn each_ask_waits_for_its_part() {
    let collect = Ask::Collect { order: id("o1") };
    let at = Ask::At { key: "k".to_owned(), due: noon(), ask: Box::new(collect.clone()) };
    let order = Ask::Order { id: id("o1"), command: order::Command::Complete };
    let stock = to_stock(inventory::Command::Restock { order_id: id("o1") });
    let parts = [&collect, &at, &order, &stock].map(Ask::part);
    assert_eq!(parts, [Some("rental.bill"), None, Some("rental.order"), Some("rental.inventory")]);
}

#[test]
fn asks_are_kept_as_json_by_timers() {
    let ask = Ask::WatchLateCharge { order: id("o1") };
    let json = serde_json::to_string(&ask).unwrap();
    assert_eq!(serde_json::from_str::<Ask>(&json).unwrap(), ask);
}
