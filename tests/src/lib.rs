//! Journeys, faults and the shape of the house: one crate, one binary. `make test` runs it.

#![cfg(test)]

mod auth;
mod breaker;
mod cafe;
mod client;
mod configuration;
mod console;
mod contract;
mod database_tls;
mod deployment;
mod description;
mod examples;
mod faults;
mod gateway;
mod golden;
mod health;
mod idempotency;
mod input;
mod limits;
mod live;
mod market;
mod metrics;
mod moving;
mod notices;
mod overload;
mod own_postgres;
mod people;
mod preconditions;
mod projections;
mod rental;
mod restaurant;
mod rights;
mod rolling;
mod service;
mod shape;
mod timeline;
mod town;
mod traces;
mod walkthroughs;
mod warehouse;
mod wire;
