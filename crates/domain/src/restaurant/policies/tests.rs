use super::*;
use crate::{Quantity, restaurant::Event};
use uuid::Uuid;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn menu() -> MenuId {
    MenuId::new("1.1").unwrap()
}

fn qty() -> Quantity {
    Quantity::new(2).unwrap()
}

fn after(of: &str, event: Event) -> Asks {
    react(&Fact {
        id: Uuid::from_u128(1),
        of: of.to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        event,
    })
}

fn to_cook(command: cook::Command) -> Ask {
    let id = id("o1");
    Ask::Cook { id, command }
}

fn to_delivery(command: delivery::Command) -> Ask {
    let id = id("o1");
    Ask::Delivery { id, command }
}

#[test]
fn what_is_ordered_is_reserved() {
    let ordered = order::Event::Ordered { menu: menu(), customer_id: id("c1"), qty: qty() };
    let command = menu::Command::Reserve { order_id: id("o1"), qty: qty() };
    let id = menu();
    assert_eq!(
        after("o1", Event::Order(ordered)),
        [("when_ordered_reserve", Ask::Menu { id, command })]
    );
}

#[test]
fn what_is_reserved_reaches_the_kitchen() {
    let reserved = menu::Event::PortionsReserved { order_id: id("o1"), qty: qty(), left: 18 };
    let receive = cook::Command::Receive { menu: menu(), qty: qty() };
    assert_eq!(
        after("1.1", Event::Menu(reserved)),
        [("when_portions_reserved_receive", to_cook(receive))]
    );
}

#[test]
fn what_is_short_is_cancelled_by_the_kitchen() {
    let short = menu::Event::CookQtyChecked { order_id: id("o1"), asked: qty(), left: 1 };
    let cancel = cook::Command::Cancel { menu: menu(), reason: CancelReason::QtyOver };
    assert_eq!(
        after("1.1", Event::Menu(short)),
        [("when_cook_qty_checked_cancel_cook", to_cook(cancel))]
    );
}

#[test]
fn what_is_cooked_is_delivered() {
    let start = to_delivery(delivery::Command::Start);
    assert_eq!(
        after("o1", Event::Cook(cook::Event::Cooked)),
        [("when_cooked_start_delivery", start)]
    );
}

#[test]
fn what_is_not_cooked_is_cancelled_everywhere_and_its_portions_come_back() {
    let reasons = [
        (CancelReason::Cancelled, order::Command::Cancel),
        (CancelReason::QtyOver, order::Command::CancelForShortage),
    ];
    for (reason, command) in reasons {
        let menu = menu();
        let cancelled = cook::Event::CookCancelled { menu, reason };
        let order = Ask::Order { id: id("o1"), command };
        let release = Ask::Menu {
            id: MenuId::new("1.1").unwrap(),
            command: menu::Command::Release { order_id: id("o1") },
        };
        let delivery = to_delivery(delivery::Command::Cancel { reason });
        assert_eq!(
            after("o1", Event::Cook(cancelled)),
            [
                ("when_cook_cancelled_cancel_order", order),
                ("when_cook_cancelled_release", release),
                ("when_cook_cancelled_cancel_delivery", delivery),
            ]
        );
    }
}

#[test]
fn the_rest_asks_for_nothing() {
    let received = cook::Event::CookReceived { menu: menu(), qty: qty() };
    let restocked = menu::Event::Restocked { qty: qty(), left: 2 };
    assert_eq!(after("o1", Event::Cook(received)), []);
    assert_eq!(after("1.1", Event::Menu(restocked)), []);
    assert_eq!(after("o1", Event::Order(order::Event::OrderCancelled)), []);
    assert_eq!(after("o1", Event::Delivery(delivery::Event::Shipped)), []);
}

#[test]
fn each_ask_waits_for_its_own_part() {
    let cancelled = cook::Event::CookCancelled { menu: menu(), reason: CancelReason::Cancelled };
    let parts: Vec<_> =
        after("o1", Event::Cook(cancelled)).iter().map(|(_, ask)| ask.part()).collect();
    assert_eq!(parts, ["restaurant.order", "restaurant.menu", "restaurant.delivery"]);
    assert_eq!(to_cook(cook::Command::Complete).part(), "restaurant.cook");
}
