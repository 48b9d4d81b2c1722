//! The business of Jangteo, pure: what happened (events), what is asked (commands), why the answer
//! may be no (refusals), and what follows (policies).
//!
//! No I/O, no async, no clock, no randomness: times and ids come in as parameters, so that every
//! decision repeats.

#![warn(clippy::unwrap_used)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod aggregate;
pub mod cafe;
pub mod context;
pub mod market;
pub mod rental;
pub mod restaurant;
pub mod shared;
pub mod stored;
pub mod testing;
pub mod timeline;
pub mod warehouse;

pub use aggregate::{Aggregate, Kind, Refusal};
pub use context::{Context, Event, Fact, decode};
pub use shared::{Id, Instant, InvalidValue, Quantity, Won};
