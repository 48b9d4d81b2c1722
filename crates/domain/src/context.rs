//! The closed list of bounded contexts. A sixth one starts here, and the compiler asks for the rest.

use crate::{
    cafe,
    shared::Instant,
    stored::{DecodeError, Stored},
};
use uuid::Uuid;

/// A bounded context. Its name is its module in every crate, its route prefix, its SQL schema and
/// the first word of its stream categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Cafe,
}

impl Context {
    pub const ALL: [Self; 1] = [Self::Cafe];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Cafe => "cafe",
        }
    }

    /// The aggregate types, which are also the parts that staff can pause: `cafe.ticket`.
    pub const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Cafe => &cafe::PARTS,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.name() == name)
    }

    /// The context that owns a stream category such as `cafe.order`.
    pub fn of_category(category: &str) -> Option<Self> {
        category.split_once('.').and_then(|(context, _)| Self::named(context))
    }
}

/// An event of any context.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Cafe(cafe::Event),
}

/// An event that is on record: what policies and projections are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<E> {
    /// The event's id.
    pub id: Uuid,
    /// The id of the aggregate it happened to.
    pub of: String,
    /// When it was recorded.
    pub at: Instant,
    pub event: E,
}

impl<E> Fact<E> {
    /// The same fact, its event seen another way.
    pub fn map<T>(self, see: impl FnOnce(E) -> T) -> Fact<T> {
        Fact { id: self.id, of: self.of, at: self.at, event: see(self.event) }
    }

    /// The same fact with the event of one context or aggregate.
    pub fn with<T>(&self, event: T) -> Fact<T> {
        Fact { id: self.id, of: self.of.clone(), at: self.at, event }
    }
}

/// The one decode point: stored JSON of any age becomes today's event.
pub fn decode(stored: &Stored<'_>) -> Result<Event, DecodeError> {
    match Context::of_category(stored.category) {
        Some(Context::Cafe) => cafe::decode(stored).map(Event::Cafe),
        None => Err(DecodeError::UnknownCategory(stored.category.to_owned())),
    }
}
