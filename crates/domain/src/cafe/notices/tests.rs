use super::*;
use crate::{Quantity, Won, shared::Name};

fn selected(attempt: u32) -> Event {
    Event::OrderSelected {
        product: Name::new("아이스아메리카노").unwrap(),
        qty: Quantity::new(2).unwrap(),
        price: Won::new(2000).unwrap(),
        amount: Won::new(4000).unwrap(),
        customer_id: None,
        phone: None,
        attempt,
    }
}

fn refused(reason: Option<&str>) -> String {
    let reason = reason.map(str::to_owned);
    notice(&Event::OrderRefused { reason }).unwrap()
}

#[test]
fn says_what_was_ordered_for_how_much() {
    let text = notice(&selected(1)).unwrap();
    assert_eq!(
        text,
        "[장터 카페] 아이스아메리카노 2잔, 4,000원 주문을 받았습니다. 결제를 진행합니다."
    );
}

#[test]
fn says_nothing_of_a_further_attempt_to_pay() {
    assert_eq!(notice(&selected(2)), None);
}

#[test]
fn says_why_the_store_refused() {
    assert!(refused(Some("얼음 없음")).contains("거절되었습니다 (얼음 없음)."));
    assert!(refused(None).contains("거절되었습니다."));
    assert!(refused(Some(NOT_ANSWERED)).contains("(매장 응답 없음)"));
}

#[test]
fn writes_money_as_people_do() {
    let written = [(1, "1원"), (999, "999원"), (1000, "1,000원"), (1_234_567, "1,234,567원")];
    for (amount, text) in written {
        assert_eq!(Won::new(amount).unwrap().in_words(), text);
    }
}
