use super::*;
use crate::{Quantity, warehouse::Event};
use uuid::Uuid;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn tv() -> Name {
    Name::new("TV").unwrap()
}

fn after(of: &str, event: Event) -> Asks {
    react(&Fact {
        id: Uuid::from_u128(1),
        of: of.to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        event,
    })
}

fn requested() -> Event {
    Event::Delivery(delivery::Event::DeliveryRequested {
        product: tv(),
        qty: qty(10),
        customer_id: Some(id("c1")),
    })
}

#[test]
fn a_requested_delivery_is_stocked_in() {
    let command = stock_item::Command::StockIn {
        delivery_id: id("d1"),
        qty: qty(10),
        customer_id: Some(id("c1")),
    };
    let product = tv();
    let expected = vec![("when_delivery_requested_stock_in", Ask::StockItem { product, command })];
    assert_eq!(after("d1", requested()), expected);
}

#[test]
fn a_delivery_that_is_in_stock_is_complete() {
    let in_stock = stock_item::Event::InStock {
        delivery_id: id("d1"),
        qty: qty(10),
        customer_id: None,
        on_hand: 10,
    };
    let (id, command) = (id("d1"), delivery::Command::CompleteDelivery);
    let expected = vec![("when_in_stock_complete_delivery", Ask::Delivery { id, command })];
    assert_eq!(after("TV", Event::StockItem(in_stock)), expected);
}

#[test]
fn what_leaves_asks_for_nothing() {
    let shipped =
        stock_item::Event::Shipped { shipment_id: id("s1"), qty: qty(1), lots: vec![], on_hand: 0 };
    assert_eq!(after("TV", Event::StockItem(shipped)), vec![]);
    assert_eq!(after("d1", Event::Delivery(delivery::Event::Delivered)), vec![]);
}

#[test]
fn each_ask_waits_for_its_own_part() {
    let [(name, stock_in)] = &after("d1", requested())[..] else {
        panic!("one ask");
    };
    assert!(SYNC.contains(name));
    assert_eq!(stock_in.part(), "warehouse.stock_item");
}
