//! What came of commands, counted for all aggregates of this process together. A command is known by
//! the name of its variant, and nothing of what it carries is kept.

use crate::{Error, execute::Done};
use domain::Aggregate;
use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Write},
    mem::{Discriminant, discriminant},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

pub(crate) const STORED: &str = "stored";

/// By aggregate type and command.
type All = BTreeMap<(&'static str, String), Arc<Counts>>;

static ALL: Mutex<All> = Mutex::new(BTreeMap::new());

/// How often a command ended in which way.
#[derive(Debug, Default)]
pub struct Counts {
    stored: AtomicU64,
    unchanged: AtomicU64,
    repeated: AtomicU64,
    conflict: AtomicU64,
    stale: AtomicU64,
    down: AtomicU64,
    fault: AtomicU64,
    /// By code. Counting them is nobody's hot path.
    refused: Mutex<BTreeMap<&'static str, u64>>,
}

/// One of them, to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// As `cafe.order`.
    pub part: &'static str,
    /// As `Place`.
    pub command: String,
    /// `stored`, `unchanged` (it was so already), `repeated`, `refused`, `conflict`, `stale`, `down`
    /// or `fault`.
    pub outcome: &'static str,
    /// Of a refusal; empty otherwise.
    pub code: &'static str,
    pub times: u64,
}

/// All that there were.
pub fn all() -> Vec<Outcome> {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.iter().flat_map(|((part, command), counts)| counts.told(part, command)).collect()
}

/// The counts of one aggregate type.
pub(crate) struct Tally<A: Aggregate>(RwLock<Vec<Known<A>>>);

type Known<A> = (Discriminant<<A as Aggregate>::Command>, Arc<Counts>);

impl<A: Aggregate> Tally<A> {
    pub fn new() -> Self {
        Self(RwLock::default())
    }

    /// Gives what it is counted as.
    pub fn count(&self, command: &A::Command, outcome: &Result<Done<A>, Error>) -> &'static str {
        let kind = discriminant(command);
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            // There are few.
            if let Some((_, counts)) = known.iter().find(|(one, _)| *one == kind) {
                return counts.count(outcome);
            }
        }
        let counts = {
            let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry((A::CATEGORY, name(command))).or_default().clone()
        };
        let counted = counts.count(outcome);
        self.0.write().unwrap_or_else(PoisonError::into_inner).push((kind, counts));
        counted
    }
}

impl Counts {
    fn count<A: Aggregate>(&self, outcome: &Result<Done<A>, Error>) -> &'static str {
        let (counted, count) = match outcome {
            Ok(done) if done.repeated => ("repeated", &self.repeated),
            Ok(done) if done.facts.is_empty() => ("unchanged", &self.unchanged),
            Ok(_) => (STORED, &self.stored),
            Err(Error::Refused(refused)) => {
                let mut codes = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                *codes.entry(refused.code).or_default() += 1;
                return "refused";
            }
            Err(Error::ConcurrentChange) => ("conflict", &self.conflict),
            Err(Error::Stale { .. }) => ("stale", &self.stale),
            Err(Error::PartDown { .. }) => ("down", &self.down),
            Err(
                Error::PaymentPaused { .. }
                | Error::PaymentDeclined { .. }
                | Error::PaymentUnavailable { .. }
                | Error::PaymentUnknown { .. }
                | Error::PaymentRejected(_)
                | Error::TooLarge(_)
                | Error::Unsealed(_)
                | Error::Unavailable(_)
                | Error::Unreadable { .. },
            ) => ("fault", &self.fault),
        };
        count.fetch_add(1, Relaxed);
        counted
    }

    fn told(&self, part: &'static str, command: &str) -> Vec<Outcome> {
        let Self { stored, unchanged, repeated, conflict, stale, down, fault, refused } = self;
        let counts = [
            (STORED, stored),
            ("unchanged", unchanged),
            ("repeated", repeated),
            ("conflict", conflict),
            ("stale", stale),
            ("down", down),
            ("fault", fault),
        ];
        let told = |outcome, code, times| Outcome {
            part,
            command: command.to_owned(),
            outcome,
            code,
            times,
        };
        let counts = counts.map(|(outcome, count)| told(outcome, "", count.load(Relaxed)));
        let refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = refused.iter().map(|(code, times)| told("refused", code, *times));
        counts.into_iter().chain(refused).collect()
    }
}

/// The variant's name, and no more: the first word of what it is in a program.
pub(crate) fn name(command: &impl Debug) -> String {
    let mut word = Word(String::new());
    // It ends where the word ends.
    let _ = write!(word, "{command:?}");
    word.0
}

struct Word(String);

impl Write for Word {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let len = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        self.0.push_str(&text[..len]);
        if len < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "only shown")]
    enum Example {
        Plain,
        Tuple(&'static str),
        Struct { phone: &'static str },
    }

    #[test]
    fn a_command_is_known_by_its_name_alone() {
        let all = [Example::Plain, Example::Tuple("Min"), Example::Struct { phone: "010" }];
        assert_eq!(all.map(|one| name(&one)), ["Plain", "Tuple", "Struct"]);
    }
}
