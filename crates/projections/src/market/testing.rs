//! Given facts of the market, then rows.

use crate::{read_model::ReadModel, table::Rows, testing::at};
use domain::{Event, Fact, market};
use uuid::Uuid;

pub(crate) use crate::testing::{id, name, won};

/// The rows that events lead to, each of the thing named with it, one event a minute, by key.
pub(crate) fn rows_after<'a, M: ReadModel>(
    events: impl IntoIterator<Item = (&'a str, market::Event)>,
) -> Vec<M::Row> {
    let mut rows = Rows::<M::Row>::new();
    for (minute, (of, event)) in events.into_iter().enumerate() {
        let id = Uuid::from_u128(minute as u128);
        let event = Event::Market(event);
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

/// The row that has to be the only one.
pub(crate) fn row_after<'a, M: ReadModel>(
    events: impl IntoIterator<Item = (&'a str, market::Event)>,
) -> M::Row {
    let mut rows = rows_after::<M>(events);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}
