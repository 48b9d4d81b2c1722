//! What is told about kept goods, in Korean: the one place for these texts.
//!
//! Every change of a quantity is told, and that a lot is closed. It is told to the customer whose
//! goods they are; goods of nobody in particular are the warehouse's own affair.

use super::{
    Event, delivery, stock_item,
    stock_item::{REST_OF_LOT, Taken},
};
use crate::{Fact, Id};

/// A text and whom it is for; `None` is the warehouse itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub to: Option<Id>,
    pub text: String,
}

/// The messages about one fact, in order.
pub fn messages(fact: &Fact<Event>) -> Vec<Message> {
    match &fact.event {
        Event::Delivery(event) => about_delivery(event).into_iter().collect(),
        Event::StockItem(event) => about_stock(&fact.of, event),
    }
}

fn about_delivery(event: &delivery::Event) -> Option<Message> {
    match event {
        delivery::Event::DeliveryRequested { product, qty, customer_id } => {
            let text = format!("{product} {}개 보관 요청을 받았습니다.", qty.get());
            Some(message(customer_id.as_ref(), &text))
        }
        // That the goods are in stock was told already.
        delivery::Event::Delivered => None,
    }
}

fn about_stock(product: &str, event: &stock_item::Event) -> Vec<Message> {
    match event {
        stock_item::Event::InStock { qty, customer_id, .. } => {
            let text = format!("{product} {}개가 입고되었습니다.", qty.get());
            vec![message(customer_id.as_ref(), &text)]
        }
        stock_item::Event::Shipped { lots, .. } => taken(lots, |lot| {
            let (qty, left) = (lot.qty.get(), lot.left);
            format!("{product} {qty}개가 출고되었습니다. 남은 수량 {left}개.")
        }),
        stock_item::Event::Obsolete { lots, reason, .. } => taken(lots, |lot| {
            let (qty, left, why) = (lot.qty.get(), lot.left, why(reason));
            format!("{product} {qty}개가 폐기되었습니다 ({why}). 남은 수량 {left}개.")
        }),
    }
}

/// For each lot what was taken, and that it is closed if it is.
fn taken(lots: &[Taken], text: impl Fn(&Taken) -> String) -> Vec<Message> {
    let mut messages = Vec::new();
    for lot in lots {
        let customer = lot.customer_id.as_ref();
        messages.push(message(customer, &text(lot)));
        if lot.left == 0 {
            let closed = format!("보관 번호 {}의 보관이 종료되었습니다.", lot.delivery_id);
            messages.push(message(customer, &closed));
        }
    }
    messages
}

fn why(reason: &str) -> &str {
    match reason {
        REST_OF_LOT => "보관 종료 요청",
        told => told,
    }
}

fn message(to: Option<&Id>, text: &str) -> Message {
    Message { to: to.cloned(), text: format!("[장터 창고] {text}") }
}

#[cfg(test)]
mod tests;
