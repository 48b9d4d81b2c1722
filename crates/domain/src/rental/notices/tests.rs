use super::*;
use crate::{Id, Quantity, Won, shared::Name};

fn id() -> Id {
    Id::new("2").unwrap()
}

fn qty() -> Quantity {
    Quantity::new(10).unwrap()
}

fn cancelled(by: CancelledBy) -> Event {
    Event::Order(order::Event::RentalCancellationOccured {
        by,
        reason: None,
        product_id: id(),
        qty: qty(),
        confirmed: true,
    })
}

#[test]
fn says_what_is_rented_for_how_much() {
    let requested = Event::Order(order::Event::RentalRequested {
        product_id: id(),
        product_name: Name::new("맥북").unwrap(),
        qty: qty(),
        amount: Won::new(1_234_500).unwrap(),
        customer_id: None,
    });
    let text = notice(&requested).unwrap();
    assert_eq!(text, "[장터 렌탈] 맥북 10개, 1,234,500원 렌탈 신청을 받았습니다.");
}

#[test]
fn says_why_a_rental_was_cancelled() {
    let texts = [CancelledBy::Customer, CancelledBy::Shortage, CancelledBy::Payment]
        .map(|by| notice(&cancelled(by)).unwrap());
    assert!(texts[1].contains("재고가 부족"));
    assert!(texts[2].contains("결제가 되지 않아"));
    assert!(!texts[0].contains("재고") && !texts[0].contains("결제"));
}

#[test]
fn says_what_was_given_back() {
    let amount = Won::new(10).unwrap();
    let refunded = Event::Bill(bill::Event::FeeRefundCompleted { amount });
    assert_eq!(notice(&refunded).unwrap(), "[장터 렌탈] 10원 환불이 완료되었습니다.");
}

#[test]
fn says_nothing_about_what_the_customer_does_not_see() {
    for event in [
        Event::Order(order::Event::StockDeclined { product_id: id() }),
        Event::Bill(bill::Event::FeeCancelled { asked: None }),
        Event::Shipment(shipment::Event::DeliveryStopped { product_id: id() }),
    ] {
        assert_eq!(notice(&event), None);
    }
}
