//! Which appends of a batch are accepted. Pure: the writer reads what it asks for and stores what it
//! says.

use super::rows::at;
use crate::{Append, AppendError, Appended, StreamName};
use std::collections::HashMap;
use uuid::Uuid;

/// What one append of the batch comes to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Stored, its first event at this position.
    Accepted {
        first_position: i64,
    },
    /// Stored long ago, or earlier in this batch.
    Repeated(Appended),
    Refused(AppendError),
}

/// A stored event as far as a repeat is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub id: Uuid,
    pub position: i64,
}

/// The stretch of a stream that an append would have written, had it been stored before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub stream: StreamName,
    pub first: u64,
    pub last: u64,
}

/// What is on record, as far as the batch touches it.
#[derive(Debug, Default)]
pub(super) struct OnRecord {
    /// The number of events of each stream; absent means none.
    pub lengths: HashMap<StreamName, u64>,
    pub events: HashMap<(StreamName, u64), Known>,
}

impl OnRecord {
    /// The stretches to look up before judging: appends that expect less than there is are either
    /// repeats or too late.
    pub(super) fn doubtful<'a>(&self, appends: impl Iterator<Item = &'a Append>) -> Vec<Stretch> {
        appends
            .filter(|append| append.expected().next() < self.length(append.stream()))
            .map(|append| Stretch {
                stream: append.stream().clone(),
                first: append.expected().next(),
                last: append.last_version(),
            })
            .collect()
    }

    /// Judges the appends in their order, each seeing those accepted before it. `head` is the last
    /// position given away; it moves.
    pub(super) fn judge<'a>(
        mut self,
        appends: impl Iterator<Item = &'a Append>,
        head: &mut i64,
    ) -> Vec<Verdict> {
        appends.map(|append| self.judge_one(append, head)).collect()
    }

    fn judge_one(&mut self, append: &Append, head: &mut i64) -> Verdict {
        let length = self.length(append.stream());
        if append.expected().next() == length {
            return self.accept(append, head);
        }
        match self.repeated(append) {
            Some(before) => Verdict::Repeated(before),
            None => Verdict::Refused(AppendError::Conflict {
                stream: append.stream().clone(),
                expected: append.expected(),
                current: length.checked_sub(1),
            }),
        }
    }

    fn accept(&mut self, append: &Append, head: &mut i64) -> Verdict {
        let first_position = *head + 1;
        for (version, event) in (append.expected().next()..).zip(append.events()) {
            *head += 1;
            let known = Known { id: event.id, position: *head };
            self.events.insert((append.stream().clone(), version), known);
        }
        let length = append.last_version() + 1;
        self.lengths.insert(append.stream().clone(), length);
        Verdict::Accepted { first_position }
    }

    /// The answer of the first time, when every event is on record where it would be.
    fn repeated(&self, append: &Append) -> Option<Appended> {
        let mut position = None;
        for (version, event) in (append.expected().next()..).zip(append.events()) {
            let known = self.events.get(&(append.stream().clone(), version))?;
            if known.id != event.id {
                return None;
            }
            position = Some(known.position);
        }
        position.map(|position| Appended { version: append.last_version(), position: at(position) })
    }

    fn length(&self, stream: &StreamName) -> u64 {
        self.lengths.get(stream).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
