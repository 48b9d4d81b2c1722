//! The read side: workers fold the log into tables of PostgreSQL, which can be thrown away and
//! rebuilt while they are read.
//!
//! A [`ReadModel`] is a typed row and a pure fold. The [`Engine`] does the rest: batches, leases,
//! checkpoints, parked events, rebuilds, and waiting until a view shows what was just written.

mod apply;
pub mod cafe;
mod engine;
mod error;
mod fold;
pub mod live;
mod lookup;
pub mod market;
mod migrations;
mod parked;
mod pipelined;
mod progress;
pub mod query;
mod read_model;
mod rebuild;
pub mod registry;
pub mod rental;
pub mod restaurant;
pub mod row;
mod table;
#[cfg(test)]
mod testing;
pub mod timeline;
mod waiting;
pub mod warehouse;
mod work;
mod worker;

pub use engine::{Engine, Options};
pub use error::Error;
pub use live::Live;
pub use lookup::Lookups;
pub use migrations::migrate;
pub use progress::{Condition, Local};
pub use read_model::ReadModel;
pub use rebuild::{Compared, OnProgress, Plan, Progress, Rebuilt, Stage, Then};
pub use registry::View;
pub use waiting::NotReached;
pub use work::Work;
