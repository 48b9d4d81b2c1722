//! What a read model is: a typed row and a pure fold.

use crate::row::Row;
use domain::{Event, Fact};

/// A question, answered by a table that is folded from the log and can be folded again at any time.
///
/// All of it is pure: no clock, no randomness, no look-up, so that live work, catching up and
/// rebuilding lead to the same rows.
pub trait ReadModel: Send + Sync + 'static {
    /// Its table, and the name of its checkpoint: `"cafe.order_status"`.
    const NAME: &'static str;

    /// The stream categories it follows.
    const CATEGORIES: &'static [&'static str];

    /// The text columns, each with an index, that a list may be filtered by.
    const FILTERS: &'static [&'static str];

    type Row: Row;

    /// The rows that a fact touches.
    fn keys(fact: &Fact<Event>) -> Vec<String>;

    /// Where a row that shows one stream of the one category, under the stream's id, holds the number
    /// of events in it. The engine writes it there. A view without it shows more, or less, than that.
    fn version(_row: &mut Self::Row) -> Option<&mut i64> {
        None
    }

    /// One of these rows after the fact: changed, new, the same, or gone.
    fn fold(row: Option<Self::Row>, fact: &Fact<Event>) -> Option<Self::Row>;
}

/// The categories of `M` as the log takes them.
pub(crate) fn categories<M: ReadModel>() -> Vec<String> {
    let categories = M::CATEGORIES.iter();
    categories.map(|category| (*category).to_owned()).collect()
}
