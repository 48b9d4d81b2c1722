use super::*;
use crate::testing::given;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn cups(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn customer() -> Option<Id> {
    Some(Id::new("c1").unwrap())
}

fn receive() -> Command {
    Command::Receive { product: name("IceAmericano"), qty: cups(2), customer_id: customer() }
}

fn reject() -> Command {
    Command::Reject { reason: Some("no ice".to_owned()) }
}

fn opened() -> Event {
    Event::TicketOpened { product: name("IceAmericano"), qty: cups(2), customer_id: customer() }
}

fn received() -> Event {
    Event::OrderReceived { product: name("IceAmericano"), qty: cups(2), customer_id: customer() }
}

fn rejected() -> Event {
    Event::OrderRejected { reason: Some("no ice".to_owned()) }
}

fn made() -> [Event; 3] {
    [opened(), received(), Event::CoffeeMade]
}

fn canceled() -> [Event; 2] {
    [opened(), Event::OrderCancelConfirmed]
}

fn literal(history: impl IntoIterator<Item = Event>) -> Option<&'static str> {
    let ticket = given::<Ticket>(history).state();
    ticket.status().map(Status::as_str)
}

mod receive {
    use super::*;

    #[test]
    fn opens_a_ticket() {
        given::<Ticket>([]).when(receive()).then([opened()]);
        assert_eq!(literal([]), None);
        assert_eq!(literal([opened()]), Some("order_get"));
    }

    #[test]
    fn is_done_when_open() {
        given::<Ticket>([]).when(receive()).and_again(receive()).then_nothing();
    }

    #[test]
    fn opens_nothing_that_was_canceled_before() {
        given::<Ticket>([Event::OrderCancelConfirmed]).when(receive()).then_nothing();
    }
}

mod accept {
    use super::*;

    #[test]
    fn receives_the_order() {
        given::<Ticket>([opened()]).when(Command::Accept).then([received()]);
        assert_eq!(literal([opened(), received()]), Some("receive"));
    }

    #[test]
    fn is_done_when_accepted() {
        given::<Ticket>([opened()]).when(Command::Accept).and_again(Command::Accept).then_nothing();
        given::<Ticket>(made()).when(Command::Accept).then_nothing();
    }

    #[test]
    fn refuses_what_is_rejected() {
        given::<Ticket>([opened(), rejected()])
            .when(Command::Accept)
            .then_refused(Refusal::AlreadyRejected);
    }

    #[test]
    fn refuses_what_is_canceled() {
        given::<Ticket>(canceled()).when(Command::Accept).then_refused(Refusal::OrderCanceled);
        given::<Ticket>([Event::OrderCancelConfirmed])
            .when(Command::Accept)
            .then_refused(Refusal::OrderCanceled);
    }

    #[test]
    fn refuses_an_unknown_ticket() {
        given::<Ticket>([]).when(Command::Accept).then_refused(Refusal::UnknownTicket);
    }
}

mod reject {
    use super::*;

    #[test]
    fn rejects_the_order() {
        given::<Ticket>([opened()]).when(reject()).then([rejected()]);
        assert_eq!(literal([opened(), rejected()]), Some("reject"));
    }

    #[test]
    fn is_done_when_rejected() {
        given::<Ticket>([opened()]).when(reject()).and_again(reject()).then_nothing();
    }

    #[test]
    fn refuses_what_is_accepted() {
        given::<Ticket>([opened(), received()])
            .when(reject())
            .then_refused(Refusal::AlreadyReceived);
        given::<Ticket>(made()).when(reject()).then_refused(Refusal::AlreadyReceived);
    }

    #[test]
    fn refuses_what_is_canceled() {
        given::<Ticket>(canceled()).when(reject()).then_refused(Refusal::OrderCanceled);
    }

    #[test]
    fn refuses_an_unknown_ticket() {
        given::<Ticket>([]).when(reject()).then_refused(Refusal::UnknownTicket);
    }
}

mod expire {
    use super::*;

    #[test]
    fn rejects_what_waits() {
        given::<Ticket>([opened()])
            .when(Command::Expire)
            .then([Event::OrderRejected { reason: Some("not answered in time".to_owned()) }]);
    }

    #[test]
    fn leaves_what_is_answered() {
        let histories = [
            vec![],
            vec![opened(), received()],
            vec![opened(), rejected()],
            canceled().to_vec(),
            made().to_vec(),
        ];
        for history in histories {
            given::<Ticket>(history).when(Command::Expire).then_nothing();
        }
    }
}

mod decide_cancel {
    use super::*;

    #[test]
    fn confirms_while_the_ticket_waits() {
        given::<Ticket>([opened()]).when(Command::DecideCancel).then([Event::OrderCancelConfirmed]);
        assert_eq!(literal(canceled()), Some("order_canceled"));
    }

    #[test]
    fn confirms_before_the_ticket_is_open() {
        given::<Ticket>([]).when(Command::DecideCancel).then([Event::OrderCancelConfirmed]);
    }

    #[test]
    fn denies_what_is_accepted() {
        given::<Ticket>([opened(), received()])
            .when(Command::DecideCancel)
            .then([Event::OrderCancelDenied]);
        let denied = [opened(), received(), Event::OrderCancelDenied];
        assert_eq!(literal(denied), Some("receive"));
    }

    #[test]
    fn denies_what_is_made() {
        given::<Ticket>(made()).when(Command::DecideCancel).then([Event::OrderCancelDenied]);
    }

    #[test]
    fn denies_once() {
        given::<Ticket>([opened(), received()])
            .when(Command::DecideCancel)
            .and_again(Command::DecideCancel)
            .then_nothing();
    }

    #[test]
    fn is_done_when_canceled() {
        given::<Ticket>([])
            .when(Command::DecideCancel)
            .and_again(Command::DecideCancel)
            .then_nothing();
    }

    #[test]
    fn is_done_when_rejected() {
        given::<Ticket>([opened(), rejected()]).when(Command::DecideCancel).then_nothing();
    }
}

mod make {
    use super::*;

    #[test]
    fn makes_what_is_accepted() {
        given::<Ticket>([opened(), received()]).when(Command::Make).then([Event::CoffeeMade]);
        assert_eq!(literal(made()), Some("made"));
    }

    #[test]
    fn is_done_when_made() {
        given::<Ticket>([opened(), received()])
            .when(Command::Make)
            .and_again(Command::Make)
            .then_nothing();
    }

    #[test]
    fn refuses_what_is_not_accepted() {
        let histories = [vec![opened()], vec![opened(), rejected()], canceled().to_vec()];
        for history in histories {
            given::<Ticket>(history).when(Command::Make).then_refused(Refusal::NotAccepted);
        }
    }

    #[test]
    fn refuses_an_unknown_ticket() {
        given::<Ticket>([]).when(Command::Make).then_refused(Refusal::UnknownTicket);
    }
}

mod hand_over {
    use super::*;

    #[test]
    fn hands_over_what_is_made() {
        given::<Ticket>(made()).when(Command::HandOver).then([Event::PickedUp]);
        let all = made().into_iter().chain([Event::PickedUp]);
        assert_eq!(literal(all), Some("picked_up"));
    }

    #[test]
    fn is_done_when_picked_up() {
        given::<Ticket>(made()).when(Command::HandOver).and_again(Command::HandOver).then_nothing();
    }

    #[test]
    fn refuses_what_is_not_made() {
        let histories = [vec![opened()], vec![opened(), received()], canceled().to_vec()];
        for history in histories {
            given::<Ticket>(history).when(Command::HandOver).then_refused(Refusal::NotMade);
        }
    }

    #[test]
    fn refuses_an_unknown_ticket() {
        given::<Ticket>([]).when(Command::HandOver).then_refused(Refusal::UnknownTicket);
    }
}
