//! Given facts, then rows.

use crate::{read_model::ReadModel, table::Rows};
use domain::{
    Event, Fact, Id, Instant, Quantity, Won,
    rental::{self, order, order::CancelledBy},
    shared::Name,
};
use uuid::Uuid;

/// The row that events lead to, one event a minute, each with the id of the aggregate it happened
/// to. It has to be the only one.
pub(crate) fn row_after<'a, M: ReadModel>(
    events: impl IntoIterator<Item = (&'a str, rental::Event)>,
) -> M::Row {
    let mut rows = Rows::<M::Row>::new();
    for (minute, (of, event)) in events.into_iter().enumerate() {
        let event = Event::Rental(event);
        let fact =
            Fact { id: Uuid::from_u128(minute as u128), of: of.to_owned(), at: at(minute), event };
        for key in M::keys(&fact) {
            let slot = rows.entry(key).or_default();
            *slot = M::fold(slot.take(), &fact);
        }
    }
    let mut rows: Vec<_> = rows.into_values().flatten().collect();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// When the event of this index was recorded.
pub(crate) fn at(minute: usize) -> Instant {
    Instant::UNIX_EPOCH + chrono::Duration::minutes(minute as i64)
}

pub(crate) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

pub(crate) fn won(amount: i64) -> Won {
    Won::new(amount).unwrap()
}

pub(crate) fn requested() -> order::Event {
    order::Event::RentalRequested {
        product_id: id("2"),
        product_name: name("MACBOOK"),
        qty: qty(10),
        amount: won(10),
        customer_id: Some(id("c1")),
    }
}

pub(crate) fn confirmed() -> order::Event {
    order::Event::StockConfirmed { product_id: id("2"), qty: qty(10), amount: won(10) }
}

pub(crate) fn cancelled(by: CancelledBy, reason: Option<&str>) -> order::Event {
    order::Event::RentalCancellationOccured {
        by,
        reason: reason.map(str::to_owned),
        product_id: id("2"),
        qty: qty(10),
        confirmed: true,
    }
}
