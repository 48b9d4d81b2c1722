//! Schema changes, one set per schema, applied by one process at a time.

use deadpool_postgres::{Object, Pool, PoolError};

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the database cannot be reached")]
    Pool(#[from] PoolError),
    #[error("the database refused to prepare schema {schema}")]
    Schema {
        schema: &'static str,
        #[source]
        source: tokio_postgres::Error,
    },
    #[error("the changes of schema {schema} could not be applied")]
    Changes {
        schema: &'static str,
        #[source]
        source: refinery::Error,
    },
}

/// A change that was made to a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub schema: &'static str,
    /// Its number and name, as `V2__keys`.
    pub name: String,
}

/// Creates the schema when it is missing and applies what is new of its changes, which it
/// returns. Processes that start together wait for each other: each change is made and returned once.
pub async fn migrate(
    pool: &Pool,
    schema: &'static str,
    runner: refinery::Runner,
) -> Result<Vec<Change>, MigrateError> {
    let failed = |source| MigrateError::Schema { schema, source };
    // A connection of its own: whatever goes wrong, the lock ends with it.
    let mut client = Object::take(pool.get().await?);
    let lock = "select pg_advisory_lock(hashtext('jangteo schema changes'))";
    client.batch_execute(lock).await.map_err(failed)?;
    let create = format!("create schema if not exists {schema}");
    client.batch_execute(&create).await.map_err(failed)?;
    // A program that is older than the schema still works with it.
    let mut runner = runner.set_abort_missing(false);
    let report = runner
        .set_migration_table_name(format!("{schema}.schema_changes"))
        .run_async(&mut *client)
        .await
        .map_err(|source| MigrateError::Changes { schema, source })?;
    let applied = report.applied_migrations().iter();
    Ok(applied.map(|change| Change { schema, name: change.to_string() }).collect())
}
