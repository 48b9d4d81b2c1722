//! The routes of each context, under its name.

pub mod cafe;
