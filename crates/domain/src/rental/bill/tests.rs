use super::*;
use crate::{Refusal as _, testing::given};

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn product() -> Id {
    Id::new("2").unwrap()
}

fn qty() -> Quantity {
    Quantity::new(10).unwrap()
}

fn charge() -> Command {
    Command::Charge { amount: won(10), product_id: product(), qty: qty() }
}

fn requested() -> Event {
    Event::FeeRequested { amount: won(10), product_id: product(), qty: qty() }
}

fn note_received(amount: i64) -> Command {
    Command::NoteReceived { amount: won(amount), charge_id: "ch-1".to_owned() }
}

fn received() -> Event {
    Event::FeeReceived {
        amount: won(10),
        charge_id: "ch-1".to_owned(),
        product_id: product(),
        qty: qty(),
    }
}

fn declined() -> Event {
    Event::FeeDeclined { reason: None }
}

fn cancelled(asked: Option<i64>) -> Event {
    Event::FeeCancelled { asked: asked.map(won) }
}

fn refund_requested() -> Event {
    Event::RefundRequested { amount: won(10) }
}

fn note_refunded() -> Command {
    Command::NoteRefunded { amount: won(10) }
}

fn refunded() -> Event {
    Event::FeeRefundCompleted { amount: won(10) }
}

mod charge {
    use super::*;

    #[test]
    fn asks_for_the_fee_once() {
        given::<Bill>([]).when(charge()).then([requested()]);
        for history in [
            vec![requested()],
            vec![requested(), received()],
            vec![requested(), declined()],
            vec![requested(), received(), refund_requested(), refunded()],
        ] {
            given::<Bill>(history).when(charge()).then_nothing();
        }
    }

    #[test]
    fn asks_for_nothing_when_the_refund_came_first() {
        given::<Bill>([cancelled(None)]).when(charge()).then_nothing();
    }
}

mod note_received {
    use super::*;

    #[test]
    fn receives_the_fee_once() {
        given::<Bill>([requested()]).when(note_received(10)).then([received()]);
        given::<Bill>([requested(), received()]).when(note_received(10)).then_nothing();
        given::<Bill>([requested(), received(), refund_requested()])
            .when(note_received(10))
            .then_nothing();
    }

    #[test]
    fn takes_another_amount_for_no_payment() {
        let reason = Some("7 won were charged, not 10".to_owned());
        given::<Bill>([requested()]).when(note_received(7)).then([Event::FeeDeclined { reason }]);
    }

    #[test]
    fn refuses_what_surfaces_after_the_end() {
        for end in [declined(), cancelled(Some(10))] {
            given::<Bill>([requested(), end])
                .when(note_received(10))
                .then_refused(Refusal::FeeClosed);
        }
        given::<Bill>([]).when(note_received(10)).then_refused(Refusal::NotCharged);
    }
}

mod note_declined {
    use super::*;

    #[test]
    fn ends_an_open_fee_once() {
        let reason = Some("limit exceeded".to_owned());
        let command = Command::NoteDeclined { reason: reason.clone() };
        given::<Bill>([requested()]).when(command.clone()).then([Event::FeeDeclined { reason }]);
        for history in [
            vec![requested(), declined()],
            vec![requested(), received()],
            vec![requested(), cancelled(Some(10))],
        ] {
            given::<Bill>(history).when(command.clone()).then_nothing();
        }
    }
}

mod refund {
    use super::*;

    #[test]
    fn asks_back_what_was_received_once() {
        let history = [requested(), received()];
        given::<Bill>(history.clone()).when(Command::Refund).then([refund_requested()]);
        given::<Bill>(history).when(Command::Refund).and_again(Command::Refund).then_nothing();
    }

    #[test]
    fn cancels_what_was_not_received_yet() {
        given::<Bill>([]).when(Command::Refund).then([cancelled(None)]);
        given::<Bill>([requested()]).when(Command::Refund).then([cancelled(Some(10))]);
    }

    #[test]
    fn of_nothing_is_already_so() {
        for history in [
            vec![requested(), declined()],
            vec![cancelled(None)],
            vec![requested(), received(), refund_requested(), refunded()],
        ] {
            given::<Bill>(history).when(Command::Refund).then_nothing();
        }
    }
}

mod note_refunded {
    use super::*;

    #[test]
    fn completes_a_refund_once() {
        let history = [requested(), received(), refund_requested()];
        given::<Bill>(history.clone()).when(note_refunded()).then([refunded()]);
        given::<Bill>(history).when(note_refunded()).and_again(note_refunded()).then_nothing();
    }

    #[test]
    fn takes_a_charge_that_surfaced_late() {
        for end in [declined(), cancelled(Some(10))] {
            given::<Bill>([requested(), end]).when(note_refunded()).then([refunded()]);
        }
    }

    #[test]
    fn refuses_when_nobody_asked_the_fee_back() {
        for history in [vec![], vec![requested()], vec![requested(), received()]] {
            given::<Bill>(history).when(note_refunded()).then_refused(Refusal::NoRefundDue);
        }
    }
}

#[test]
fn a_bill_says_what_is_open_and_what_is_due() {
    let says = |history: &[Event]| {
        let bill = given::<Bill>(history.iter().cloned()).state();
        (bill.open(), bill.received(), bill.refund_due(), bill.refunded())
    };
    let fee = Some(won(10));
    assert_eq!(says(&[]), (None, false, None, false));
    assert_eq!(says(&[requested()]), (fee, false, None, false));
    assert_eq!(says(&[requested(), received()]), (None, true, None, false));
    let mut history = vec![requested(), received(), refund_requested()];
    assert_eq!(says(&history), (None, true, fee, false));
    history.push(refunded());
    assert_eq!(says(&history), (None, true, None, true));
    assert_eq!(says(&[requested(), cancelled(Some(10))]), (None, false, None, false));
}

#[test]
fn refusals_have_the_published_codes() {
    let codes = [
        (Refusal::NotCharged, "not-charged"),
        (Refusal::FeeClosed, "fee-closed"),
        (Refusal::NoRefundDue, "no-refund-due"),
    ];
    for (refusal, code) in codes {
        assert_eq!((refusal.code(), refusal.kind()), (code, Kind::Rule));
    }
}

#[test]
fn the_key_is_made_from_the_order() {
    assert_eq!(payment_key("o1"), "rental-o1");
}
