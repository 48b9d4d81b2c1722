use super::{ItemInfo, ItemInfoRow};
use crate::{
    market::testing::{id, name, row_after, rows_after, won},
    row::{Literal, Private},
    testing::at,
};
use domain::{
    market::{
        Event,
        item::{self, Deletion, HoldRefusal},
        payment,
    },
    testing::personal,
};

type Fact = (&'static str, Event);

fn item(event: item::Event) -> Fact {
    ("i1", Event::Item(event))
}

fn registered() -> Fact {
    item(item::Event::ItemRegistered { item_name: name("Camera"), item_price: won(100) })
}

fn held(reservation: &str) -> Fact {
    item(item::Event::ItemHeld {
        reservation_no: id(reservation),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        item_name: name("Camera"),
        item_price: won(100),
    })
}

fn paid(reservation: &'static str) -> Fact {
    let payment_no = "p1".to_owned();
    let (item_no, amount) = (id("i1"), won(100));
    let approved = payment::Event::PaymentApproved { item_no, amount, attempt: 1, payment_no };
    (reservation, Event::Payment(approved))
}

fn refunded(reservation: &'static str) -> Fact {
    let (item_no, amount) = (id("i1"), won(100));
    let canceled = payment::Event::PaymentCanceled { item_no, amount, attempt: 1 };
    (reservation, Event::Payment(canceled))
}

fn released(reservation: &str) -> Fact {
    item(item::Event::ItemReleased { reservation_no: id(reservation) })
}

fn lent() -> Fact {
    item(item::Event::RentedItem { reservation_no: id("r1") })
}

fn returned() -> Fact {
    item(item::Event::ReturnedItem {
        reservation_no: id("r1"),
        customer_id: id("c1"),
        customer_name: personal("YoungEunSong"),
        item_name: name("Camera"),
    })
}

fn row(facts: impl IntoIterator<Item = Fact>) -> ItemInfoRow {
    row_after::<ItemInfo>(facts)
}

/// Item, rental, payment and reservation.
fn statuses(row: &ItemInfoRow) -> [&'static str; 4] {
    let reservation = row.reservation_status.map_or("-", |status| status.0.word());
    [row.item_status.0.word(), row.rental_status.0.word(), row.payment_status.0.word(), reservation]
}

#[test]
fn a_registered_item_is_rentable() {
    let row = row([registered()]);
    assert_eq!((row.item_name.as_str(), row.item_price), ("Camera", 100));
    assert_eq!(statuses(&row), ["Rentable", "NotRenting", "NotPaid", "-"]);
}

#[test]
fn item_and_reservation_stand_in_one_row() {
    let row = row([registered(), held("r1"), paid("r1"), lent()]);
    assert_eq!(row.reservation_no.as_deref(), Some("r1"));
    assert_eq!(row.customer_name.as_ref().and_then(Private::shown), Some("YoungEunSong"));
    assert_eq!(statuses(&row), ["NotRentable", "Renting", "Paid", "Confirmed"]);
    assert_eq!(row.changed_at, at(3));
}

#[test]
fn after_the_return_it_is_rentable_and_nobody_has_it() {
    let row = row([registered(), held("r1"), paid("r1"), lent(), returned()]);
    assert_eq!((row.customer_id.as_ref(), row.customer_name.as_ref()), (None, None));
    assert_eq!(statuses(&row), ["Rentable", "Returned", "Paid", "Confirmed"]);
}

#[test]
fn after_a_cancel_it_is_rentable_and_the_money_goes_back() {
    let row = row([registered(), held("r1"), paid("r1"), released("r1"), refunded("r1")]);
    assert_eq!((row.customer_id.as_ref(), row.customer_name.as_ref()), (None, None));
    assert_eq!(statuses(&row), ["Rentable", "NotRenting", "Refunded", "Cancelled"]);
}

#[test]
fn the_next_reservation_starts_anew() {
    let facts = [registered(), held("r1"), paid("r1"), released("r1"), held("r2"), refunded("r1")];
    let row = row(facts);
    assert_eq!(row.reservation_no.as_deref(), Some("r2"));
    assert_eq!(statuses(&row), ["NotRentable", "NotRenting", "NotPaid", "Confirmed"]);
}

#[test]
fn what_does_not_hold_the_item_changes_nothing() {
    let reason = HoldRefusal::ItemHeld;
    let refused = item(item::Event::HoldRefused { reservation_no: id("r2"), reason });
    let row = row([registered(), held("r1"), refused, released("r3")]);
    assert_eq!((row.reservation_no.as_deref(), row.changed_at), (Some("r1"), at(1)));
}

#[test]
fn what_has_left_the_list_is_not_shown() {
    let reason = Deletion::ByManager;
    let deleted = item(item::Event::ItemDeleted { reason, reservation_no: None, submission: None });
    assert_eq!(rows_after::<ItemInfo>([registered(), deleted]), []);
    let reason = HoldRefusal::UnknownItem;
    let refused = item(item::Event::HoldRefused { reservation_no: id("r1"), reason });
    assert_eq!(rows_after::<ItemInfo>([refused]), []);
}
