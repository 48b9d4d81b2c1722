use super::*;
use crate::testing::given;

fn menu() -> MenuId {
    MenuId::new("1.1").unwrap()
}

fn place(count: i64) -> Command {
    Command::Place {
        menu: menu(),
        customer_id: Id::new("c1").unwrap(),
        qty: Quantity::new(count).unwrap(),
    }
}

fn ordered() -> Event {
    Event::Ordered {
        menu: menu(),
        customer_id: Id::new("c1").unwrap(),
        qty: Quantity::new(1).unwrap(),
    }
}

fn literal(history: impl IntoIterator<Item = Event>) -> Option<&'static str> {
    let order = given::<Order>(history).state();
    order.status().map(Status::as_str)
}

mod place {
    use super::*;

    #[test]
    fn takes_the_order() {
        given::<Order>([]).when(place(1)).then([ordered()]);
        assert_eq!(literal([]), None);
        assert_eq!(literal([ordered()]), Some("ORDER : ORDERED"));
    }

    #[test]
    fn is_done_when_ordered() {
        given::<Order>([ordered(), Event::OrderCancelled]).when(place(1)).then_nothing();
    }

    #[test]
    fn refuses_another_one_under_its_id() {
        given::<Order>([ordered()]).when(place(2)).then_refused(Refusal::OrderExists);
    }
}

mod cancel {
    use super::*;

    #[test]
    fn cancels_once_and_for_one_reason() {
        given::<Order>([ordered()]).when(Command::Cancel).then([Event::OrderCancelled]);
        given::<Order>([ordered()]).when(Command::Cancel).and_again(Command::Cancel).then_nothing();
        given::<Order>([ordered(), Event::OrderCancelled])
            .when(Command::CancelForShortage)
            .then_nothing();
        assert_eq!(literal([ordered(), Event::OrderCancelled]), Some("ORDER : ORDER CANCELED"));
    }

    #[test]
    fn refuses_an_unknown_order() {
        for command in [Command::Cancel, Command::CancelForShortage] {
            given::<Order>([]).when(command).then_refused(Refusal::UnknownOrder);
        }
    }
}

mod cancel_for_shortage {
    use super::*;

    #[test]
    fn says_why() {
        given::<Order>([ordered()])
            .when(Command::CancelForShortage)
            .then([Event::OrderQtyOverCancelled]);
        assert_eq!(
            literal([ordered(), Event::OrderQtyOverCancelled]),
            Some("ORDER : QTY OVER CANCELED")
        );
    }
}
