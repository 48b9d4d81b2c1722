//! The tables of this crate, schema `commands`: notices, timers, paused parts; and
//! schema `people`.

use deadpool_postgres::Pool;

pub use eventlog::postgres::{Change, MigrateError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the schema up to date. Processes that start together wait for each other, and one that
/// is older than the schema starts all the same: changes are such that it still works.
pub async fn migrate(pool: &Pool) -> Result<Vec<Change>, MigrateError> {
    eventlog::postgres::migrate(pool, "commands", embedded::migrations::runner()).await
}
