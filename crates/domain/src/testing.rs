//! Given some events, when a command comes, then these events (or this refusal).
//!
//! Every event passes through its stored form on the way, in and out, so that a decision test also
//! shows that what it speaks of can be stored and read.

use crate::{
    Aggregate,
    shared::personal::Personal,
    stored::{Stored, decode, encode},
};
use std::fmt::Debug;

/// Starts from a history.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut state = A::default();
    for event in history {
        state.evolve(&through_json::<A>(&event));
    }
    Given { state }
}

/// Sends an event through its stored form.
pub fn through_json<A: Aggregate>(event: &A::Event) -> A::Event {
    let encoded = encode::<A>(event);
    let stored = Stored {
        category: A::CATEGORY,
        event_type: &encoded.event_type,
        schema_version: encoded.schema_version,
        payload: &encoded.payload,
    };
    decode::<A>(&stored).expect("what was written can be read")
}

/// What is kept of somebody, as it was stored before it was sealed: to those who decide and fold it is
/// the same.
pub fn personal(text: &str) -> Personal {
    Personal::Plain(text.to_owned())
}

#[derive(Debug)]
pub struct Given<A: Aggregate> {
    state: A,
}

impl<A: Aggregate> Given<A> {
    pub fn when(self, command: A::Command) -> Decided<A> {
        Decided { outcome: self.state.decide(&command), state: self.state }
    }

    /// The state itself, for what no command shows.
    pub fn state(self) -> A {
        self.state
    }
}

#[derive(Debug)]
pub struct Decided<A: Aggregate> {
    state: A,
    outcome: Result<Vec<A::Event>, A::Refusal>,
}

impl<A: Aggregate> Decided<A>
where
    A::Refusal: Debug,
{
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) {
        let events = self.outcome.expect("not refused");
        let stored: Vec<_> = events.iter().map(through_json::<A>).collect();
        assert_eq!(stored, expected.into_iter().collect::<Vec<_>>());
    }

    /// It was so already: nothing happens, and nothing is wrong.
    pub fn then_nothing(self) {
        self.then([]);
    }

    pub fn then_refused(self, expected: A::Refusal) {
        match self.outcome {
            Err(refusal) => assert_eq!(refusal, expected),
            Ok(events) => panic!("expected {expected:?}, got {events:?}"),
        }
    }

    /// Sends the same command once more to the state it led to.
    pub fn and_again(mut self, command: A::Command) -> Self {
        for event in self.outcome.iter().flatten() {
            self.state.evolve(&through_json::<A>(event));
        }
        Given { state: self.state }.when(command)
    }
}
