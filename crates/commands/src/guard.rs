//! What a command is held to beside the rules of the business: whose thing it is, and which of its
//! versions the caller has seen.

use crate::{Error, Refused};
use domain::{Aggregate, Id, Kind};

/// Holds for the command that a caller gives. What follows from it, by a policy or because one
/// request takes several commands, keeps the owner at most: see [`Meta::then`](crate::Meta::then).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// The customer who asks. What is another's is to them as if it were not there.
    pub owner: Option<Id>,
    pub expected: Option<Expected>,
}

/// What the caller has seen of the thing that the request is for. Other aggregates that the same
/// request changes are not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Of the thing's stream.
    pub category: &'static str,
    pub versions: Versions,
}

/// The version of a thing is the number of events in its stream; 0 when there is no such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versions {
    /// There is such a thing.
    Any,
    OneOf(Vec<u64>),
}

impl Versions {
    fn include(&self, version: u64) -> bool {
        match self {
            Self::Any => version > 0,
            Self::OneOf(versions) => version > 0 && versions.contains(&version),
        }
    }
}

impl Guard {
    /// What `state` decides, which is that of the stream `id` at `version`.
    pub(crate) fn decide<A: Aggregate>(
        &self,
        command: &A::Command,
        id: &str,
        state: &A,
        version: u64,
    ) -> Result<Vec<A::Event>, Error> {
        let refused = |refusal: A::Refusal| Error::Refused(refusal.into());
        if self.lets_in(id, state, version) {
            self.check::<A>(version)?;
            return state.decide(command).map_err(refused);
        }
        self.check::<A>(0)?;
        A::default().decide(command).map_err(refused)?;
        // What would create it finds the id taken, and says no more than that.
        Err(state.decide(command).map_or_else(refused, |_| Error::Refused(taken())))
    }

    /// Whether the caller may know of a thing.
    pub(crate) fn lets_in<A: Aggregate>(&self, id: &str, state: &A, version: u64) -> bool {
        let owner = self.owner.as_ref();
        version == 0 || owner.is_none_or(|owner| state.is_for(id, owner))
    }

    /// Refuses what was decided upon another version of the thing that the request is for.
    pub(crate) fn check<A: Aggregate>(&self, version: u64) -> Result<(), Error> {
        let expected = self.expected.as_ref().filter(|one| one.category == A::CATEGORY);
        match expected {
            Some(expected) if !expected.versions.include(version) => Err(Error::Stale { version }),
            Some(_) | None => Ok(()),
        }
    }
}

fn taken() -> Refused {
    Refused {
        code: "id-taken",
        kind: Kind::Rule,
        message: "this id is taken".to_owned(),
        figures: vec![],
    }
}

#[cfg(test)]
mod tests;
