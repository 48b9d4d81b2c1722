//! Journeys, faults and the shape of the house: one crate, one binary. `make test` runs it.

#![cfg(test)]

mod auth;
mod breaker;
mod cafe;
mod client;
mod console;
mod contract;
mod description;
mod examples;
mod faults;
mod gateway;
mod golden;
mod idempotency;
mod input;
mod limits;
mod live;
mod market;
mod notices;
mod overload;
mod people;
mod preconditions;
mod projections;
mod rental;
mod restaurant;
mod rights;
mod service;
mod shape;
mod timeline;
mod town;
mod walkthroughs;
mod warehouse;
mod wire;
