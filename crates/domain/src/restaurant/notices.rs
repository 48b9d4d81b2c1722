//! What a customer is told about an order, in Korean: the one place for these texts.

use super::{Event, cook, delivery, order};

/// The text about one fact. `None` when it tells the customer nothing new.
pub fn notice(event: &Event) -> Option<String> {
    let text = match event {
        Event::Order(event) => about_order(event),
        Event::Cook(event) => about_cooking(event)?,
        Event::Delivery(event) => about_delivery(event)?,
        Event::Menu(_) => return None,
    };
    Some(format!("[장터 식당] {text}"))
}

fn about_order(event: &order::Event) -> String {
    match event {
        order::Event::Ordered { qty, .. } => {
            format!("{}인분 주문을 받았습니다.", qty.get())
        }
        order::Event::OrderCancelled => "주문이 취소되었습니다.".to_owned(),
        order::Event::OrderQtyOverCancelled => {
            "재고가 부족하여 주문이 취소되었습니다. 죄송합니다.".to_owned()
        }
    }
}

fn about_cooking(event: &cook::Event) -> Option<String> {
    match event {
        cook::Event::CookReceived { .. } => Some("조리를 시작합니다.".to_owned()),
        // The delivery tells of it.
        cook::Event::Cooked => None,
        // The order tells of it.
        cook::Event::CookCancelled { .. } => None,
    }
}

fn about_delivery(event: &delivery::Event) -> Option<String> {
    match event {
        delivery::Event::Shipped => Some("조리가 끝나 배달을 시작합니다.".to_owned()),
        delivery::Event::DeliveryCompleted => {
            Some("배달이 완료되었습니다. 맛있게 드세요.".to_owned())
        }
        // The order tells of it.
        delivery::Event::ShippedCancelled { .. } => None,
    }
}

#[cfg(test)]
mod tests;
