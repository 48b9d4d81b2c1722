use super::*;
use crate::{
    Id, Quantity,
    restaurant::{CancelReason, MenuId},
};

fn ordered() -> Event {
    Event::Order(order::Event::Ordered {
        menu: MenuId::new("1.1").unwrap(),
        customer_id: Id::new("c1").unwrap(),
        qty: Quantity::new(2).unwrap(),
    })
}

#[test]
fn says_each_step_once() {
    let cases = [
        (ordered(), "[장터 식당] 2인분 주문을 받았습니다."),
        (Event::Delivery(delivery::Event::Shipped), "[장터 식당] 조리가 끝나 배달을 시작합니다."),
        (
            Event::Order(order::Event::OrderQtyOverCancelled),
            "[장터 식당] 재고가 부족하여 주문이 취소되었습니다. 죄송합니다.",
        ),
    ];
    for (event, text) in cases {
        assert_eq!(notice(&event).as_deref(), Some(text));
    }
}

#[test]
fn says_a_cancelled_order_once() {
    let reason = CancelReason::Cancelled;
    let menu = MenuId::new("1.1").unwrap();
    assert!(notice(&Event::Order(order::Event::OrderCancelled)).is_some());
    let others = [
        Event::Cook(cook::Event::CookCancelled { menu, reason }),
        Event::Delivery(delivery::Event::ShippedCancelled { reason }),
    ];
    for event in others {
        assert_eq!(notice(&event), None);
    }
}
