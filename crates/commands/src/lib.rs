//! What makes a request happen: load, decide, append, retry; the policies that follow; and what
//! leaves the process — payments and notices.

#![warn(clippy::unwrap_used)]

pub mod cafe;
pub mod clock;
mod due;
mod error;
mod execute;
mod guard;
mod guarded;
pub mod market;
mod migrations;
pub mod notices;
pub mod outcomes;
pub mod parts;
pub mod payment;
pub mod people;
pub mod reactor;
pub mod rental;
pub mod restaurant;
pub mod stages;
pub mod timers;
pub mod warehouse;

pub use error::{Error, PaidFor, Refused};
pub use execute::{Done, Executor};
pub use guard::{Expected, Guard, Versions};
pub use migrations::{MigrateError, migrate};
pub use people::{People, PeopleError};

use uuid::Uuid;

/// Where a command comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The same command again has the same id.
    pub command_id: Uuid,
    /// The request at the beginning of it all.
    pub correlation_id: Uuid,
    /// The fact that a policy answers, if a policy asks.
    pub causation_id: Option<Uuid>,
    /// A role or a part of the system; never a person's name.
    pub actor: String,
    /// Whether the caller may have sent it before and is to be told so. Then the stream is read
    /// before anything is stored. Otherwise a repeat is stored once all the same, but its answer
    /// does not say that it is one.
    pub may_be_repeat: bool,
    pub guard: Guard,
}

impl Meta {
    /// Of a command that follows this one within the same request: for the same customer, and upon
    /// whatever version it finds.
    pub fn then(&self, step: &str) -> Self {
        let command_id = Uuid::new_v5(&self.command_id, step.as_bytes());
        let guard = Guard { owner: self.guard.owner.clone(), expected: None };
        Self { command_id, guard, ..self.clone() }
    }
}
