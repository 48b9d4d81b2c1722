use super::*;
use crate::{Quantity, shared::Name};
use uuid::Uuid;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn told(of: &str, event: Event) -> Vec<(Option<String>, String)> {
    let fact =
        Fact { id: Uuid::from_u128(1), of: of.to_owned(), at: chrono::DateTime::UNIX_EPOCH, event };
    let messages = messages(&fact).into_iter();
    messages.map(|message| (message.to.map(String::from), message.text)).collect()
}

fn taken(lot: &str, customer: Option<&str>, count: i64, left: i64) -> Taken {
    Taken { delivery_id: id(lot), customer_id: customer.map(id), qty: qty(count), left }
}

fn to(customer: &str, text: &str) -> (Option<String>, String) {
    (Some(customer.to_owned()), format!("[장터 창고] {text}"))
}

#[test]
fn a_delivery_is_told_when_asked_for_and_when_in_stock() {
    let requested = delivery::Event::DeliveryRequested {
        product: Name::new("TV").unwrap(),
        qty: qty(10),
        customer_id: Some(id("c1")),
    };
    let in_stock = stock_item::Event::InStock {
        delivery_id: id("d1"),
        qty: qty(10),
        customer_id: Some(id("c1")),
        on_hand: 12,
    };
    assert_eq!(
        told("d1", Event::Delivery(requested)),
        [to("c1", "TV 10개 보관 요청을 받았습니다.")]
    );
    assert_eq!(told("TV", Event::StockItem(in_stock)), [to("c1", "TV 10개가 입고되었습니다.")]);
    assert_eq!(told("d1", Event::Delivery(delivery::Event::Delivered)), []);
}

#[test]
fn each_customer_is_told_of_his_own_lot() {
    let shipped = stock_item::Event::Shipped {
        shipment_id: id("s1"),
        qty: qty(4),
        lots: vec![taken("d1", Some("c1"), 3, 2), taken("d2", Some("c2"), 1, 9)],
        on_hand: 11,
    };
    assert_eq!(
        told("TV", Event::StockItem(shipped)),
        [
            to("c1", "TV 3개가 출고되었습니다. 남은 수량 2개."),
            to("c2", "TV 1개가 출고되었습니다. 남은 수량 9개."),
        ]
    );
}

#[test]
fn the_end_of_a_lot_is_told_too() {
    let obsolete = stock_item::Event::Obsolete {
        qty: qty(6),
        lots: vec![taken("d1", None, 6, 0)],
        reason: "파손".to_owned(),
        on_hand: 0,
    };
    let told = told("TV", Event::StockItem(obsolete));
    let texts: Vec<_> = told.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "[장터 창고] TV 6개가 폐기되었습니다 (파손). 남은 수량 0개.",
            "[장터 창고] 보관 번호 d1의 보관이 종료되었습니다."
        ]
    );
    assert!(told.iter().all(|(to, _)| to.is_none()));
}
