//! The tables of all read models.

use deadpool_postgres::Pool;
use eventlog::postgres::{Change, MigrateError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// What belongs to no context, with numbers of its own.
mod shared {
    refinery::embed_migrations!("migrations_shared");
}

/// Brings the tables to this program's version. Several processes may start at once.
pub async fn migrate(pool: &Pool) -> Result<Vec<Change>, MigrateError> {
    let views = embedded::migrations::runner();
    let mut changes = eventlog::postgres::migrate(pool, "projections", views).await?;
    let shared = shared::migrations::runner();
    changes.extend(eventlog::postgres::migrate(pool, "shared", shared).await?);
    Ok(changes)
}
