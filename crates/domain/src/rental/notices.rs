//! What a customer is told about a rental, in Korean: the one place for these texts.

use super::{
    Event, bill,
    order::{self, CancelledBy},
    shipment,
};

/// The text about one fact. `None` when it tells the customer nothing new.
pub fn notice(event: &Event) -> Option<String> {
    let text = match event {
        Event::Order(event) => about_order(event)?,
        Event::Bill(event) => about_bill(event)?,
        Event::Shipment(event) => about_shipment(event)?,
        Event::Inventory(_) => return None,
    };
    Some(format!("[장터 렌탈] {text}"))
}

fn about_order(event: &order::Event) -> Option<String> {
    use order::Event;
    let text = match event {
        Event::RentalRequested { product_name, qty, amount, .. } => {
            let (qty, amount) = (qty.get(), amount.in_words());
            format!("{product_name} {qty}개, {amount} 렌탈 신청을 받았습니다.")
        }
        Event::RentalCancellationOccured { by: CancelledBy::Customer, .. } => {
            "렌탈 신청이 취소되었습니다.".to_owned()
        }
        Event::RentalCancellationOccured { by: CancelledBy::Shortage, .. } => {
            "재고가 부족하여 렌탈 신청이 취소되었습니다.".to_owned()
        }
        Event::RentalCancellationOccured { by: CancelledBy::Payment, .. } => {
            "결제가 되지 않아 렌탈 신청이 취소되었습니다.".to_owned()
        }
        // The fee and the delivery tell it.
        Event::StockConfirmed { .. } | Event::StockDeclined { .. } | Event::RentalCompleted => {
            return None;
        }
    };
    Some(text)
}

fn about_bill(event: &bill::Event) -> Option<String> {
    use bill::Event;
    match event {
        Event::FeeReceived { amount, .. } => {
            Some(format!("{} 결제가 완료되었습니다.", amount.in_words()))
        }
        Event::FeeRefundCompleted { amount } => {
            Some(format!("{} 환불이 완료되었습니다.", amount.in_words()))
        }
        Event::FeeDeclined { .. } => Some("결제가 거절되었습니다.".to_owned()),
        Event::FeeRequested { .. } | Event::FeeCancelled { .. } | Event::RefundRequested { .. } => {
            None
        }
    }
}

fn about_shipment(event: &shipment::Event) -> Option<String> {
    use shipment::Event;
    let text = match event {
        Event::DeliveryStarted { .. } => "배송을 시작했습니다.",
        Event::ItemDelivered => "배송이 완료되었습니다. 이용해 주셔서 감사합니다.",
        Event::RetrieveStarted { .. } => "제품을 회수하러 갑니다.",
        Event::RetrieveCompleted { .. } => "제품 회수가 완료되었습니다.",
        Event::DeliveryStopped { .. } => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests;
