//! What a renter is told, in Korean: the one place for these texts.

use super::{
    Event,
    item::{DelistRefusal, HoldRefusal},
    payment, reservation, review,
};

/// The text about one fact, for the renter of the reservation that it is about. `None` when it tells
/// the renter nothing new.
pub fn notice(event: &Event) -> Option<String> {
    let text = match event {
        Event::Reservation(event) => of_reservation(event),
        Event::Payment(event) => of_payment(event),
        Event::Review(event) => of_review(event),
        Event::Item(_) => None,
    };
    text.map(|text| format!("[장터 대여] {text}"))
}

fn of_reservation(event: &reservation::Event) -> Option<String> {
    use reservation::Event;
    Some(match event {
        Event::Reserved { .. } => "예약 신청을 받았습니다. 확정되면 알려 드리겠습니다.".to_owned(),
        Event::ReservationConfirmed { item_name, item_price } => {
            let price = item_price.in_words();
            format!("{item_name} 예약이 확정되었습니다. {price}을 결제해 주세요.")
        }
        Event::ReservationRejected { reason } => {
            format!("예약이 거절되었습니다 ({}).", why(*reason))
        }
        Event::ReservationCancelRequested { .. } => "예약 취소 요청을 받았습니다.".to_owned(),
        Event::ReservationCancelDenied => {
            "이미 대여가 시작되어 예약을 취소할 수 없습니다.".to_owned()
        }
        Event::ReservationCancelled => "예약이 취소되었습니다.".to_owned(),
        Event::ReservationPaid { amount, .. } => {
            format!("{} 결제가 완료되었습니다.", amount.in_words())
        }
        Event::ReservationRefunded { amount, .. } => {
            format!("{} 환불이 완료되었습니다.", amount.in_words())
        }
        Event::ReservationLent => "대여가 시작되었습니다.".to_owned(),
        Event::ReservationReturned => "반납이 완료되었습니다. 이용해 주셔서 감사합니다.".to_owned(),
    })
}

fn why(reason: HoldRefusal) -> &'static str {
    match reason {
        HoldRefusal::UnknownItem => "등록되지 않은 물건",
        HoldRefusal::ItemDeleted => "더 이상 대여하지 않는 물건",
        HoldRefusal::ItemHeld => "이미 예약된 물건",
        HoldRefusal::PriceChanged => "대여료가 변경됨",
    }
}

/// What is paid and given back the reservation tells.
fn of_payment(event: &payment::Event) -> Option<String> {
    use payment::Event;
    match event {
        Event::PaymentDeclined { .. } => Some("결제가 거절되었습니다.".to_owned()),
        Event::PaymentFailed { .. } => {
            Some("결제를 처리하지 못했습니다. 잠시 후 다시 결제해 주세요.".to_owned())
        }
        Event::PaymentCancelRequested { .. } => Some("결제 취소를 진행합니다.".to_owned()),
        Event::ChargeReturned { amount, .. } => {
            Some(format!("처리되지 않은 결제 {}을 환불해 드렸습니다.", amount.in_words()))
        }
        Event::PaymentRequested { .. }
        | Event::PaymentApproved { .. }
        | Event::PaymentCanceled { .. }
        | Event::PaymentClosed => None,
    }
}

fn of_review(event: &review::Event) -> Option<String> {
    use review::Event;
    match event {
        Event::ReviewRequested { item_name, .. } => {
            Some(format!("{item_name} 대여는 어떠셨나요? 리뷰를 남겨 주세요."))
        }
        Event::Reviewed { .. } => Some("리뷰가 등록되었습니다. 감사합니다.".to_owned()),
        Event::ReviewRefused { reason: DelistRefusal::ItemHeld, .. } => Some(
            "다른 예약이 진행 중이라 리뷰를 등록하지 못했습니다. 나중에 다시 등록해 주세요."
                .to_owned(),
        ),
        Event::ReviewSubmitted { .. } => None,
    }
}

#[cfg(test)]
mod tests;
