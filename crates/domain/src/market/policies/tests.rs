use super::*;
use crate::{
    Won,
    market::{
        Event,
        item::{Deletion, DelistRefusal, HoldRefusal},
        review::Score,
    },
    shared::Name,
    testing::personal,
};
use chrono::DateTime;
use uuid::Uuid;

fn at(second: i64) -> Instant {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

fn after(of: &str, event: Event) -> Asks {
    let fact = Fact { id: Uuid::from_u128(1), of: of.to_owned(), at: at(0), event };
    react(&fact, &Rules { payment_grace: Duration::seconds(5) })
}

fn after_item(event: item::Event) -> Asks {
    after("i1", Event::Item(event))
}

fn after_reservation(event: reservation::Event) -> Asks {
    after("r1", Event::Reservation(event))
}

fn after_payment(event: payment::Event) -> Asks {
    after("r1", Event::Payment(event))
}

fn ask_item(command: item::Command) -> Ask {
    Ask::Item { id: id("i1"), command }
}

fn tell(command: reservation::Command) -> Ask {
    Ask::Reservation { id: id("r1"), command }
}

fn ask_payment(command: payment::Command) -> Ask {
    Ask::Payment { id: id("r1"), command }
}

fn ask_review(command: review::Command) -> Ask {
    Ask::Review { id: id("r1"), command }
}

fn forget() -> Ask {
    Ask::Cancel { key: "settle-payment/r1/2".to_owned() }
}

#[test]
fn a_reservation_asks_to_hold_the_item() {
    let reserved = reservation::Event::Reserved {
        item_no: id("i1"),
        customer_id: id("c1"),
        customer_name: personal("Kim"),
        phone: None,
        item_price: Some(won(100)),
    };
    let hold = item::Command::Hold {
        reservation_no: id("r1"),
        customer_id: id("c1"),
        customer_name: personal("Kim"),
        item_price: Some(won(100)),
    };
    assert_eq!(after_reservation(reserved), [("when_reserved_hold", ask_item(hold))]);
}

#[test]
fn the_items_answer_reaches_the_reservation() {
    let (item_name, item_price) = (name("Camera"), won(100));
    let held = item::Event::ItemHeld {
        reservation_no: id("r1"),
        customer_id: id("c1"),
        customer_name: personal("Kim"),
        item_name: item_name.clone(),
        item_price,
    };
    let confirm = tell(reservation::Command::Confirm { item_name, item_price });
    assert_eq!(after_item(held), [("when_item_held_confirm", confirm)]);
    let reason = HoldRefusal::ItemHeld;
    let refused = item::Event::HoldRefused { reservation_no: id("r1"), reason };
    let reject = tell(reservation::Command::Reject { reason });
    assert_eq!(after_item(refused), [("when_hold_refused_reject", reject)]);
}

#[test]
fn cancelling_releases_the_item_and_then_closes_the_payment() {
    let asked = reservation::Event::ReservationCancelRequested { item_no: id("i1") };
    let release = ask_item(item::Command::Release { reservation_no: id("r1") });
    let policy = "when_reservation_cancel_requested_release";
    assert_eq!(after_reservation(asked), [(policy, release)]);
    let released = item::Event::ItemReleased { reservation_no: id("r1") };
    let note = tell(reservation::Command::NoteReleased);
    assert_eq!(after_item(released), [("when_item_released_note_released", note)]);
    let close = ask_payment(payment::Command::Close);
    let policy = "when_reservation_cancelled_close_payment";
    assert_eq!(after_reservation(reservation::Event::ReservationCancelled), [(policy, close)]);
}

mod payment_facts {
    use super::*;

    #[test]
    fn a_request_is_settled_in_time() {
        let requested =
            payment::Event::PaymentRequested { item_no: id("i1"), amount: won(100), attempt: 2 };
        let settle = Ask::SettlePayment { reservation: id("r1"), attempt: 2 };
        let key = "settle-payment/r1/2".to_owned();
        let settle = Ask::At { key, due: at(5), ask: Box::new(settle) };
        assert_eq!(after_payment(requested), [("when_payment_requested_settle", settle)]);
    }

    #[test]
    fn an_approval_counts_for_the_reservation_and_the_item() {
        let approved = payment::Event::PaymentApproved {
            item_no: id("i1"),
            amount: won(100),
            attempt: 2,
            payment_no: "p1".to_owned(),
        };
        let note = reservation::Command::NotePaid { attempt: 2, amount: won(100) };
        let hold = item::Command::NotePaid { reservation_no: id("r1"), attempt: 2 };
        let expected = [
            ("when_payment_approved_note_paid", tell(note)),
            ("when_payment_approved_note_hold_paid", ask_item(hold)),
            ("when_payment_approved_forget_settling", forget()),
        ];
        assert_eq!(after_payment(approved), expected);
    }

    #[test]
    fn a_failure_is_watched_and_a_refusal_is_not() {
        let declined = payment::Event::PaymentDeclined { attempt: 2, reason: None };
        let expected = [("when_payment_declined_forget_settling", forget())];
        assert_eq!(after_payment(declined), expected);
        let failed = payment::Event::PaymentFailed { attempt: 2, reason: "?".to_owned() };
        let watch = Ask::WatchLateCharge { reservation: id("r1"), attempt: 2 };
        let key = "late-charge/r1/2".to_owned();
        let watch = Ask::At { key, due: at(60), ask: Box::new(watch) };
        let expected = [
            ("when_payment_failed_forget_settling", forget()),
            ("when_payment_failed_watch_late_charge", watch),
        ];
        assert_eq!(after_payment(failed), expected);
    }

    #[test]
    fn money_goes_back_when_the_item_no_longer_counts_it() {
        let unpaid = item::Event::HoldUnpaid { reservation_no: id("r1"), attempt: 2 };
        let cancel = ask_payment(payment::Command::Cancel { attempt: 2 });
        assert_eq!(after_item(unpaid), [("when_hold_unpaid_cancel_payment", cancel)]);
        let asked = payment::Event::PaymentCancelRequested { attempt: 2 };
        let refund = Ask::Refund { reservation: id("r1") };
        assert_eq!(after_payment(asked), [("when_payment_cancel_requested_refund", refund)]);
        let canceled =
            payment::Event::PaymentCanceled { item_no: id("i1"), amount: won(100), attempt: 2 };
        let note = tell(reservation::Command::NoteRefunded { attempt: 2, amount: won(100) });
        assert_eq!(after_payment(canceled), [("when_payment_canceled_note_refunded", note)]);
    }
}

#[test]
fn lending_and_returning_reach_the_reservation_and_a_review_is_asked_for() {
    let lent = item::Event::RentedItem { reservation_no: id("r1") };
    let note = tell(reservation::Command::NoteLent);
    assert_eq!(after_item(lent), [("when_rented_item_note_lent", note)]);
    let returned = item::Event::ReturnedItem {
        reservation_no: id("r1"),
        customer_id: id("c1"),
        customer_name: personal("Kim"),
        item_name: name("Camera"),
    };
    let review = review::Command::Ask {
        item_no: id("i1"),
        item_name: name("Camera"),
        customer_id: id("c1"),
        customer_name: personal("Kim"),
    };
    let expected = [
        ("when_returned_item_note_returned", tell(reservation::Command::NoteReturned)),
        ("when_returned_item_ask_review", ask_review(review)),
    ];
    assert_eq!(after_item(returned), expected);
}

#[test]
fn a_review_asks_the_item_to_leave_the_list_and_is_answered() {
    let submitted = review::Event::ReviewSubmitted {
        item_no: id("i1"),
        customer_name: personal("Kim"),
        score: Score::new(5).unwrap(),
        text: None,
        submission: 3,
    };
    let delist = ask_item(item::Command::Delist { reservation_no: id("r1"), submission: 3 });
    let expected = [("when_review_submitted_delist", delist)];
    assert_eq!(after("r1", Event::Review(submitted)), expected);

    let left = item::Event::ItemDeleted {
        reason: Deletion::Reviewed,
        reservation_no: Some(id("r1")),
        submission: Some(3),
    };
    let complete = ask_review(review::Command::Complete { submission: 3 });
    assert_eq!(after_item(left), [("when_item_deleted_complete_review", complete)]);

    let reason = DelistRefusal::ItemHeld;
    let refused = item::Event::DelistRefused { reservation_no: id("r1"), submission: 3, reason };
    let refuse = ask_review(review::Command::Refuse { submission: 3, reason });
    assert_eq!(after_item(refused), [("when_delist_refused_refuse_review", refuse)]);
}

#[test]
fn a_manager_who_deletes_an_item_asks_for_nothing() {
    let reason = Deletion::ByManager;
    let deleted = item::Event::ItemDeleted { reason, reservation_no: None, submission: None };
    assert_eq!(after_item(deleted), []);
}

#[test]
fn what_waits_is_known_by_its_part() {
    let refund = Ask::Refund { reservation: id("r1") };
    assert_eq!(refund.part(), Some("market.payment"));
    assert_eq!(tell(reservation::Command::NoteLent).part(), Some("market.reservation"));
    assert_eq!(ask_item(item::Command::Delete).part(), Some("market.item"));
    assert_eq!(forget().part(), None);
}
