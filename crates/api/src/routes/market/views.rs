//! Queries of the market.

use crate::http::{
    access::{EVERYBODY, MANAGERS, RENTERS},
    operation::Routes,
    timeline,
    views::{
        Views,
        served::{Key, Served, Whose},
    },
};
use domain::{Aggregate, Id, market::reservation::Reservation, shared::personal::Personal};
use projections::{
    market::{
        item_info::{ItemInfo, ItemInfoRow},
        payments::Payments,
        reservations::Reservations,
        reviews::{ReviewRow, Reviews},
    },
    row::Private,
};
use std::sync::Arc;

const ITEM: Key = Key { unknown: "unknown-item", example: "i-1" };
const RESERVATION: Key = Key { unknown: "unknown-reservation", example: "r-1" };
const PAYMENT: Key = Key { unknown: "unknown-payment", example: "r-1" };
const REVIEW: Key = Key { unknown: "unknown-review", example: "r-1" };

/// Who has an item is not everybody's business.
const ITEMS: Whose<ItemInfoRow> = Whose::Shared { column: "customer_id", hide: hide_holder };

/// Nor is who of the neighbours wrote a review.
const REVIEWS: Whose<ReviewRow> = Whose::Shared { column: "customer_id", hide: hide_reviewer };

/// Names without hyphens are the original system's.
pub fn routes() -> Routes<Arc<Views>> {
    let items = Served::<ItemInfo>::new(EVERYBODY, ITEMS)
        .list("/market/item-info", "Items on the list, and who has them")
        .list("/market/items", "Items on the list, and who has them")
        .list("/market/itemInfoes", "Items on the list, and who has them")
        .one::<Id>("/market/item-info/{itemNo}", "An item, and who has it", ITEM)
        .one::<Id>("/market/items/{itemNo}", "An item, and who has it", ITEM);
    let reservations = Served::<Reservations>::new(RENTERS, Whose::Of("customer_id"))
        .list("/market/reservations", "Reservations")
        .one::<Id>("/market/reservations/{reservationNo}", "How a reservation stands", RESERVATION);
    let payments = Served::<Payments>::new(MANAGERS, Whose::Everybodys)
        .list("/market/payments", "What was paid, and what went back")
        .one::<Id>("/market/payments/{reservationNo}", "The payment of a reservation", PAYMENT);
    let reviews = Served::<Reviews>::new(EVERYBODY, REVIEWS)
        .list("/market/reviews", "What renters say")
        .list("/market/reviewInfoes", "What renters say")
        .one::<Id>("/market/reviews/{reservationNo}", "What one renter says", REVIEW);
    let timeline = timeline::route(
        "/market/reservations/{reservationNo}/timeline",
        "Everything that happened to a reservation",
        MANAGERS,
        Reservation::CATEGORY,
        RESERVATION,
    );
    items
        .routes()
        .merge(reservations.routes())
        .merge(payments.routes())
        .merge(reviews.routes())
        .merge(timeline)
}

fn hide_holder(row: &mut ItemInfoRow) {
    row.reservation_no = None;
    row.customer_id = None;
    row.customer_name = None;
}

/// Leaves the initial of the name.
fn hide_reviewer(row: &mut ReviewRow) {
    if let Some(name) = row.customer_name.shown() {
        let initial: String = name.chars().take(1).collect();
        row.customer_name = Private(Personal::Plain(initial + "**"));
    }
    row.reservation_no = String::new();
    row.customer_id = String::new();
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Instant, shared::personal::Sealed, testing::personal};
    use uuid::Uuid;

    #[test]
    fn of_a_review_others_see_what_it_says() {
        let mut row = ReviewRow {
            reservation_no: "r-1".to_owned(),
            item_no: "i-1".to_owned(),
            item_name: "드릴".to_owned(),
            customer_id: "min".to_owned(),
            customer_name: Private(personal("김민")),
            score: 5,
            text: None,
            at: Instant::UNIX_EPOCH,
        };
        hide_reviewer(&mut row);
        assert_eq!((row.customer_id.as_str(), row.customer_name.shown()), ("", Some("김**")));
        assert_eq!((row.item_no.as_str(), row.score), ("i-1", 5));
        let sealed = Sealed { key: Uuid::nil(), sealed: "AAAA".to_owned() };
        row.customer_name = Private(Personal::Sealed(sealed));
        hide_reviewer(&mut row);
        assert_eq!(row.customer_name.shown(), None);
    }
}
