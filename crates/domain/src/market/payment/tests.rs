use super::*;
use crate::testing::given;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn request() -> Command {
    Command::Request { item_no: id("i1"), amount: won(100) }
}

fn requested(attempt: u32) -> Event {
    Event::PaymentRequested { item_no: id("i1"), amount: won(100), attempt }
}

fn approve(attempt: u32, amount: i64) -> Command {
    Command::Approve { attempt, amount: won(amount), payment_no: "p1".to_owned() }
}

fn approved(attempt: u32) -> Event {
    let payment_no = "p1".to_owned();
    Event::PaymentApproved { item_no: id("i1"), amount: won(100), attempt, payment_no }
}

fn decline(attempt: u32) -> Command {
    Command::Decline { attempt, reason: None }
}

fn declined(attempt: u32) -> Event {
    Event::PaymentDeclined { attempt, reason: None }
}

fn fail(attempt: u32) -> Command {
    Command::Fail { attempt, reason: "no answer".to_owned() }
}

fn failed(attempt: u32) -> Event {
    Event::PaymentFailed { attempt, reason: "no answer".to_owned() }
}

fn cancel(attempt: u32) -> Command {
    Command::Cancel { attempt }
}

fn cancel_requested(attempt: u32) -> Event {
    Event::PaymentCancelRequested { attempt }
}

fn canceled(attempt: u32) -> Event {
    Event::PaymentCanceled { item_no: id("i1"), amount: won(100), attempt }
}

fn note_refunded(attempt: u32) -> Command {
    Command::NoteRefunded { attempt, amount: won(100) }
}

fn charge_returned(attempt: u32) -> Event {
    Event::ChargeReturned { amount: won(100), attempt }
}

fn of(history: impl IntoIterator<Item = Event>) -> Payment {
    given::<Payment>(history).state()
}

fn paid() -> [Event; 2] {
    [requested(1), approved(1)]
}

fn given_back() -> [Event; 4] {
    [requested(1), approved(1), cancel_requested(1), canceled(1)]
}

mod request {
    use super::*;

    #[test]
    fn is_on_record_first() {
        given::<Payment>([]).when(request()).then([requested(1)]);
        assert!(of([requested(1)]).is_under_way());
    }

    #[test]
    fn is_done_when_under_way_or_paid() {
        given::<Payment>([]).when(request()).and_again(request()).then_nothing();
        given::<Payment>(paid()).when(request()).then_nothing();
    }

    #[test]
    fn is_a_new_attempt_when_nothing_is_paid() {
        given::<Payment>([requested(1), declined(1)]).when(request()).then([requested(2)]);
        given::<Payment>([requested(1), failed(1)]).when(request()).then([requested(2)]);
        given::<Payment>(given_back()).when(request()).then([requested(2)]);
    }

    #[test]
    fn is_refused_while_the_money_goes_back() {
        given::<Payment>([requested(1), approved(1), cancel_requested(1)])
            .when(request())
            .then_refused(Refusal::CancelPending);
    }

    #[test]
    fn is_refused_when_the_reservation_is_cancelled() {
        given::<Payment>([Event::PaymentClosed])
            .when(request())
            .then_refused(Refusal::PaymentClosed);
    }

    #[test]
    fn has_a_key_for_each_attempt() {
        let keys = [1, 2].map(|attempt| payment_key("r1", attempt));
        assert_eq!(keys, ["market-r1", "market-r1:2"]);
    }
}

mod approve {
    use super::*;

    #[test]
    fn makes_it_paid_once() {
        given::<Payment>([requested(1)]).when(approve(1, 100)).then([approved(1)]);
        given::<Payment>([requested(1)])
            .when(approve(1, 100))
            .and_again(approve(1, 100))
            .then_nothing();
        assert_eq!(of(paid()).status(), PaymentStatus::Paid);
    }

    #[test]
    fn of_a_closed_payment_is_canceled_at_once() {
        given::<Payment>([requested(1), Event::PaymentClosed])
            .when(approve(1, 100))
            .then([approved(1), cancel_requested(1)]);
    }

    #[test]
    fn of_another_amount_is_a_failure() {
        let reason = "90 won were charged, not 100".to_owned();
        given::<Payment>([requested(1)])
            .when(approve(1, 90))
            .then([Event::PaymentFailed { attempt: 1, reason }]);
    }

    #[test]
    fn is_refused_when_the_attempt_is_over() {
        let over = Refusal::AttemptOver { attempt: 1 };
        let when = |history: Vec<Event>| given::<Payment>(history).when(approve(1, 100));
        when(vec![requested(1), failed(1)]).then_refused(over.clone());
        when(vec![requested(1), declined(1)]).then_refused(over.clone());
        when(vec![requested(1), failed(1), requested(2)]).then_refused(over);
    }

    #[test]
    fn is_refused_when_nothing_was_asked_for() {
        given::<Payment>([]).when(approve(1, 100)).then_refused(Refusal::NotRequested);
    }
}

mod fail {
    use super::*;

    #[test]
    fn ends_the_attempt_once() {
        given::<Payment>([requested(1)]).when(decline(1)).then([declined(1)]);
        given::<Payment>([requested(1)]).when(decline(1)).and_again(decline(1)).then_nothing();
        given::<Payment>([requested(1)]).when(fail(1)).then([failed(1)]);
        assert_eq!(of([requested(1), declined(1)]).failure(), Some(Failure::Declined));
        assert_eq!(of([requested(1), failed(1)]).failure(), Some(Failure::Unavailable));
    }

    #[test]
    fn says_nothing_of_a_paid_or_earlier_attempt() {
        given::<Payment>(paid()).when(fail(1)).then_nothing();
        given::<Payment>([requested(1), failed(1), requested(2)]).when(fail(1)).then_nothing();
    }
}

mod cancel {
    use super::*;

    #[test]
    fn is_on_record_before_the_money_goes_back() {
        given::<Payment>(paid()).when(cancel(1)).then([cancel_requested(1)]);
        let payment = of([requested(1), approved(1), cancel_requested(1)]);
        assert_eq!(payment.refund_due(), Some(won(100)));
    }

    #[test]
    fn is_done_when_canceled_before() {
        given::<Payment>(paid()).when(cancel(1)).and_again(cancel(1)).then_nothing();
        given::<Payment>(given_back()).when(cancel(1)).then_nothing();
        let again = [given_back().to_vec(), vec![requested(2), approved(2)]].concat();
        given::<Payment>(again).when(cancel(1)).then_nothing();
    }

    #[test]
    fn is_refused_when_nothing_is_paid() {
        given::<Payment>([]).when(cancel(1)).then_refused(Refusal::NotRequested);
        given::<Payment>([requested(1)]).when(cancel(1)).then_refused(Refusal::NotPaid);
        given::<Payment>([requested(1), failed(1), requested(2)])
            .when(cancel(1))
            .then_refused(Refusal::NotPaid);
    }
}

mod close {
    use super::*;

    #[test]
    fn ends_paying_for_good() {
        given::<Payment>([]).when(Command::Close).then([Event::PaymentClosed]);
        given::<Payment>([]).when(Command::Close).and_again(Command::Close).then_nothing();
    }

    #[test]
    fn cancels_what_is_paid() {
        given::<Payment>(paid())
            .when(Command::Close)
            .then([Event::PaymentClosed, cancel_requested(1)]);
    }

    #[test]
    fn cancels_nothing_twice() {
        given::<Payment>(given_back()).when(Command::Close).then([Event::PaymentClosed]);
    }
}

mod note_refunded {
    use super::*;

    #[test]
    fn ends_a_canceled_payment_once() {
        let history = [requested(1), approved(1), cancel_requested(1)];
        given::<Payment>(history.clone()).when(note_refunded(1)).then([canceled(1)]);
        given::<Payment>(history).when(note_refunded(1)).and_again(note_refunded(1)).then_nothing();
        assert_eq!(of(given_back()).status(), PaymentStatus::Refunded);
    }

    #[test]
    fn records_a_charge_that_surfaced_late() {
        given::<Payment>([requested(1), failed(1)])
            .when(note_refunded(1))
            .then([charge_returned(1)]);
        let paid_again = [requested(1), failed(1), requested(2), approved(2)];
        given::<Payment>(paid_again.clone()).when(note_refunded(1)).then([charge_returned(1)]);
        let after = [paid_again.to_vec(), vec![charge_returned(1)]].concat();
        assert_eq!(of(after).status(), PaymentStatus::Paid);
    }

    #[test]
    fn is_refused_when_nothing_is_due() {
        let none = Refusal::NoRefundDue { attempt: 1 };
        given::<Payment>(paid()).when(note_refunded(1)).then_refused(none);
        let none = Refusal::NoRefundDue { attempt: 2 };
        given::<Payment>(paid()).when(note_refunded(2)).then_refused(none);
    }
}
