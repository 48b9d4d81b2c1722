//! How many calls there were in the last seconds, and how many failed.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Into so many parts a window is divided: it slides by one of them.
const PARTS: u32 = 20;

/// Its size does not depend on the number of calls.
#[derive(Debug)]
pub(super) struct Window {
    begin: Instant,
    part: Duration,
    parts: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    number: u128,
    calls: u64,
    failures: u64,
}

impl Window {
    /// Of the last `length`, which is more than nothing.
    pub fn new(length: Duration, begin: Instant) -> Self {
        let part = (length / PARTS).max(Duration::from_nanos(1));
        Self { begin, part, parts: VecDeque::new() }
    }

    pub fn count(&mut self, failed: bool, now: Instant) {
        let number = self.number(now);
        // Whoever comes a little late with an earlier time counts for the last part.
        if self.parts.back().is_none_or(|last| last.number < number) {
            self.parts.push_back(Part { number, calls: 0, failures: 0 });
        }
        if let Some(last) = self.parts.back_mut() {
            last.calls += 1;
            last.failures += u64::from(failed);
        }
    }

    /// Calls, and those of them that failed.
    pub fn counts(&mut self, now: Instant) -> (u64, u64) {
        let number = self.number(now);
        let is_over = |part: &Part| part.number + u128::from(PARTS) <= number;
        while self.parts.front().is_some_and(is_over) {
            self.parts.pop_front();
        }
        let parts = self.parts.iter();
        parts.fold((0, 0), |(calls, failures), part| (calls + part.calls, failures + part.failures))
    }

    fn number(&self, now: Instant) -> u128 {
        now.saturating_duration_since(self.begin).as_nanos() / self.part.as_nanos()
    }
}
