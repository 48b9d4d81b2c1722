//! What a customer is told about an order, in Korean: the one place for these texts.

use super::{order::Event, order::PaymentFailure, ticket::NOT_ANSWERED};

/// The text about one fact. `None` when it tells the customer nothing new.
pub fn notice(event: &Event) -> Option<String> {
    let text = match event {
        // The customer asked for it once; a further attempt to pay is our affair.
        Event::OrderSelected { attempt, .. } if *attempt > 1 => return None,
        Event::OrderSelected { product, qty, amount, .. } => {
            let (qty, amount) = (qty.get(), amount.in_words());
            format!("{product} {qty}잔, {amount} 주문을 받았습니다. 결제를 진행합니다.")
        }
        Event::PaymentCompleted { amount, .. } => {
            format!("{} 결제가 완료되었습니다.", amount.in_words())
        }
        Event::PaymentFailed { reason: PaymentFailure::Declined, .. } => {
            "결제가 거절되어 주문이 진행되지 않았습니다.".to_owned()
        }
        Event::PaymentFailed { reason: PaymentFailure::Unavailable, .. } => {
            "결제를 처리하지 못해 주문이 진행되지 않았습니다. 잠시 후 다시 시도해 주세요."
                .to_owned()
        }
        Event::OrderCancelRequested => "주문 취소 요청을 받았습니다.".to_owned(),
        Event::OrderAccepted => "매장에서 주문을 접수했습니다. 이제 취소할 수 없습니다.".to_owned(),
        Event::OrderRefused { reason } => refused(reason.as_deref()),
        Event::OrderCanceled => "주문이 취소되었습니다. 결제 금액을 환불해 드립니다.".to_owned(),
        Event::CancelDenied => "이미 접수된 주문이라 취소할 수 없습니다.".to_owned(),
        Event::Refunded { amount, .. } => format!("{} 환불이 완료되었습니다.", amount.in_words()),
        Event::OrderMade => "주문하신 음료가 준비되었습니다.".to_owned(),
        Event::OrderPickedUp => "음료를 전달해 드렸습니다. 이용해 주셔서 감사합니다.".to_owned(),
    };
    Some(format!("[장터 카페] {text}"))
}

fn refused(reason: Option<&str>) -> String {
    let why = match reason {
        Some(NOT_ANSWERED) => " (매장 응답 없음)".to_owned(),
        Some(reason) => format!(" ({reason})"),
        None => String::new(),
    };
    format!("매장 사정으로 주문이 거절되었습니다{why}. 결제 금액을 환불해 드립니다.")
}

#[cfg(test)]
mod tests;
