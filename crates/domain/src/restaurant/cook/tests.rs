use super::*;
use crate::testing::given;

fn menu() -> MenuId {
    MenuId::new("1.1").unwrap()
}

fn receive() -> Command {
    let (menu, qty) = (menu(), Quantity::new(2).unwrap());
    Command::Receive { menu, qty }
}

fn received() -> Event {
    let (menu, qty) = (menu(), Quantity::new(2).unwrap());
    Event::CookReceived { menu, qty }
}

fn cancel(reason: CancelReason) -> Command {
    let menu = menu();
    Command::Cancel { menu, reason }
}

fn cancelled(reason: CancelReason) -> Event {
    let menu = menu();
    Event::CookCancelled { menu, reason }
}

const REASONS: [CancelReason; 2] = [CancelReason::Cancelled, CancelReason::QtyOver];

fn literal(history: impl IntoIterator<Item = Event>) -> Option<&'static str> {
    let cook = given::<Cook>(history).state();
    cook.status().map(Status::as_str)
}

mod receive {
    use super::*;

    #[test]
    fn receives_once() {
        given::<Cook>([]).when(receive()).then([received()]);
        given::<Cook>([]).when(receive()).and_again(receive()).then_nothing();
        assert_eq!(literal([]), None);
        assert_eq!(literal([received()]), Some("COOK : ORDER RECEIPT"));
    }

    #[test]
    fn leaves_what_was_cancelled_before() {
        for reason in REASONS {
            given::<Cook>([cancelled(reason)]).when(receive()).then_nothing();
        }
    }
}

mod complete {
    use super::*;

    #[test]
    fn cooks_once() {
        given::<Cook>([received()]).when(Command::Complete).then([Event::Cooked]);
        given::<Cook>([received()])
            .when(Command::Complete)
            .and_again(Command::Complete)
            .then_nothing();
        assert_eq!(literal([received(), Event::Cooked]), Some("COOKED"));
    }

    #[test]
    fn refuses_what_is_cancelled() {
        for reason in REASONS {
            given::<Cook>([received(), cancelled(reason)])
                .when(Command::Complete)
                .then_refused(Refusal::OrderCancelled);
        }
    }

    #[test]
    fn refuses_what_the_kitchen_does_not_know() {
        given::<Cook>([]).when(Command::Complete).then_refused(Refusal::UnknownCook);
    }
}

mod cancel {
    use super::*;

    #[test]
    fn wins_until_it_is_cooked() {
        for reason in REASONS {
            given::<Cook>([received()]).when(cancel(reason)).then([cancelled(reason)]);
        }
    }

    #[test]
    fn wins_before_the_kitchen_saw_the_order() {
        for reason in REASONS {
            given::<Cook>([]).when(cancel(reason)).then([cancelled(reason)]);
        }
    }

    #[test]
    fn is_done_when_cancelled_for_either_reason() {
        for first in REASONS {
            for second in REASONS {
                given::<Cook>([cancelled(first)]).when(cancel(second)).then_nothing();
            }
        }
    }

    #[test]
    fn refuses_what_is_cooked() {
        given::<Cook>([received(), Event::Cooked])
            .when(cancel(CancelReason::Cancelled))
            .then_refused(Refusal::AlreadyCooked);
    }

    #[test]
    fn shows_why() {
        let shown = REASONS.map(|reason| literal([received(), cancelled(reason)]));
        assert_eq!(shown, [Some("COOK : ORDER CANCELED"), Some("COOK : QTY OVER")]);
    }
}
