//! What an aggregate is: a state that decides about commands and remembers events.

use crate::Id;
use serde::{Serialize, de::DeserializeOwned};

/// One consistency boundary, rebuilt from one stream named `<context>.<aggregate>-<id>`.
///
/// `Default` is the state before the first event.
pub trait Aggregate: Default + Clone + Send + Sync + 'static {
    /// `<context>.<aggregate>`, for ever: `"cafe.order"`.
    const CATEGORY: &'static str;

    /// Permanent, an externally tagged enum: the variant's name is the stored type.
    type Event: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq + Send + Sync;
    type Command: Clone + std::fmt::Debug + Send + Sync;
    type Refusal: Refusal;

    /// The events that answer `command`. No event means "already so", which is not an error.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Remembers one event. Cannot fail: what happened, happened.
    fn evolve(&mut self, event: &Self::Event);

    /// Whether this, of the stream `id`, is for that customer to know of and to change. What belongs
    /// to nobody in particular is for all.
    fn is_for(&self, _id: &str, _customer: &Id) -> bool {
        true
    }
}

/// The business says no. `Display` says how the world is, in one sentence.
pub trait Refusal: std::error::Error + PartialEq + Send + Sync + 'static {
    /// Stable and for machines, in kebab case: `"insufficient-stock"`.
    fn code(&self) -> &'static str;

    fn kind(&self) -> Kind {
        Kind::Rule
    }

    /// The numbers that the sentence speaks of, each under the name it has in JSON.
    fn figures(&self) -> Vec<(&'static str, i64)> {
        vec![]
    }
}

/// What sort of no a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such thing.
    Unknown,
    /// A business rule says no in the present state.
    Rule,
    /// A value is outside its rule; the field is named as the request names it.
    Value { field: &'static str },
}
