//! The routes of each context, under its name, and those that all of them share.

pub mod cafe;
pub mod market;
pub mod notices;
pub mod projections;
pub mod rental;
pub mod restaurant;
pub mod warehouse;
