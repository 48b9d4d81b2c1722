use super::*;
use crate::{
    Refusal as _,
    market::status::{ItemStatus, RentalStatus},
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

fn register(price: i64) -> Command {
    Command::Register { item_name: name("Camera"), item_price: won(price) }
}

fn registered() -> Event {
    Event::ItemRegistered { item_name: name("Camera"), item_price: won(100) }
}

fn hold_at(reservation: &str, price: Option<i64>) -> Command {
    Command::Hold {
        reservation_no: id(reservation),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        item_price: price.map(won),
    }
}

fn hold(reservation: &str) -> Command {
    hold_at(reservation, None)
}

fn held(reservation: &str) -> Event {
    Event::ItemHeld {
        reservation_no: id(reservation),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        item_name: name("Camera"),
        item_price: won(100),
    }
}

fn hold_refused(reservation: &str, reason: HoldRefusal) -> Event {
    Event::HoldRefused { reservation_no: id(reservation), reason }
}

fn release(reservation: &str) -> Command {
    Command::Release { reservation_no: id(reservation) }
}

fn released(reservation: &str) -> Event {
    Event::ItemReleased { reservation_no: id(reservation) }
}

fn note_paid(attempt: u32) -> Command {
    Command::NotePaid { reservation_no: id("r1"), attempt }
}

fn paid(attempt: u32) -> Event {
    Event::HoldPaid { reservation_no: id("r1"), attempt }
}

fn revoke(attempt: u32) -> Command {
    Command::RevokePayment { reservation_no: id("r1"), attempt }
}

fn unpaid(attempt: u32) -> Event {
    Event::HoldUnpaid { reservation_no: id("r1"), attempt }
}

fn lend(reservation: &str) -> Command {
    Command::Lend { reservation_no: id(reservation) }
}

fn lent() -> Event {
    Event::RentedItem { reservation_no: id("r1") }
}

fn take_back(reservation: &str) -> Command {
    Command::Return { reservation_no: id(reservation) }
}

fn returned() -> Event {
    Event::ReturnedItem {
        reservation_no: id("r1"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        item_name: name("Camera"),
    }
}

fn delist(submission: u32) -> Command {
    Command::Delist { reservation_no: id("r1"), submission }
}

fn delisted(submission: u32) -> Event {
    Event::ItemDeleted {
        reason: Deletion::Reviewed,
        reservation_no: Some(id("r1")),
        submission: Some(submission),
    }
}

fn delist_refused(submission: u32) -> Event {
    let reason = DelistRefusal::ItemHeld;
    Event::DelistRefused { reservation_no: id("r1"), submission, reason }
}

fn deleted() -> Event {
    Event::ItemDeleted { reason: Deletion::ByManager, reservation_no: None, submission: None }
}

/// Held by r1, and paid.
fn held_and_paid() -> Vec<Event> {
    vec![registered(), held("r1"), paid(1)]
}

fn on_loan() -> Vec<Event> {
    [held_and_paid(), vec![lent()]].concat()
}

/// Back from r1.
fn back() -> Vec<Event> {
    [on_loan(), vec![returned()]].concat()
}

fn after(history: Vec<Event>, event: Event) -> Vec<Event> {
    [history, vec![event]].concat()
}

mod register {
    use super::*;

    #[test]
    fn puts_the_item_on_the_list() {
        given::<Item>([]).when(register(100)).then([registered()]);
        let item = given::<Item>([registered()]).state();
        assert_eq!((item.status(), item.price()), (ItemStatus::Rentable, Some(won(100))));
    }

    #[test]
    fn is_done_when_registered_before() {
        given::<Item>([]).when(register(100)).and_again(register(100)).then_nothing();
    }

    #[test]
    fn refuses_another_item_with_this_number() {
        given::<Item>([registered()]).when(register(200)).then_refused(Refusal::ItemExists);
    }

    #[test]
    fn refuses_the_number_of_an_item_that_has_left_the_list() {
        let history = [registered(), deleted()];
        given::<Item>(history).when(register(100)).then_refused(Refusal::ItemDeleted);
    }
}

mod delete {
    use super::*;

    #[test]
    fn takes_a_free_item_off_the_list() {
        given::<Item>([registered()]).when(Command::Delete).then([deleted()]);
        let item = given::<Item>([registered(), deleted()]).state();
        assert!(item.deleted() && item.status() == ItemStatus::NotRentable);
    }

    #[test]
    fn is_done_when_deleted_before() {
        given::<Item>([registered()])
            .when(Command::Delete)
            .and_again(Command::Delete)
            .then_nothing();
    }

    #[test]
    fn refuses_an_item_that_is_held() {
        let history = [registered(), held("r1")];
        given::<Item>(history).when(Command::Delete).then_refused(Refusal::ItemHeld);
    }

    #[test]
    fn refuses_an_unknown_item() {
        assert_eq!(Refusal::UnknownItem.kind(), crate::Kind::Unknown);
        given::<Item>([]).when(Command::Delete).then_refused(Refusal::UnknownItem);
    }
}

mod hold {
    use super::*;

    #[test]
    fn goes_to_the_first() {
        given::<Item>([registered()]).when(hold("r1")).then([held("r1")]);
        let item = given::<Item>([registered(), held("r1")]).state();
        assert_eq!((item.status(), item.holder()), (ItemStatus::NotRentable, Some(&id("r1"))));
    }

    #[test]
    fn is_refused_to_everybody_else() {
        let refused = hold_refused("r2", HoldRefusal::ItemHeld);
        given::<Item>([registered(), held("r1")]).when(hold("r2")).then([refused]);
    }

    #[test]
    fn is_refused_when_there_is_no_such_item() {
        let refused = hold_refused("r1", HoldRefusal::UnknownItem);
        given::<Item>([]).when(hold("r1")).then([refused]);
    }

    #[test]
    fn is_refused_when_the_item_has_left_the_list() {
        let refused = hold_refused("r1", HoldRefusal::ItemDeleted);
        given::<Item>([registered(), deleted()]).when(hold("r1")).then([refused]);
    }

    #[test]
    fn is_refused_at_another_price() {
        let refused = hold_refused("r1", HoldRefusal::PriceChanged);
        given::<Item>([registered()]).when(hold_at("r1", Some(90))).then([refused]);
        given::<Item>([registered()]).when(hold_at("r1", Some(100))).then([held("r1")]);
    }

    #[test]
    fn is_answered_once() {
        given::<Item>([registered()]).when(hold("r1")).and_again(hold("r1")).then_nothing();
        let refused = hold_refused("r2", HoldRefusal::ItemHeld);
        // Also when the item is free by now.
        given::<Item>([registered(), held("r1"), refused, released("r1")])
            .when(hold("r2"))
            .then_nothing();
        given::<Item>(back()).when(hold("r1")).then_nothing();
    }
}

mod release {
    use super::*;

    #[test]
    fn frees_the_item_for_others() {
        let history = held_and_paid();
        given::<Item>(history.clone()).when(release("r1")).then([released("r1")]);
        let history = after(history, released("r1"));
        given::<Item>(history).when(hold("r2")).then([held("r2")]);
    }

    #[test]
    fn is_done_when_released_before() {
        let history = [registered(), held("r1")];
        given::<Item>(history).when(release("r1")).and_again(release("r1")).then_nothing();
    }

    #[test]
    fn before_holding_means_never_to_hold() {
        given::<Item>([registered()]).when(release("r1")).and_again(hold("r1")).then_nothing();
    }

    #[test]
    fn of_somebody_else_leaves_the_holder() {
        let history = [registered(), held("r1"), released("r2")];
        assert_eq!(given::<Item>(history).state().holder(), Some(&id("r1")));
    }

    #[test]
    fn is_refused_once_lent() {
        given::<Item>(on_loan()).when(release("r1")).then_refused(Refusal::AlreadyLent);
        given::<Item>(back()).when(release("r1")).then_refused(Refusal::AlreadyReturned);
    }

    #[test]
    fn is_refused_to_one_that_did_not_get_the_item() {
        let refused = hold_refused("r2", HoldRefusal::ItemHeld);
        given::<Item>([registered(), held("r1"), refused])
            .when(release("r2"))
            .then_refused(Refusal::AlreadyRejected);
    }
}

mod note_paid {
    use super::*;

    #[test]
    fn marks_the_hold_as_paid_once() {
        given::<Item>([registered(), held("r1")])
            .when(note_paid(1))
            .and_again(note_paid(1))
            .then_nothing();
        given::<Item>([registered(), held("r1")]).when(note_paid(1)).then([paid(1)]);
    }

    #[test]
    fn says_nothing_of_a_payment_that_was_revoked_before() {
        given::<Item>([registered(), held("r1"), unpaid(1)]).when(note_paid(1)).then_nothing();
    }

    #[test]
    fn counts_a_later_payment() {
        given::<Item>([registered(), held("r1"), unpaid(1)]).when(note_paid(2)).then([paid(2)]);
    }

    #[test]
    fn says_nothing_when_the_hold_is_over() {
        let history = [registered(), held("r1"), released("r1")];
        given::<Item>(history).when(note_paid(1)).then_nothing();
    }

    #[test]
    fn refuses_one_that_does_not_hold_the_item() {
        given::<Item>([registered()]).when(note_paid(1)).then_refused(Refusal::NotTheHolder);
    }
}

mod revoke_payment {
    use super::*;

    #[test]
    fn makes_the_hold_unpaid_once() {
        given::<Item>(held_and_paid()).when(revoke(1)).then([unpaid(1)]);
        given::<Item>(held_and_paid()).when(revoke(1)).and_again(revoke(1)).then_nothing();
    }

    #[test]
    fn may_come_before_the_payment_is_noted() {
        given::<Item>([registered(), held("r1")]).when(revoke(1)).then([unpaid(1)]);
    }

    #[test]
    fn is_refused_once_lent() {
        assert_eq!(Refusal::AlreadyLent.code(), "already-lent");
        given::<Item>(on_loan()).when(revoke(1)).then_refused(Refusal::AlreadyLent);
        given::<Item>(back()).when(revoke(1)).then_refused(Refusal::AlreadyReturned);
    }

    #[test]
    fn is_refused_to_one_that_does_not_hold_the_item() {
        given::<Item>([registered()]).when(revoke(1)).then_refused(Refusal::NotTheHolder);
    }
}

mod lend {
    use super::*;

    #[test]
    fn needs_the_holder_paid() {
        given::<Item>(held_and_paid()).when(lend("r1")).then([lent()]);
        let item = given::<Item>(on_loan()).state();
        assert_eq!(item.rental_status(&id("r1")), RentalStatus::Renting);
    }

    #[test]
    fn is_done_when_lent_before() {
        given::<Item>(held_and_paid()).when(lend("r1")).and_again(lend("r1")).then_nothing();
    }

    #[test]
    fn refuses_one_that_does_not_hold_the_item() {
        given::<Item>(held_and_paid()).when(lend("r2")).then_refused(Refusal::NotTheHolder);
        given::<Item>(back()).when(lend("r1")).then_refused(Refusal::AlreadyReturned);
    }

    #[test]
    fn refuses_one_that_is_not_paid() {
        let held = [registered(), held("r1")];
        given::<Item>(held).when(lend("r1")).then_refused(Refusal::NotPaid);
        let revoked = after(held_and_paid(), unpaid(1));
        given::<Item>(revoked).when(lend("r1")).then_refused(Refusal::NotPaid);
    }

    #[test]
    fn refuses_an_unknown_item() {
        given::<Item>([]).when(lend("r1")).then_refused(Refusal::UnknownItem);
    }
}

mod take_back {
    use super::*;

    #[test]
    fn frees_the_item() {
        given::<Item>(on_loan()).when(take_back("r1")).then([returned()]);
        let item = given::<Item>(back()).state();
        assert_eq!(item.status(), ItemStatus::Rentable);
        assert_eq!(item.rental_status(&id("r1")), RentalStatus::Returned);
        given::<Item>(back()).when(hold("r2")).then([held("r2")]);
    }

    #[test]
    fn is_done_when_it_came_back_before() {
        given::<Item>(on_loan()).when(take_back("r1")).and_again(take_back("r1")).then_nothing();
    }

    #[test]
    fn refuses_what_is_not_lent() {
        given::<Item>(held_and_paid()).when(take_back("r1")).then_refused(Refusal::NotLent);
    }

    #[test]
    fn refuses_one_that_does_not_hold_the_item() {
        given::<Item>(on_loan()).when(take_back("r2")).then_refused(Refusal::NotTheHolder);
    }

    #[test]
    fn refuses_an_unknown_item() {
        given::<Item>([]).when(take_back("r1")).then_refused(Refusal::UnknownItem);
    }
}

mod delist {
    use super::*;

    #[test]
    fn takes_the_item_off_the_list() {
        given::<Item>(back()).when(delist(1)).then([delisted(1)]);
        assert!(given::<Item>(after(back(), delisted(1))).state().deleted());
    }

    #[test]
    fn is_answered_once_for_each_submission() {
        given::<Item>(back()).when(delist(1)).and_again(delist(1)).then_nothing();
        let refused = [back(), vec![held("r2"), delist_refused(1), released("r2")]].concat();
        given::<Item>(refused.clone()).when(delist(1)).then_nothing();
        given::<Item>(refused).when(delist(2)).then([delisted(2)]);
    }

    #[test]
    fn is_refused_on_record_while_another_reservation_holds_the_item() {
        let history = after(back(), held("r2"));
        assert_eq!(given::<Item>(history.clone()).state().must_be_free(), Err(Refusal::ItemHeld));
        given::<Item>(history).when(delist(1)).then([delist_refused(1)]);
    }

    #[test]
    fn is_answered_though_the_item_has_left_the_list() {
        given::<Item>(after(back(), deleted())).when(delist(1)).then([delisted(1)]);
    }

    #[test]
    fn refuses_a_reservation_from_which_it_did_not_come_back() {
        given::<Item>(on_loan()).when(delist(1)).then_refused(Refusal::NotReturned);
    }

    #[test]
    fn refuses_an_unknown_item() {
        given::<Item>([]).when(delist(1)).then_refused(Refusal::UnknownItem);
    }
}

#[test]
fn a_reason_is_stored_as_its_code() {
    use HoldRefusal::{ItemDeleted, ItemHeld, PriceChanged, UnknownItem};
    for reason in [UnknownItem, ItemDeleted, ItemHeld, PriceChanged] {
        let stored = serde_json::to_string(&reason).unwrap();
        assert_eq!(stored.trim_matches('"'), reason.as_str());
    }
}
