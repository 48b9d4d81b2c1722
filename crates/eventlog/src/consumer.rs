//! What followers of the log share: a checkpoint under a lease, and parked events. Both are rows in
//! PostgreSQL (schema `consumers`), in the database of the read models.
//!
//! A lease has a fence that grows with each new owner. Moving a checkpoint names the fence and the
//! position it moves from, in the same transaction as its effects: a worker that lost its lease, or
//! that is not where it believes, changes nothing.

pub mod handover;
mod lease;
pub mod moving;
mod parked;
mod refused;
mod roster;
mod share;
mod standing;

pub use lease::{AdvanceError, ConsumerState, Consumers, Lease, advance};
pub use parked::{Hold, Parked, ParkedEvents, hold, park, unpark};
pub use refused::refused;
pub use roster::{Roster, Seat};
pub use share::{InvalidShares, Share, follower_of};
pub use standing::{Followers, Standing, StandingError, Standings};
