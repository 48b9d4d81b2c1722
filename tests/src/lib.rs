//! Journeys, faults and the shape of the house: one crate, one binary. `make test` runs it.

#![cfg(test)]

mod cafe;
mod client;
mod faults;
mod golden;
mod input;
mod service;
mod shape;
