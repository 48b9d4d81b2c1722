//! The tables of all read models.

use deadpool_postgres::Pool;
use eventlog::postgres::MigrateError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// What belongs to no context, with numbers of its own.
mod shared {
    refinery::embed_migrations!("migrations_shared");
}

/// Brings the tables to this program's version. Several processes may start at once.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    eventlog::postgres::migrate(pool, "projections", embedded::migrations::runner()).await?;
    eventlog::postgres::migrate(pool, "shared", shared::migrations::runner()).await
}
