//! What is known of a stream, and what a command led to.

use domain::{Aggregate, Fact};
use eventlog::Position;
use std::collections::HashMap;
use tokio::time::Instant;
use uuid::Uuid;

/// What a command led to.
#[derive(Clone, Debug)]
pub struct Done<A: Aggregate> {
    /// The state after the command; for a repeat, the state after its first time.
    pub state: A,
    /// The position of the stream's last event then. `None` when nothing was ever stored.
    pub position: Option<Position>,
    /// The number of events in the stream then; 0 when nothing was ever stored.
    pub length: u64,
    /// Whether the command was answered before.
    pub repeated: bool,
    /// What the command stored, now or its first time.
    pub facts: Vec<Fact<A::Event>>,
}

/// A state and what it has seen.
#[derive(Clone, Debug)]
pub(super) struct Seen<A> {
    pub state: A,
    pub length: u64,
    pub position: Option<Position>,
    /// The length of the stream after each command that stored something.
    pub answered: HashMap<Uuid, u64>,
    /// When the stream was last read to its end.
    pub read: Option<Instant>,
}

impl<A: Aggregate> Seen<A> {
    pub fn nothing() -> Self {
        Self {
            state: A::default(),
            length: 0,
            position: None,
            answered: HashMap::new(),
            read: None,
        }
    }

    pub fn see(&mut self, event: &A::Event, command_id: Uuid, position: Position) {
        self.state.evolve(event);
        self.length += 1;
        self.position = Some(position);
        self.answered.insert(command_id, self.length);
    }

    pub fn done(&self) -> Done<A> {
        Done {
            state: self.state.clone(),
            position: self.position,
            length: self.length,
            repeated: false,
            facts: vec![],
        }
    }
}
