use super::*;
use crate::Won;
use crate::shared::Name;

fn text(event: reservation::Event) -> String {
    notice(&Event::Reservation(event)).unwrap()
}

#[test]
fn says_what_is_to_be_paid() {
    let item_name = Name::new("카메라").unwrap();
    let item_price = Won::new(12_000).unwrap();
    assert_eq!(
        text(reservation::Event::ReservationConfirmed { item_name, item_price }),
        "[장터 대여] 카메라 예약이 확정되었습니다. 12,000원을 결제해 주세요."
    );
}

#[test]
fn says_why_the_item_is_not_to_be_had() {
    let reason = HoldRefusal::ItemHeld;
    let text = text(reservation::Event::ReservationRejected { reason });
    assert_eq!(text, "[장터 대여] 예약이 거절되었습니다 (이미 예약된 물건).");
}

#[test]
fn tells_of_money_once() {
    let amount = Won::new(100).unwrap();
    let paid = reservation::Event::ReservationPaid { attempt: 1, amount };
    assert!(text(paid).contains("100원 결제가 완료"));
    let item_no = crate::Id::new("i1").unwrap();
    let approved =
        payment::Event::PaymentApproved { item_no, amount, attempt: 1, payment_no: "p".to_owned() };
    assert_eq!(notice(&Event::Payment(approved)), None);
}
