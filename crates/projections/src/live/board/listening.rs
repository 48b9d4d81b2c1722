//! One who listens, and what a change is to them.

use super::Told;
use crate::{
    live::{change::Change, text::Reason, wanted::Scope},
    row::Row,
};
use std::{collections::HashSet, sync::Arc};
use tokio::{sync::mpsc, time::Instant};

/// Rows that are kept in mind for one listener, to be able to say that they are gone.
pub(super) const KNOWN: usize = 10_000;
pub(super) struct Listening<R> {
    pub(super) scope: Arc<Scope<R>>,
    pub(super) queue: mpsc::Sender<Told>,
    pub(super) since: Instant,
    /// The rows that it was told of, where a filter can let them go: hashes of their keys.
    pub(super) known: Option<HashSet<u64>>,
}

/// What a change is to a listener.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Row,
    Gone,
    Nothing,
    Reset(Reason),
}

impl<R: Row> Listening<R> {
    /// What a change is to this listener, who remembers it.
    pub(super) fn hear(&mut self, hash: u64, change: &Change<R>, is_opening: bool) -> Heard {
        let scope = &self.scope;
        if scope.key().is_some_and(|key| key != change.key) {
            return Heard::Nothing;
        }
        let seen = change.row.as_ref().filter(|row| scope.sees(row));
        let is_wanted = seen.is_some_and(|row| scope.has(row));
        let Some(known) = &mut self.known else {
            return if is_wanted { Heard::Row } else { Heard::Gone };
        };
        if is_wanted {
            known.insert(hash);
            return if known.len() > KNOWN { Heard::Reset(Reason::TooMany) } else { Heard::Row };
        }
        match (known.remove(&hash), &change.row) {
            (true, _) => Heard::Gone,
            (false, _) if !is_opening => Heard::Nothing,
            // It may have the row as it was, or be about to read it.
            (false, Some(_)) if seen.is_some() => Heard::Gone,
            (false, Some(_)) => Heard::Nothing,
            (false, None) if scope.sees_all() => Heard::Gone,
            // Nobody knows any more whose row it was.
            (false, None) => Heard::Reset(Reason::Rewritten),
        }
    }
}
