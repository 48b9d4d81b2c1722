//! Who listens to a view, and whom a change concerns. A change is looked at by those only whom it
//! may concern: by its key, or by the value of a column that they filter by.

mod listening;

use super::{change::Change, text::Reason, wanted::Scope};
use crate::row::Row;
use bytes::Bytes;
use eventlog::Position;
use listening::{Heard, Listening};
use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::Arc,
};
use tokio::{sync::mpsc, time::Instant};

/// Rounds of changes that wait for one listener; one that has more to read is cut off.
pub(super) const QUEUE: usize = 16;
/// How many parts there are, of which one after the other is told that its connection lives.
pub(super) const PARTS: u64 = 15;

/// What a listener is told.
#[derive(Debug)]
pub(super) enum Told {
    Events(Vec<Bytes>),
    /// It has to read everything again.
    Reset(Reason),
}

pub(super) type Number = u64;

pub(super) struct Board<R> {
    next: Number,
    hasher: RandomState,
    listening: HashMap<Number, Listening<R>>,
    /// Those who listen to a row, and those who were told of it.
    by_key: HashMap<u64, Vec<Number>>,
    /// Lists, by the filter that is looked at first.
    by_value: HashMap<&'static str, HashMap<String, HashSet<Number>>>,
    unfiltered: HashSet<Number>,
    /// Those of whom nobody knows yet which rows they have: they read what is there, or have read
    /// what may be ahead of what was told, which they know when everything up to there is told.
    opening: HashMap<Number, Option<Position>>,
    lists: usize,
}

impl<R: Row> Board<R> {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            hasher: RandomState::new(),
            listening: HashMap::new(),
            by_key: HashMap::new(),
            by_value: HashMap::new(),
            unfiltered: HashSet::new(),
            opening: HashMap::new(),
            lists: 0,
        }
    }

    /// Ends all streams.
    pub(super) fn clear(&mut self) {
        // No number is given twice: those who had one still leave.
        *self = Self { next: self.next, ..Self::new() };
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listening.is_empty()
    }

    /// Whether anybody may hear of a row.
    pub(super) fn wants(&self, key: &str) -> bool {
        self.lists > 0 || self.by_key.contains_key(&self.hasher.hash_one(key))
    }

    /// Somebody who has yet to read what is there.
    pub(super) fn join(&mut self, scope: Arc<Scope<R>>) -> (Number, mpsc::Receiver<Told>) {
        let number = self.next;
        self.next += 1;
        let (queue, told) = mpsc::channel(QUEUE);
        let mut listening = Listening { scope, queue, since: Instant::now(), known: None };
        match (listening.scope.key(), listening.scope.filter()) {
            (Some(key), _) => {
                self.by_key.entry(self.hasher.hash_one(key)).or_default().push(number);
            }
            (None, Some((column, value))) => {
                let values = self.by_value.entry(column).or_default();
                values.entry(value.clone()).or_default().insert(number);
                listening.known = Some(HashSet::new());
            }
            (None, None) => {
                self.unfiltered.insert(number);
            }
        }
        self.lists += usize::from(listening.scope.key().is_none());
        self.listening.insert(number, listening);
        self.open(number);
        (number, told)
    }

    /// It reads what is there, from now on or again.
    pub(super) fn open(&mut self, number: Number) {
        let Some(listening) = self.listening.get_mut(&number) else { return };
        let Some(known) = &mut listening.known else { return };
        let known = std::mem::take(known);
        self.opening.insert(number, None);
        self.forget(number, known);
    }

    /// It has these rows, and was told of what changed meanwhile. It may have others, too, of which
    /// something up to `until` is still to be told.
    pub(super) fn settle<'a>(
        &mut self,
        number: Number,
        keys: impl Iterator<Item = &'a str>,
        until: Option<Position>,
    ) {
        self.opening.remove(&number);
        let Some(listening) = self.listening.get_mut(&number) else { return };
        let Some(known) = &mut listening.known else { return };
        if until.is_some() {
            self.opening.insert(number, until);
        }
        for hash in keys.map(|key| self.hasher.hash_one(key)) {
            if known.insert(hash) {
                self.by_key.entry(hash).or_default().push(number);
            }
        }
    }

    /// Everything up to here is told.
    pub(super) fn reached(&mut self, position: Position) {
        self.opening.retain(|_, until| until.is_none_or(|until| until > position));
    }

    pub(super) fn leave(&mut self, number: Number) {
        let Some(listening) = self.listening.remove(&number) else { return };
        self.opening.remove(&number);
        self.unfiltered.remove(&number);
        let Listening { scope, known, .. } = listening;
        let mut hashes = known.unwrap_or_default();
        match (scope.key(), scope.filter()) {
            (Some(key), _) => {
                hashes.insert(self.hasher.hash_one(key));
            }
            (None, filter) => {
                self.lists -= 1;
                filter.into_iter().for_each(|(column, value)| self.unlist(number, column, value));
            }
        }
        self.forget(number, hashes);
    }

    fn unlist(&mut self, number: Number, column: &str, value: &str) {
        let Some(values) = self.by_value.get_mut(column) else { return };
        let Some(numbers) = values.get_mut(value) else { return };
        numbers.remove(&number);
        if numbers.is_empty() {
            values.remove(value);
        }
    }

    fn forget(&mut self, number: Number, hashes: HashSet<u64>) {
        for hash in hashes {
            let Some(numbers) = self.by_key.get_mut(&hash) else { continue };
            numbers.retain(|one| *one != number);
            if numbers.is_empty() {
                self.by_key.remove(&hash);
            }
        }
    }

    /// Tells everybody what of these changes concerns them.
    pub(super) fn tell(&mut self, changes: Vec<Change<R>>) {
        let (mut told, mut resets) = (HashMap::<Number, Vec<Bytes>>::new(), Vec::new());
        for mut change in changes {
            let hash = self.hasher.hash_one(change.key.as_str());
            for number in self.concerned(hash, change.row.as_ref()) {
                let Some(listening) = self.listening.get_mut(&number) else { continue };
                let is_opening = self.opening.contains_key(&number);
                let knew = listening.known.as_ref().is_some_and(|known| known.contains(&hash));
                let heard = listening.hear(hash, &change, is_opening);
                let knows = listening.known.as_ref().is_some_and(|known| known.contains(&hash));
                let text = match heard {
                    Heard::Row => Some(change.row_text(&listening.scope)),
                    Heard::Gone => Some(change.gone_text()),
                    Heard::Reset(reason) => {
                        resets.push((number, reason));
                        None
                    }
                    Heard::Nothing => None,
                };
                told.entry(number).or_default().extend(text);
                match (knew, knows) {
                    (false, true) => self.by_key.entry(hash).or_default().push(number),
                    (true, false) => self.forget(number, HashSet::from([hash])),
                    (true, true) | (false, false) => {}
                }
            }
        }
        for (number, events) in told {
            if !events.is_empty() {
                self.send(number, Told::Events(events));
            }
        }
        for (number, reason) in resets {
            self.send(number, Told::Reset(reason));
        }
    }

    fn concerned(&self, hash: u64, row: Option<&R>) -> Vec<Number> {
        let mut numbers = self.by_key.get(&hash).cloned().unwrap_or_default();
        numbers.extend(self.unfiltered.iter().chain(self.opening.keys()));
        for (column, values) in &self.by_value {
            let value = row.and_then(|row| row.text(column));
            numbers.extend(value.and_then(|value| values.get(value)).into_iter().flatten());
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Whoever has no room left is cut off.
    fn send(&mut self, number: Number, told: Told) {
        let Some(listening) = self.listening.get(&number) else { return };
        if listening.queue.try_send(told).is_err() {
            tracing::debug!("a listener is too slow, or gone");
            self.leave(number);
        }
    }

    fn everybody(&self) -> Vec<Number> {
        self.listening.keys().copied().collect()
    }

    pub(super) fn tell_all(&mut self, text: &Bytes) {
        for number in self.everybody() {
            self.send(number, Told::Events(vec![text.clone()]));
        }
    }

    pub(super) fn reset_all(&mut self, reason: Reason) {
        for number in self.everybody() {
            self.send(number, Told::Reset(reason));
        }
    }

    /// Tells one part of all that their connections live, and ends those that are there since before
    /// `began`.
    pub(super) fn keep_alive(&mut self, part: u64, text: &Bytes, began: Option<Instant>) {
        for number in self.everybody().into_iter().filter(|number| number % PARTS == part) {
            let since = self.listening.get(&number).map(|listening| listening.since);
            match since < began {
                true => self.leave(number),
                false => self.send(number, Told::Events(vec![text.clone()])),
            }
        }
    }
}

#[cfg(test)]
mod tests;
