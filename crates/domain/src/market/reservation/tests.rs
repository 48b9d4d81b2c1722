use super::*;
use crate::{
    Refusal as _,
    market::status::PaymentStatus,
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

fn reserve_at(sent: Option<i64>, listed: Option<i64>) -> Command {
    Command::Reserve {
        item_no: id("i1"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        phone: Some(personal("010-1234-5678")),
        item_price: sent.map(won),
        listed: listed.map(won),
    }
}

fn reserve() -> Command {
    reserve_at(Some(100), Some(100))
}

fn reserved() -> Event {
    Event::Reserved {
        item_no: id("i1"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        phone: Some(personal("010-1234-5678")),
        item_price: Some(won(100)),
    }
}

fn confirm() -> Command {
    Command::Confirm { item_name: name("Camera"), item_price: won(100) }
}

fn confirmed() -> Event {
    Event::ReservationConfirmed { item_name: name("Camera"), item_price: won(100) }
}

fn reject() -> Command {
    Command::Reject { reason: HoldRefusal::ItemHeld }
}

fn rejected() -> Event {
    Event::ReservationRejected { reason: HoldRefusal::ItemHeld }
}

fn asked() -> Event {
    Event::ReservationCancelRequested { item_no: id("i1") }
}

fn note_paid(attempt: u32) -> Command {
    Command::NotePaid { attempt, amount: won(100) }
}

fn paid(attempt: u32) -> Event {
    Event::ReservationPaid { attempt, amount: won(100) }
}

fn note_refunded(attempt: u32) -> Command {
    Command::NoteRefunded { attempt, amount: won(100) }
}

fn refunded(attempt: u32) -> Event {
    Event::ReservationRefunded { attempt, amount: won(100) }
}

fn of(history: impl IntoIterator<Item = Event>) -> Reservation {
    given::<Reservation>(history).state()
}

fn holding() -> [Event; 2] {
    [reserved(), confirmed()]
}

fn cancelled() -> [Event; 3] {
    [reserved(), confirmed(), Event::ReservationCancelled]
}

fn lent() -> [Event; 3] {
    [reserved(), confirmed(), Event::ReservationLent]
}

mod reserve {
    use super::*;

    #[test]
    fn is_taken() {
        given::<Reservation>([]).when(reserve()).then([reserved()]);
        assert_eq!(of([reserved()]).status(), Ok(ReservationStatus::Requested));
    }

    #[test]
    fn is_taken_though_the_item_is_not_known() {
        given::<Reservation>([]).when(reserve_at(Some(100), None)).then([reserved()]);
    }

    #[test]
    fn refuses_another_price_than_the_items() {
        let refusal = Refusal::PriceChanged { listed: won(100) };
        assert_eq!(refusal.kind(), crate::Kind::Value { field: "itemPrice" });
        assert_eq!(refusal.code(), "price-changed");
        given::<Reservation>([]).when(reserve_at(Some(90), Some(100))).then_refused(refusal);
    }

    #[test]
    fn is_done_when_reserved_before() {
        given::<Reservation>([]).when(reserve()).and_again(reserve()).then_nothing();
    }

    #[test]
    fn refuses_other_content_under_the_same_number() {
        given::<Reservation>([reserved()])
            .when(reserve_at(None, Some(100)))
            .then_refused(Refusal::ReservationExists);
    }
}

mod confirm {
    use super::*;

    #[test]
    fn makes_it_payable() {
        given::<Reservation>([reserved()]).when(confirm()).then([confirmed()]);
        let payable = Payable { item_no: id("i1"), amount: won(100) };
        assert_eq!(of(holding()).payable(), Ok(payable));
    }

    #[test]
    fn is_done_when_confirmed_or_cancelled_before() {
        given::<Reservation>([reserved()]).when(confirm()).and_again(confirm()).then_nothing();
        given::<Reservation>(cancelled()).when(confirm()).then_nothing();
    }

    #[test]
    fn refuses_one_that_was_rejected() {
        given::<Reservation>([reserved(), rejected()])
            .when(confirm())
            .then_refused(Refusal::AlreadyRejected);
    }

    #[test]
    fn refuses_an_unknown_one() {
        assert_eq!(Refusal::UnknownReservation.kind(), crate::Kind::Unknown);
        given::<Reservation>([]).when(confirm()).then_refused(Refusal::UnknownReservation);
    }
}

mod reject {
    use super::*;

    #[test]
    fn ends_it_with_a_reason() {
        given::<Reservation>([reserved()]).when(reject()).then([rejected()]);
        let reservation = of([reserved(), asked(), rejected()]);
        assert_eq!(reservation.status(), Ok(ReservationStatus::Rejected));
        assert_eq!(reservation.rejection(), Some(HoldRefusal::ItemHeld));
        assert!(!reservation.cancel_asked());
    }

    #[test]
    fn is_done_when_rejected_before() {
        given::<Reservation>([reserved()]).when(reject()).and_again(reject()).then_nothing();
    }

    #[test]
    fn refuses_one_that_was_confirmed_or_cancelled() {
        given::<Reservation>(holding()).when(reject()).then_refused(Refusal::AlreadyConfirmed);
        given::<Reservation>(cancelled()).when(reject()).then_refused(Refusal::AlreadyCancelled);
    }
}

mod payable {
    use super::*;

    #[test]
    fn is_only_what_is_confirmed() {
        assert_eq!(of([]).payable(), Err(Refusal::UnknownReservation));
        assert_eq!(of([reserved()]).payable(), Err(Refusal::NotConfirmed));
        assert_eq!(of([reserved(), rejected()]).payable(), Err(Refusal::AlreadyRejected));
        assert_eq!(of(cancelled()).payable(), Err(Refusal::AlreadyCancelled));
    }

    #[test]
    fn is_nothing_that_the_renter_wants_to_cancel() {
        let asked = [reserved(), confirmed(), asked()];
        assert_eq!(of(asked).payable(), Err(Refusal::CancelRequested));
    }
}

mod request_cancel {
    use super::*;

    #[test]
    fn is_taken_before_and_after_it_is_confirmed() {
        given::<Reservation>([reserved()]).when(Command::RequestCancel).then([asked()]);
        given::<Reservation>(holding()).when(Command::RequestCancel).then([asked()]);
    }

    #[test]
    fn is_done_when_asked_before() {
        given::<Reservation>(holding())
            .when(Command::RequestCancel)
            .and_again(Command::RequestCancel)
            .then_nothing();
        given::<Reservation>(cancelled()).when(Command::RequestCancel).then_nothing();
    }

    #[test]
    fn is_refused_once_lent() {
        given::<Reservation>(lent())
            .when(Command::RequestCancel)
            .then_refused(Refusal::AlreadyLent);
        let [one, two, three] = lent();
        given::<Reservation>([one, two, three, Event::ReservationReturned])
            .when(Command::RequestCancel)
            .then_refused(Refusal::AlreadyReturned);
    }

    #[test]
    fn is_refused_when_rejected() {
        given::<Reservation>([reserved(), rejected()])
            .when(Command::RequestCancel)
            .then_refused(Refusal::AlreadyRejected);
    }

    #[test]
    fn refuses_an_unknown_one() {
        given::<Reservation>([])
            .when(Command::RequestCancel)
            .then_refused(Refusal::UnknownReservation);
    }
}

mod note_released {
    use super::*;

    #[test]
    fn cancels_it_once() {
        let history = [reserved(), asked()];
        given::<Reservation>(history.clone())
            .when(Command::NoteReleased)
            .then([Event::ReservationCancelled]);
        given::<Reservation>(history)
            .when(Command::NoteReleased)
            .and_again(Command::NoteReleased)
            .then_nothing();
    }

    #[test]
    fn refuses_what_was_never_held_or_is_lent() {
        given::<Reservation>([reserved(), rejected()])
            .when(Command::NoteReleased)
            .then_refused(Refusal::AlreadyRejected);
        given::<Reservation>(lent()).when(Command::NoteReleased).then_refused(Refusal::AlreadyLent);
    }
}

mod payment {
    use super::*;

    #[test]
    fn is_noted_once() {
        given::<Reservation>(holding()).when(note_paid(1)).then([paid(1)]);
        given::<Reservation>(holding()).when(note_paid(1)).and_again(note_paid(1)).then_nothing();
        given::<Reservation>([reserved(), confirmed(), paid(1)])
            .when(note_refunded(1))
            .and_again(note_refunded(1))
            .then_nothing();
    }

    #[test]
    fn shows_as_paid_refunded_and_paid_again() {
        let [one, two] = holding();
        assert_eq!(of(holding()).payment_status(), PaymentStatus::NotPaid);
        let once = [one, two, paid(1)];
        assert_eq!(of(once.clone()).payment_status(), PaymentStatus::Paid);
        let back = [once.to_vec(), vec![refunded(1)]].concat();
        assert_eq!(of(back.clone()).payment_status(), PaymentStatus::Refunded);
        let again = [back, vec![paid(2)]].concat();
        assert_eq!(of(again).payment_status(), PaymentStatus::Paid);
    }

    #[test]
    fn may_be_known_as_refunded_first() {
        let history = [reserved(), confirmed(), refunded(1)];
        given::<Reservation>(history.clone()).when(note_paid(1)).then_nothing();
        assert_eq!(of(history).payment_status(), PaymentStatus::Refunded);
    }

    #[test]
    fn refuses_an_unknown_one() {
        given::<Reservation>([]).when(note_paid(1)).then_refused(Refusal::UnknownReservation);
        given::<Reservation>([]).when(note_refunded(1)).then_refused(Refusal::UnknownReservation);
    }
}

mod note_rental {
    use super::*;

    #[test]
    fn follows_the_item_once() {
        given::<Reservation>(holding()).when(Command::NoteLent).then([Event::ReservationLent]);
        given::<Reservation>(holding())
            .when(Command::NoteLent)
            .and_again(Command::NoteLent)
            .then_nothing();
        assert_eq!(of(lent()).rental_status(), RentalStatus::Renting);
    }

    #[test]
    fn records_what_is_missing() {
        given::<Reservation>(holding())
            .when(Command::NoteReturned)
            .then([Event::ReservationLent, Event::ReservationReturned]);
        given::<Reservation>(lent()).when(Command::NoteReturned).then([Event::ReservationReturned]);
    }

    #[test]
    fn denies_a_wish_to_cancel() {
        let [one, two] = holding();
        given::<Reservation>([one, two, asked()])
            .when(Command::NoteLent)
            .then([Event::ReservationCancelDenied, Event::ReservationLent]);
    }

    #[test]
    fn refuses_what_does_not_hold_the_item() {
        let note = || Command::NoteLent;
        given::<Reservation>([reserved()]).when(note()).then_refused(Refusal::NotConfirmed);
        given::<Reservation>([reserved(), rejected()])
            .when(note())
            .then_refused(Refusal::AlreadyRejected);
        given::<Reservation>(cancelled()).when(note()).then_refused(Refusal::AlreadyCancelled);
    }
}
