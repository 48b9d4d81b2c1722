//! The tables of all read models.

use deadpool_postgres::Pool;
use eventlog::postgres::MigrateError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the tables to this program's version. Several processes may start at once.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    eventlog::postgres::migrate(pool, "projections", embedded::migrations::runner()).await
}
