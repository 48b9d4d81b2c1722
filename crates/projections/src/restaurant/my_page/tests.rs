use super::{MyPage, MyPageRow};
use crate::{
    row::Literal,
    testing::{at, id, qty, rows_after},
};
use domain::{
    Event,
    restaurant::{self, CancelReason, MenuId, cook, delivery, order},
};

fn menu() -> MenuId {
    MenuId::new("1.7").unwrap()
}

fn ordered() -> restaurant::Event {
    let (menu, customer_id, qty) = (menu(), id("c1"), qty(2));
    restaurant::Event::Order(order::Event::Ordered { menu, customer_id, qty })
}

fn received() -> restaurant::Event {
    restaurant::Event::Cook(cook::Event::CookReceived { menu: menu(), qty: qty(2) })
}

fn row(events: impl IntoIterator<Item = restaurant::Event>) -> MyPageRow {
    let events = events.into_iter().map(Event::Restaurant);
    let [row] = <[_; 1]>::try_from(rows_after::<MyPage>("o1", events)).unwrap();
    row
}

fn shown(row: &MyPageRow) -> (&str, Option<&str>, Option<&str>) {
    let cook = row.cook_status.map(|status| status.0.word());
    let delivery = row.delivery_status.map(|status| status.0.word());
    (row.order_status.0.word(), cook, delivery)
}

#[test]
fn an_order_says_what_and_for_whom() {
    let row = row([ordered()]);
    assert_eq!((row.restaurant_id.as_str(), row.restaurant_menu_id.as_str()), ("1", "7"));
    assert_eq!((row.customer_id.as_str(), row.qty, row.ordered_at), ("c1", 2, at(0)));
    assert_eq!(shown(&row), ("ORDER : ORDERED", None, None));
}

#[test]
fn each_step_has_its_status_and_time() {
    let row = row([
        ordered(),
        received(),
        restaurant::Event::Cook(cook::Event::Cooked),
        restaurant::Event::Delivery(delivery::Event::Shipped),
        restaurant::Event::Delivery(delivery::Event::DeliveryCompleted),
    ]);
    assert_eq!(shown(&row), ("ORDER : ORDERED", Some("COOKED"), Some("DELIVERY : DELIVERY FIN")));
    let times = [row.received_at, row.cooked_at, row.shipped_at, row.delivered_at];
    assert_eq!(times, [1, 2, 3, 4].map(|minute| Some(at(minute))));
    assert_eq!((row.cancelled_at, row.changed_at), (None, at(4)));
}

#[test]
fn a_cancelled_order_says_why_three_times() {
    let cases = [
        (
            CancelReason::Cancelled,
            order::Event::OrderCancelled,
            ("ORDER : ORDER CANCELED", "COOK : ORDER CANCELED", "DELIVERY : ORDER CANCELED"),
        ),
        (
            CancelReason::QtyOver,
            order::Event::OrderQtyOverCancelled,
            ("ORDER : QTY OVER CANCELED", "COOK : QTY OVER", "DELIVERY : QTY OVER"),
        ),
    ];
    for (reason, cancelled, (order, cook, delivery)) in cases {
        let row = row([
            ordered(),
            restaurant::Event::Cook(cook::Event::CookCancelled { menu: menu(), reason }),
            restaurant::Event::Order(cancelled),
            restaurant::Event::Delivery(delivery::Event::ShippedCancelled { reason }),
        ]);
        assert_eq!(shown(&row), (order, Some(cook), Some(delivery)));
        assert_eq!(row.cancelled_at, Some(at(2)));
    }
}
