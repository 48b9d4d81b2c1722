//! The closed list of bounded contexts. A sixth one starts here, and the compiler asks for the rest.

use crate::{
    cafe, market, rental, restaurant,
    shared::Instant,
    stored::{DecodeError, Stored},
    warehouse,
};
use uuid::Uuid;

/// A bounded context. Its name is its module in every crate, its route prefix, its SQL schema and
/// the first word of its stream categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Warehouse,
    Market,
    Rental,
    Restaurant,
    Cafe,
}

impl Context {
    pub const ALL: [Self; 5] =
        [Self::Warehouse, Self::Market, Self::Rental, Self::Restaurant, Self::Cafe];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Warehouse => "warehouse",
            Self::Market => "market",
            Self::Rental => "rental",
            Self::Restaurant => "restaurant",
            Self::Cafe => "cafe",
        }
    }

    /// The aggregate types, which are also the parts that staff can pause: `cafe.ticket`.
    pub const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Warehouse => &warehouse::PARTS,
            Self::Market => &market::PARTS,
            Self::Rental => &rental::PARTS,
            Self::Restaurant => &restaurant::PARTS,
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
    Warehouse(warehouse::Event),
    Market(market::Event),
    Rental(rental::Event),
    Restaurant(restaurant::Event),
    Cafe(cafe::Event),
}

/// An event as one context sees it: `None` when it is another context's.
impl Event {
    pub fn warehouse(&self) -> Option<&warehouse::Event> {
        if let Self::Warehouse(event) = self { Some(event) } else { None }
    }

    pub fn market(&self) -> Option<&market::Event> {
        if let Self::Market(event) = self { Some(event) } else { None }
    }

    pub fn rental(&self) -> Option<&rental::Event> {
        if let Self::Rental(event) = self { Some(event) } else { None }
    }

    pub fn restaurant(&self) -> Option<&restaurant::Event> {
        if let Self::Restaurant(event) = self { Some(event) } else { None }
    }

    pub fn cafe(&self) -> Option<&cafe::Event> {
        if let Self::Cafe(event) = self { Some(event) } else { None }
    }
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
        Some(Context::Warehouse) => warehouse::decode(stored).map(Event::Warehouse),
        Some(Context::Market) => market::decode(stored).map(Event::Market),
        Some(Context::Rental) => rental::decode(stored).map(Event::Rental),
        Some(Context::Restaurant) => restaurant::decode(stored).map(Event::Restaurant),
        Some(Context::Cafe) => cafe::decode(stored).map(Event::Cafe),
        None => Err(DecodeError::UnknownCategory(stored.category.to_owned())),
    }
}
