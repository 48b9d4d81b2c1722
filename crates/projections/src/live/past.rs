//! Which keys were touched lately.

use eventlog::Position;
use std::collections::{HashSet, VecDeque};

/// How many, at most, and of how many bytes.
const KEYS: usize = 20_000;
const BYTES: usize = 1 << 20;

pub(super) struct Past {
    /// All that was touched after this is known.
    base: Position,
    touched: VecDeque<(Position, Box<str>)>,
    bytes: usize,
}

impl Past {
    pub(super) fn from(base: Position) -> Self {
        Self { base, touched: VecDeque::new(), bytes: 0 }
    }

    /// In the order of the log.
    pub(super) fn push(&mut self, position: Position, key: &str) {
        self.bytes += key.len();
        self.touched.push_back((position, key.into()));
        while self.touched.len() > KEYS || self.bytes > BYTES {
            let Some((position, key)) = self.touched.pop_front() else { return };
            self.bytes -= key.len();
            self.base = position;
        }
    }

    /// Each key that was touched after `position`, with the last event that did, in the order of the
    /// log. `None` when that is not known any more.
    pub(super) fn since(&self, position: Position) -> Option<Vec<(String, Position)>> {
        if position < self.base {
            return None;
        }
        let known = self.touched.partition_point(|(at, _)| *at <= position);
        let (mut seen, mut last) = (HashSet::new(), Vec::new());
        for (at, key) in self.touched.range(known..).rev() {
            if seen.insert(key) {
                last.push((key.to_string(), *at));
            }
        }
        last.reverse();
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, KEYS, Past};
    use eventlog::Position;

    fn at(commit: u64) -> Position {
        Position { commit, prepare: commit }
    }

    fn since(past: &Past, commit: u64) -> Option<Vec<(String, u64)>> {
        let keys = past.since(at(commit))?;
        Some(keys.into_iter().map(|(key, position)| (key, position.commit)).collect())
    }

    #[test]
    fn what_was_touched_since_is_known_and_nothing_of_before() {
        let mut past = Past::from(at(10));
        for (commit, key) in [(11, "a"), (12, "b"), (12, "c"), (14, "a")] {
            past.push(at(commit), key);
        }
        let keys = |keys: &[(&str, u64)]| {
            Some(keys.iter().map(|(key, at)| (key.to_string(), *at)).collect::<Vec<_>>())
        };
        assert_eq!(since(&past, 9), None);
        assert_eq!(since(&past, 10), keys(&[("b", 12), ("c", 12), ("a", 14)]));
        assert_eq!(since(&past, 11), since(&past, 10));
        assert_eq!(since(&past, 12), keys(&[("a", 14)]));
        assert_eq!([since(&past, 14), since(&past, 99)], [keys(&[]), keys(&[])]);
    }

    #[test]
    fn it_does_not_grow_beyond_its_bounds() {
        let mut past = Past::from(at(0));
        for commit in 1..=KEYS as u64 + 5 {
            past.push(at(commit), "k");
        }
        assert_eq!((since(&past, 4), since(&past, 5).is_some()), (None, true));
        past.push(at(30_000), &"k".repeat(BYTES));
        assert_eq!(since(&past, KEYS as u64 + 4), None);
        assert_eq!(since(&past, KEYS as u64 + 5).map(|keys| keys.len()), Some(1));
    }
}
