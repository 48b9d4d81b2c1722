//! The HTTP service and the command line.

pub mod cli;
pub mod config;
pub mod console;
pub mod embedded;
pub mod followers;
pub mod http;
pub mod payment_simulator;
pub mod people;
pub mod routes;
pub mod sample_data;
pub mod store;
pub mod telemetry;
pub mod wiring;
