//! What the log has of a view, and the view may not show yet.

use crate::{fold::touched, read_model::ReadModel};
use eventlog::{Delivery, Position, Subscription};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// The log is not read further then.
const PENDING: usize = 10_000;
/// Keys of one round.
const ROUND: usize = 500;

/// An event of the view.
struct Step {
    position: Position,
    /// None when it cannot be told which rows it touches.
    keys: Option<Vec<String>>,
    since: Instant,
}

/// What is told together.
pub(super) struct Round {
    /// Each key with the last event that touched it, in the order of the log.
    pub(super) touched: Vec<(String, Position)>,
    /// Everything up to here is told with it.
    pub(super) end: Position,
    /// Whether these are all keys.
    pub(super) is_all: bool,
}

pub(super) struct Pending {
    steps: VecDeque<Step>,
    /// Read from the log up to here.
    delivered: Position,
    /// The view shows everything up to here.
    reached: Position,
}

impl Pending {
    /// Behind where the view is.
    pub(super) fn from(reached: Position) -> Self {
        Self { steps: VecDeque::new(), delivered: reached, reached }
    }

    pub(super) fn has_room(&self) -> bool {
        self.steps.len() < PENDING
    }

    /// Takes a delivery and what else is ready.
    pub(super) fn take<M: ReadModel>(&mut self, first: Delivery, more: &mut Subscription) {
        let mut ready = Some(first);
        while let Some(delivery) = ready {
            match delivery {
                Delivery::Events(events) => {
                    let after = self.delivered;
                    for event in events.iter().filter(|event| event.position > after) {
                        self.push(event.position, touched::<M>(event).ok());
                    }
                }
                Delivery::Checkpoint(position) => self.delivered = self.delivered.max(position),
                Delivery::CaughtUp => {}
            }
            ready = if self.has_room() { more.try_next() } else { None };
        }
    }

    fn push(&mut self, position: Position, keys: Option<Vec<String>>) {
        self.delivered = position;
        if keys.as_ref().is_none_or(|keys| !keys.is_empty()) {
            self.steps.push_back(Step { position, keys, since: Instant::now() });
        }
    }

    pub(super) fn reach(&mut self, position: Position) {
        self.reached = self.reached.max(position);
    }

    /// Everything up to here is told, when nothing is left.
    pub(super) fn end(&self) -> Option<Position> {
        self.steps.is_empty().then_some(self.delivered)
    }

    /// Whether the view has come to something.
    pub(super) fn is_due(&self) -> bool {
        self.steps.front().is_some_and(|step| step.position <= self.reached)
    }

    /// For how long something has been there that the view has not come to.
    pub(super) fn age(&self) -> Option<Duration> {
        let first = self.steps.front().filter(|step| step.position > self.reached);
        first.map(|step| step.since.elapsed())
    }

    /// Takes what the view has come to.
    pub(super) fn round(&mut self) -> Round {
        let (mut last, mut end, mut is_all) = (HashMap::new(), self.delivered, true);
        while self.is_due() && last.len() < ROUND {
            let Some(step) = self.steps.pop_front() else { break };
            end = if self.steps.is_empty() { self.delivered } else { step.position };
            is_all &= step.keys.is_some();
            last.extend(step.keys.into_iter().flatten().map(|key| (key, step.position)));
        }
        let mut touched: Vec<_> = last.into_iter().collect();
        touched.sort_unstable_by_key(|(_, position)| *position);
        Round { touched, end, is_all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(commit: u64) -> Position {
        Position { commit, prepare: commit }
    }

    fn pending(steps: &[(u64, &[&str])]) -> Pending {
        let mut pending = Pending::from(at(0));
        for (commit, keys) in steps {
            let keys = keys.iter().map(ToString::to_string).collect();
            pending.push(at(*commit), Some(keys));
        }
        pending
    }

    #[test]
    fn a_round_is_what_the_view_has_come_to_with_the_last_event_of_each_key() {
        let mut pending = pending(&[(1, &["a"]), (2, &["b"]), (3, &["a"]), (5, &["c"]), (6, &[])]);
        assert!(!pending.is_due() && pending.age().is_some());
        pending.reach(at(4));
        let Round { touched, end, is_all } = pending.round();
        assert_eq!(touched, [("b".to_owned(), at(2)), ("a".to_owned(), at(3))]);
        assert_eq!((end, is_all, pending.end()), (at(3), true, None));
        pending.reach(at(5));
        let Round { touched, end, .. } = pending.round();
        assert_eq!(
            (touched, end, pending.end()),
            (vec![("c".to_owned(), at(5))], at(6), Some(at(6)))
        );
    }

    #[test]
    fn what_cannot_be_told_is_known_to_be_there() {
        let mut pending = Pending::from(at(0));
        pending.push(at(1), None);
        pending.reach(at(1));
        let Round { touched, is_all, .. } = pending.round();
        assert!(touched.is_empty() && !is_all);
    }

    #[test]
    fn a_round_does_not_grow_beyond_its_bound() {
        let keys: Vec<String> = (0..=ROUND as u64).map(|number| number.to_string()).collect();
        let mut pending = Pending::from(at(0));
        for (key, number) in keys.into_iter().zip(1..) {
            pending.push(at(number), Some(vec![key]));
        }
        pending.reach(at(ROUND as u64 + 1));
        let first = pending.round();
        assert_eq!((first.touched.len(), first.end), (ROUND, at(ROUND as u64)));
        assert_eq!(pending.round().touched.len(), 1);
    }
}
