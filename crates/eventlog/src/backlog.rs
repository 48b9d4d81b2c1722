//! What a follower still has before it.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// The events after a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many there are.
    pub events: u64,
    /// Whether that is all of them. An engine that has to read them to count them stops somewhere;
    /// then there are at least so many.
    pub is_all: bool,
    /// When the first of them was recorded; `None` when there is none.
    pub oldest: Option<DateTime<Utc>>,
}

impl Backlog {
    /// Nothing stands after the position.
    pub const NONE: Self = Self { events: 0, is_all: true, oldest: None };

    /// For how long the first of the events has been waiting at `now`: zero when there is none, or
    /// when it was recorded by a clock that is ahead.
    pub fn age(&self, now: DateTime<Utc>) -> Duration {
        let waiting = self.oldest.map(|oldest| now.signed_duration_since(oldest));
        waiting.and_then(|waiting| waiting.to_std().ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_since_the_first_event_and_never_less_than_nothing() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let backlog = Backlog { events: 2, is_all: true, oldest: Some(at(10)) };
        assert_eq!(backlog.age(at(13)), Duration::from_secs(3));
        assert_eq!(backlog.age(at(9)), Duration::ZERO);
        assert_eq!(Backlog::NONE.age(at(13)), Duration::ZERO);
    }
}
