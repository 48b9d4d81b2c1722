use super::*;
use crate::{
    Refusal as _,
    testing::{given, personal},
};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn cups(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

fn place(price: Option<i64>, listed: Option<i64>) -> Command {
    Command::Place {
        product: name("IceAmericano"),
        qty: cups(2),
        price: price.map(won),
        listed: listed.map(won),
        customer_id: Some(id("c1")),
        phone: Some(personal("010-1234-5678")),
    }
}

fn selected_at(price: i64, attempt: u32) -> Event {
    Event::OrderSelected {
        product: name("IceAmericano"),
        qty: cups(2),
        price: won(price),
        amount: won(price * 2),
        customer_id: Some(id("c1")),
        phone: Some(personal("010-1234-5678")),
        attempt,
    }
}

fn selected() -> Event {
    selected_at(2000, 1)
}

fn paid_at(attempt: u32) -> Event {
    Event::PaymentCompleted {
        attempt,
        amount: won(4000),
        charge_id: "charge-1".to_owned(),
        product: name("IceAmericano"),
        qty: cups(2),
        customer_id: Some(id("c1")),
    }
}

fn paid() -> Event {
    paid_at(1)
}

fn failed(reason: PaymentFailure) -> Event {
    Event::PaymentFailed { attempt: 1, reason, detail: Some("said the gateway".to_owned()) }
}

fn declined() -> Event {
    failed(PaymentFailure::Declined)
}

fn unavailable() -> Event {
    failed(PaymentFailure::Unavailable)
}

fn refused() -> Event {
    Event::OrderRefused { reason: Some("no ice".to_owned()) }
}

fn refunded(attempt: u32) -> Event {
    Event::Refunded { attempt, amount: won(4000) }
}

fn note_paid(attempt: u32, amount: i64) -> Command {
    Command::NotePaid { attempt, amount: won(amount), charge_id: "charge-1".to_owned() }
}

fn note_failed(attempt: u32, reason: PaymentFailure) -> Command {
    Command::NotePaymentFailed { attempt, reason, detail: Some("said the gateway".to_owned()) }
}

fn note_refused() -> Command {
    Command::NoteRefused { reason: Some("no ice".to_owned()) }
}

fn note_refunded(attempt: u32) -> Command {
    Command::NoteRefunded { attempt, amount: won(4000) }
}

fn order(history: impl IntoIterator<Item = Event>) -> Order {
    given::<Order>(history).state()
}

mod place {
    use super::*;

    #[test]
    fn selects_at_the_price_of_the_menu() {
        let sent = place(None, Some(2000));
        given::<Order>([]).when(sent).then([selected()]);
    }

    #[test]
    fn selects_at_the_price_sent_when_the_menu_knows_none() {
        let sent = place(Some(2000), None);
        given::<Order>([]).when(sent).then([selected()]);
    }

    #[test]
    fn selects_when_the_price_sent_is_the_price_of_the_menu() {
        let sent = place(Some(2000), Some(2000));
        given::<Order>([]).when(sent).then([selected()]);
    }

    #[test]
    fn refuses_another_price_than_that_of_the_menu() {
        let listed = won(2000);
        let refusal = Refusal::PriceChanged { listed };
        assert_eq!(refusal.code(), "price-changed");
        assert_eq!(refusal.kind(), crate::Kind::Value { field: "price" });
        given::<Order>([]).when(place(Some(1900), Some(2000))).then_refused(refusal);
    }

    #[test]
    fn refuses_when_nobody_knows_the_price() {
        given::<Order>([]).when(place(None, None)).then_refused(Refusal::PriceMissing);
    }

    #[test]
    fn refuses_more_money_than_there_can_be() {
        let kind = Refusal::AmountTooLarge.kind();
        assert_eq!(kind, crate::Kind::Value { field: "qty" });
        given::<Order>([])
            .when(place(None, Some(500_000_001)))
            .then_refused(Refusal::AmountTooLarge);
    }

    #[test]
    fn is_done_when_placed_before() {
        let sent = place(Some(2000), Some(2000));
        given::<Order>([]).when(sent.clone()).and_again(sent).then_nothing();
    }

    #[test]
    fn is_done_when_placed_before_though_the_menu_has_changed() {
        let sent = place(None, Some(2500));
        given::<Order>([selected(), paid()]).when(sent).then_nothing();
    }

    #[test]
    fn refuses_other_content_under_the_same_id() {
        let other = Command::Place {
            product: name("Latte"),
            qty: cups(2),
            price: None,
            listed: Some(won(2000)),
            customer_id: Some(id("c1")),
            phone: None,
        };
        given::<Order>([selected()]).when(other).then_refused(Refusal::OrderExists);
    }

    #[test]
    fn refuses_another_price_under_the_same_id() {
        given::<Order>([selected(), paid()])
            .when(place(Some(1900), None))
            .then_refused(Refusal::OrderExists);
    }

    #[test]
    fn is_done_when_the_payment_was_declined() {
        given::<Order>([selected(), declined()]).when(place(None, Some(2000))).then_nothing();
    }

    #[test]
    fn tries_again_what_could_not_be_asked_for() {
        given::<Order>([selected(), unavailable()])
            .when(place(None, Some(2000)))
            .then([selected_at(2000, 2)]);
    }

    #[test]
    fn tries_again_at_the_price_of_today() {
        given::<Order>([selected(), unavailable()])
            .when(place(Some(2500), Some(2500)))
            .then([selected_at(2500, 2)]);
    }

    #[test]
    fn tries_nothing_again_with_other_content() {
        let other = Command::Place {
            product: name("Latte"),
            qty: cups(1),
            price: None,
            listed: Some(won(2000)),
            customer_id: None,
            phone: None,
        };
        given::<Order>([selected(), unavailable()]).when(other).then_refused(Refusal::OrderExists);
    }

    #[test]
    fn leaves_the_payment_open() {
        let order = order([selected()]);
        assert!(order.payment_open());
        assert_eq!(order.status(), Status::Init);
        assert_eq!(order.payment_status(), PaymentStatus::NotPaid);
        assert_eq!(order.amount(), Some(won(4000)));
    }
}

mod note_paid {
    use super::*;

    #[test]
    fn completes_the_payment() {
        given::<Order>([selected()]).when(note_paid(1, 4000)).then([paid()]);
        let order = order([selected(), paid()]);
        assert_eq!(order.status(), Status::PaySuccess);
        assert_eq!(order.payment_status(), PaymentStatus::Paid);
        assert!(!order.payment_open());
        assert_eq!(order.refund_due(), None);
    }

    #[test]
    fn is_done_when_paid() {
        given::<Order>([selected(), paid()]).when(note_paid(1, 4000)).then_nothing();
    }

    #[test]
    fn refuses_after_the_attempt_failed() {
        let refusal = Refusal::PaymentClosed { attempt: 1 };
        assert_eq!(refusal.code(), "payment-closed");
        given::<Order>([selected(), unavailable()]).when(note_paid(1, 4000)).then_refused(refusal);
    }

    #[test]
    fn refuses_an_earlier_attempt() {
        given::<Order>([selected(), unavailable(), selected_at(2000, 2)])
            .when(note_paid(1, 4000))
            .then_refused(Refusal::PaymentClosed { attempt: 1 });
    }

    #[test]
    fn fails_the_attempt_when_another_amount_was_charged() {
        given::<Order>([selected()]).when(note_paid(1, 2000)).then([Event::PaymentFailed {
            attempt: 1,
            reason: PaymentFailure::Unavailable,
            detail: Some("2000 won were charged, not 4000".to_owned()),
        }]);
    }

    #[test]
    fn refuses_an_unknown_order() {
        assert_eq!(Refusal::UnknownOrder.kind(), crate::Kind::Unknown);
        given::<Order>([]).when(note_paid(1, 4000)).then_refused(Refusal::UnknownOrder);
    }
}

mod note_payment_failed {
    use super::*;

    #[test]
    fn fails_the_payment() {
        given::<Order>([selected()])
            .when(note_failed(1, PaymentFailure::Declined))
            .then([declined()]);
        let order = order([selected(), declined()]);
        assert_eq!(order.status(), Status::PayFail);
        assert_eq!(order.payment_status(), PaymentStatus::Failed);
        assert_eq!(order.failure(), Some(PaymentFailure::Declined));
        assert_eq!(order.failure_detail(), Some("said the gateway"));
    }

    #[test]
    fn changes_nothing_when_paid() {
        given::<Order>([selected(), paid()])
            .when(note_failed(1, PaymentFailure::Unavailable))
            .then_nothing();
    }

    #[test]
    fn keeps_the_first_reason() {
        given::<Order>([selected(), declined()])
            .when(note_failed(1, PaymentFailure::Unavailable))
            .then_nothing();
    }

    #[test]
    fn changes_nothing_about_a_later_attempt() {
        given::<Order>([selected(), unavailable(), selected_at(2000, 2)])
            .when(note_failed(1, PaymentFailure::Declined))
            .then_nothing();
    }

    #[test]
    fn refuses_an_unknown_order() {
        given::<Order>([])
            .when(note_failed(1, PaymentFailure::Declined))
            .then_refused(Refusal::UnknownOrder);
    }
}

mod request_cancel {
    use super::*;

    #[test]
    fn asks_the_store() {
        given::<Order>([selected(), paid()])
            .when(Command::RequestCancel)
            .then([Event::OrderCancelRequested]);
        let order = order([selected(), paid(), Event::OrderCancelRequested]);
        assert_eq!(order.status(), Status::OrderCancelRequest);
    }

    #[test]
    fn asks_the_store_even_when_it_has_accepted() {
        given::<Order>([selected(), paid(), Event::OrderAccepted])
            .when(Command::RequestCancel)
            .then([Event::OrderCancelRequested]);
    }

    #[test]
    fn is_done_when_asked() {
        given::<Order>([selected(), paid()])
            .when(Command::RequestCancel)
            .and_again(Command::RequestCancel)
            .then_nothing();
    }

    #[test]
    fn is_done_when_canceled() {
        let history = [selected(), paid(), Event::OrderCancelRequested, Event::OrderCanceled];
        given::<Order>(history).when(Command::RequestCancel).then_nothing();
    }

    #[test]
    fn refuses_after_a_denial() {
        let history = [
            selected(),
            paid(),
            Event::OrderAccepted,
            Event::OrderCancelRequested,
            Event::CancelDenied,
        ];
        given::<Order>(history).when(Command::RequestCancel).then_refused(Refusal::CancelDenied);
    }

    #[test]
    fn refuses_when_made() {
        given::<Order>([selected(), paid(), Event::OrderAccepted, Event::OrderMade])
            .when(Command::RequestCancel)
            .then_refused(Refusal::AlreadyMade);
    }

    #[test]
    fn refuses_when_rejected() {
        given::<Order>([selected(), paid(), refused()])
            .when(Command::RequestCancel)
            .then_refused(Refusal::AlreadyRejected);
    }

    #[test]
    fn refuses_before_payment() {
        given::<Order>([selected()]).when(Command::RequestCancel).then_refused(Refusal::NotPaid);
    }

    #[test]
    fn refuses_after_a_failed_payment() {
        given::<Order>([selected(), declined()])
            .when(Command::RequestCancel)
            .then_refused(Refusal::NotPaid);
    }

    #[test]
    fn refuses_an_unknown_order() {
        given::<Order>([]).when(Command::RequestCancel).then_refused(Refusal::UnknownOrder);
    }
}

mod note_accepted {
    use super::*;

    #[test]
    fn accepts() {
        given::<Order>([selected(), paid()])
            .when(Command::NoteAccepted)
            .then([Event::OrderAccepted]);
        let order = order([selected(), paid(), Event::OrderAccepted]);
        assert_eq!(order.status(), Status::OrderReceived);
    }

    #[test]
    fn is_done_when_accepted_or_further() {
        let made = [selected(), paid(), Event::OrderAccepted, Event::OrderMade];
        given::<Order>(made).when(Command::NoteAccepted).then_nothing();
    }

    #[test]
    fn refuses_what_is_rejected() {
        given::<Order>([selected(), paid(), refused()])
            .when(Command::NoteAccepted)
            .then_refused(Refusal::AlreadyRejected);
    }

    #[test]
    fn refuses_what_is_canceled() {
        given::<Order>([selected(), paid(), Event::OrderCanceled])
            .when(Command::NoteAccepted)
            .then_refused(Refusal::OrderCanceled);
    }

    #[test]
    fn refuses_what_is_not_paid() {
        given::<Order>([selected()]).when(Command::NoteAccepted).then_refused(Refusal::NotPaid);
    }
}

mod note_made {
    use super::*;

    #[test]
    fn makes() {
        given::<Order>([selected(), paid(), Event::OrderAccepted])
            .when(Command::NoteMade)
            .then([Event::OrderMade]);
        let made = order([selected(), paid(), Event::OrderAccepted, Event::OrderMade]);
        assert_eq!(made.status(), Status::Made);
    }

    #[test]
    fn accepts_first_when_it_comes_early() {
        given::<Order>([selected(), paid()])
            .when(Command::NoteMade)
            .then([Event::OrderAccepted, Event::OrderMade]);
    }

    #[test]
    fn is_done_when_made() {
        given::<Order>([selected(), paid(), Event::OrderAccepted])
            .when(Command::NoteMade)
            .and_again(Command::NoteMade)
            .then_nothing();
    }
}

mod note_picked_up {
    use super::*;

    #[test]
    fn hands_over() {
        let made = [selected(), paid(), Event::OrderAccepted, Event::OrderMade];
        given::<Order>(made).when(Command::NotePickedUp).then([Event::OrderPickedUp]);
    }

    #[test]
    fn catches_up_when_it_comes_early() {
        let all = [Event::OrderAccepted, Event::OrderMade, Event::OrderPickedUp];
        given::<Order>([selected(), paid()]).when(Command::NotePickedUp).then(all.clone());
        let order = order([selected(), paid()].into_iter().chain(all));
        assert_eq!(order.status(), Status::PickedUp);
    }
}

mod note_refused {
    use super::*;

    #[test]
    fn refuses_and_owes_the_money() {
        given::<Order>([selected(), paid()]).when(note_refused()).then([refused()]);
        let order = order([selected(), paid(), refused()]);
        assert_eq!(order.status(), Status::OrderRejected);
        assert_eq!(order.refund_due(), Some(won(4000)));
    }

    #[test]
    fn refuses_though_the_customer_asked_to_cancel() {
        let order = order([selected(), paid(), Event::OrderCancelRequested, refused()]);
        assert_eq!(order.status(), Status::OrderRejected);
    }

    #[test]
    fn is_done_when_refused() {
        given::<Order>([selected(), paid()])
            .when(note_refused())
            .and_again(note_refused())
            .then_nothing();
    }

    #[test]
    fn refuses_what_is_accepted() {
        given::<Order>([selected(), paid(), Event::OrderAccepted])
            .when(note_refused())
            .then_refused(Refusal::AlreadyReceived);
    }

    #[test]
    fn refuses_what_is_canceled() {
        given::<Order>([selected(), paid(), Event::OrderCanceled])
            .when(note_refused())
            .then_refused(Refusal::OrderCanceled);
    }
}

mod note_canceled {
    use super::*;

    #[test]
    fn cancels_and_owes_the_money() {
        given::<Order>([selected(), paid(), Event::OrderCancelRequested])
            .when(Command::NoteCanceled)
            .then([Event::OrderCanceled]);
        let history = [selected(), paid(), Event::OrderCancelRequested, Event::OrderCanceled];
        let order = order(history);
        assert_eq!(order.status(), Status::OrderCancel);
        assert_eq!(order.refund_due(), Some(won(4000)));
    }

    #[test]
    fn is_done_when_canceled() {
        given::<Order>([selected(), paid()])
            .when(Command::NoteCanceled)
            .and_again(Command::NoteCanceled)
            .then_nothing();
    }

    #[test]
    fn refuses_what_is_accepted() {
        given::<Order>([selected(), paid(), Event::OrderAccepted])
            .when(Command::NoteCanceled)
            .then_refused(Refusal::AlreadyReceived);
    }

    #[test]
    fn refuses_what_is_rejected() {
        given::<Order>([selected(), paid(), refused()])
            .when(Command::NoteCanceled)
            .then_refused(Refusal::AlreadyRejected);
    }
}

mod note_cancel_denied {
    use super::*;

    #[test]
    fn goes_back_to_received() {
        let asked = [selected(), paid(), Event::OrderAccepted, Event::OrderCancelRequested];
        given::<Order>(asked.clone()).when(Command::NoteCancelDenied).then([Event::CancelDenied]);
        let order = order(asked.into_iter().chain([Event::CancelDenied]));
        assert_eq!(order.status(), Status::OrderReceived);
    }

    #[test]
    fn accepts_first_when_it_comes_early() {
        given::<Order>([selected(), paid(), Event::OrderCancelRequested])
            .when(Command::NoteCancelDenied)
            .then([Event::OrderAccepted, Event::CancelDenied]);
    }

    #[test]
    fn leaves_a_made_order_made() {
        let order = order([
            selected(),
            paid(),
            Event::OrderAccepted,
            Event::OrderCancelRequested,
            Event::OrderMade,
            Event::CancelDenied,
        ]);
        assert_eq!(order.status(), Status::Made);
    }

    #[test]
    fn is_done_when_denied() {
        given::<Order>([selected(), paid(), Event::OrderCancelRequested])
            .when(Command::NoteCancelDenied)
            .and_again(Command::NoteCancelDenied)
            .then_nothing();
    }
}

mod note_refunded {
    use super::*;

    #[test]
    fn gives_back_what_is_due() {
        given::<Order>([selected(), paid(), refused()]).when(note_refunded(1)).then([refunded(1)]);
        let order = order([selected(), paid(), refused(), refunded(1)]);
        assert_eq!(order.refund_due(), None);
        assert_eq!(order.payment_status(), PaymentStatus::Refunded);
        assert_eq!(order.status(), Status::OrderRejected);
    }

    #[test]
    fn is_done_when_given_back() {
        given::<Order>([selected(), paid(), Event::OrderCanceled])
            .when(note_refunded(1))
            .and_again(note_refunded(1))
            .then_nothing();
    }

    #[test]
    fn gives_back_a_charge_that_surfaced_late() {
        given::<Order>([selected(), unavailable()]).when(note_refunded(1)).then([refunded(1)]);
        let order = order([selected(), unavailable(), refunded(1)]);
        assert_eq!(order.status(), Status::PayFail);
    }

    #[test]
    fn gives_back_an_earlier_attempt_and_leaves_the_later_one_paid() {
        let history = [selected(), unavailable(), selected_at(2000, 2), paid_at(2)];
        given::<Order>(history.clone()).when(note_refunded(1)).then([refunded(1)]);
        let order = order(history.into_iter().chain([refunded(1)]));
        assert_eq!(order.payment_status(), PaymentStatus::Paid);
    }

    #[test]
    fn refuses_when_nothing_is_due() {
        for history in [vec![selected()], vec![selected(), paid(), Event::OrderAccepted]] {
            given::<Order>(history)
                .when(note_refunded(1))
                .then_refused(Refusal::NoRefundDue { attempt: 1 });
        }
    }

    #[test]
    fn refuses_an_attempt_that_never_was() {
        for attempt in [0, 2] {
            given::<Order>([selected(), paid(), refused()])
                .when(note_refunded(attempt))
                .then_refused(Refusal::NoRefundDue { attempt });
        }
    }
}

mod payment_key {
    use super::payment_key;

    #[test]
    fn is_another_one_for_each_attempt() {
        assert_eq!(payment_key("o1", 1), "cafe-o1");
        assert_eq!(payment_key("o1", 2), "cafe-o1:2");
    }

    #[test]
    fn is_never_that_of_another_order() {
        assert_ne!(payment_key("o1", 2), payment_key("o1.2", 1));
        assert_ne!(payment_key("o1", 2), payment_key("o1-2", 1));
    }
}
