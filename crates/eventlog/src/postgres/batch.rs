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

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// How many events it has.
    pub length: u64,
    /// The last of them.
    pub last: Uuid,
}

impl End {
    /// How the append's stream ends once it is stored.
    pub fn after(append: &Append) -> Self {
        let last = append.last_id().unwrap_or_default();
        Self { length: append.last_version() + 1, last }
    }

    /// Whether the append goes on where a stream ends; `None`: there is no such stream.
    pub fn is_followed_by(end: Option<Self>, append: &Append) -> bool {
        let (length, last) = end.map_or((0, None), |end| (end.length, Some(end.last)));
        append.expected().next() == length
            && append.builds_upon().is_none_or(|event| Some(event) == last)
    }
}

/// What is on record, as far as the batch touches it.
#[derive(Debug, Default)]
pub(super) struct OnRecord {
    /// How each stream ends; absent means that there are no events.
    pub ends: HashMap<StreamName, End>,
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
        let end = self.ends.get(append.stream()).copied();
        if End::is_followed_by(end, append) {
            return self.accept(append, head);
        }
        match self.repeated(append) {
            Some(before) => Verdict::Repeated(before),
            None => Verdict::Refused(AppendError::Conflict {
                stream: append.stream().clone(),
                expected: append.expected(),
                current: end.map(|end| end.length - 1),
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
        self.ends.insert(append.stream().clone(), End::after(append));
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
        self.ends.get(stream).map_or(0, |end| end.length)
    }
}

#[cfg(test)]
mod tests;
