//! What is known of a stream, and what a command led to.

use domain::{Aggregate, Fact};
use eventlog::Position;
use std::collections::HashMap;
use tokio::{sync::watch, time::Instant};
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

/// What becomes of an append that others already build upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Stored(Position),
    Lost,
}

/// Tells the fate of an append. Dropped before, it is as good as lost: the stream has to be read.
#[derive(Debug)]
pub(super) struct Teller(watch::Sender<Fate>);

impl Teller {
    pub fn stored(self, position: Position) {
        self.0.send_replace(Fate::Stored(position));
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.0.send_if_modified(|fate| {
            let open = *fate == Fate::Open;
            if open {
                *fate = Fate::Lost;
            }
            open
        });
    }
}

/// A state and what it has seen.
#[derive(Clone, Debug)]
pub(super) struct Seen<A> {
    pub state: A,
    pub length: u64,
    pub position: Option<Position>,
    /// The length of the stream after each command that stored something.
    pub answered: HashMap<Uuid, u64>,
    /// The id of the last event.
    pub last_event: Option<Uuid>,
    /// When the stream was last read to its end.
    pub read: Option<Instant>,
    /// The last append that is in the state and may not be stored yet. Those before it are stored
    /// when it is.
    last: Option<watch::Receiver<Fate>>,
}

impl<A: Aggregate> Done<A> {
    /// Whether this command was it that stored what there is to store, now or its first time.
    pub(crate) fn is_ours(&self) -> bool {
        self.repeated || !self.facts.is_empty()
    }
}

impl<A: Aggregate> Seen<A> {
    pub fn nothing() -> Self {
        Self {
            state: A::default(),
            length: 0,
            position: None,
            answered: HashMap::new(),
            last_event: None,
            read: None,
            last: None,
        }
    }

    /// `position` is not known of what is not stored yet.
    pub fn see(&mut self, fact: &Fact<A::Event>, command_id: Uuid, position: Option<Position>) {
        self.state.evolve(&fact.event);
        self.last_event = Some(fact.id);
        self.length += 1;
        self.position = position.or(self.position);
        self.answered.insert(command_id, self.length);
    }

    /// What was last seen is on its way into the log.
    pub fn await_fate(&mut self) -> Teller {
        let (teller, fate) = watch::channel(Fate::Open);
        self.last = Some(fate);
        Teller(teller)
    }

    /// All it has seen is in the log.
    pub fn is_stored(&mut self) {
        self.last = None;
    }

    /// Whether it is known that something it has seen is not in the log.
    pub fn is_lost(&self) -> bool {
        self.last.as_ref().is_some_and(|fate| *fate.borrow() == Fate::Lost)
    }

    /// Waits until all it has seen is in the log. `false` when some of it is not.
    pub async fn settle(&mut self) -> bool {
        let Some(mut fate) = self.last.take() else {
            return true;
        };
        let fate = fate.wait_for(|fate| *fate != Fate::Open).await.map_or(Fate::Lost, |fate| *fate);
        if let Fate::Stored(position) = fate {
            self.position = self.position.max(Some(position));
        }
        fate != Fate::Lost
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
