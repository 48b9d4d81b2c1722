//! A row that was read because an event touched it.

use super::{mark::Mark, text, wanted::Scope};
use crate::{query::camel_case, row::Row, table::Rows};
use bytes::Bytes;
use eventlog::Position;
use serde_json::{Map, Value};

/// How a row is now. It becomes text once, however many hear of it.
pub(super) struct Change<R> {
    pub(super) key: String,
    /// `None`: there is none.
    pub(super) row: Option<R>,
    /// Everything up to here is known by whoever knows this. None when more is to follow of the same
    /// event.
    mark: Option<Mark>,
    whole: Option<Bytes>,
    masked: Option<Bytes>,
    gone: Option<Bytes>,
}

impl<R: Row> Change<R> {
    pub(super) fn new(key: String, row: Option<R>, mark: Option<Mark>) -> Self {
        Self { key, row, mark, whole: None, masked: None, gone: None }
    }

    /// The row, as those of a scope may see it.
    pub(super) fn row_text(&mut self, scope: &Scope<R>) -> Bytes {
        let Some(row) = &self.row else { return self.gone_text() };
        let mark = self.mark;
        let (text, mask) = match scope.mask(row) {
            Some(hide) => (&mut self.masked, Some(hide)),
            None => (&mut self.whole, None),
        };
        let write = || match mask {
            Some(hide) => {
                let mut row = row.clone();
                hide(&mut row);
                text::event("row", mark, &row).into()
            }
            None => text::event("row", mark, row).into(),
        };
        text.get_or_insert_with(write).clone()
    }

    pub(super) fn gone_text(&mut self) -> Bytes {
        let write = || {
            let name = camel_case(R::COLUMNS[0].name);
            let data = Map::from_iter([(name, Value::from(self.key.as_str()))]);
            text::event("gone", self.mark, &data).into()
        };
        self.gone.get_or_insert_with(write).clone()
    }
}

/// How rows are that were touched, in the order of the events that did. Only the last of an event
/// says that all of it is known.
pub(super) fn in_order<R: Row>(
    touched: Vec<(String, Position)>,
    mut rows: Rows<R>,
    generation: Option<i64>,
) -> Vec<Change<R>> {
    let positions: Vec<_> = touched.iter().map(|(_, position)| *position).collect();
    let change = |(index, (key, position)): (usize, (String, Position))| {
        let is_last = positions.get(index + 1) != Some(&position);
        let row = rows.remove(&key)?;
        Some(Change::new(key, row, is_last.then_some(Mark { position, generation })))
    };
    touched.into_iter().enumerate().filter_map(change).collect()
}
