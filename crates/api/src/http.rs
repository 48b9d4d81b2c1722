//! What every route has in common: how a request is read, admitted, run once and answered.

pub mod access;
pub mod answer;
pub mod auth;
pub mod body;
pub mod correlation;
pub mod docs;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod intake;
pub mod live;
pub mod metrics;
pub mod min_position;
pub mod openapi;
mod opened;
pub mod operation;
pub mod page;
mod precondition;
pub mod problem;
pub mod protection;
pub mod rates;
pub mod refusal;
pub mod router;
pub mod schema;
pub mod server;
pub mod timeline;
pub mod views;

pub use idempotency::LOG_POSITION;
