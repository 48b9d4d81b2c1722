//! Given facts, then rows.

use crate::{read_model::ReadModel, table::Rows};
use domain::{Event, Fact, Id, Instant, Quantity, Won, shared::Name};
use uuid::Uuid;

/// The rows that events of one id lead to, one event a minute, by key.
pub(crate) fn rows_after<M: ReadModel>(
    of: &str,
    events: impl IntoIterator<Item = Event>,
) -> Vec<M::Row> {
    let mut rows = Rows::<M::Row>::new();
    for (minute, event) in events.into_iter().enumerate() {
        let id = Uuid::from_u128(minute as u128);
        let fact = Fact { id, of: of.to_owned(), at: at(minute), event };
        for key in M::keys(&fact) {
            let slot = rows.entry(key).or_default();
            *slot = M::fold(slot.take(), &fact);
        }
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows.into_iter().filter_map(|(_, row)| row).collect()
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
