//! The indexes of a table that is being filled: taken off before, made all at once afterwards.

use crate::Error;
use deadpool_postgres::{GenericClient, Pool};
use futures::future::try_join_all;

/// Memory of the server for making one index.
const MEMORY: &str = "set local maintenance_work_mem = '256MB'";

/// The indexes that a table is to have.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    table: String,
    /// The index of the primary key: its name, and what makes it.
    primary: Option<(String, String)>,
    others: Vec<String>,
}

impl Indexes {
    /// Takes all indexes off the table, which is new and empty.
    pub(super) async fn take_off(client: &impl GenericClient, table: &str) -> Result<Self, Error> {
        let select = "select c.relname::text, pg_get_indexdef(i.indexrelid), i.indisprimary,
                             format('%I.%I', n.nspname, c.relname)
             from pg_index i join pg_class c on c.oid = i.indexrelid
             join pg_namespace n on n.oid = c.relnamespace
             where i.indrelid = $1::text::regclass order by c.relname";
        let mut indexes = Self { table: table.to_owned(), ..Self::default() };
        for row in client.query(select, &[&table]).await? {
            let (name, definition): (String, String) = (row.get(0), row.get(1));
            let take_off = if row.get(2) {
                let constraint = format!("alter table {table} drop constraint \"{name}\"");
                indexes.primary = Some((name, definition));
                constraint
            } else {
                indexes.others.push(definition);
                format!("drop index {}", row.get::<_, String>(3))
            };
            client.batch_execute(&take_off).await?;
        }
        Ok(indexes)
    }

    /// Makes the primary key alone, if it is not there yet.
    pub(super) async fn make_primary(&mut self, pool: &Pool) -> Result<(), Error> {
        if let Some((name, definition)) = self.primary.take() {
            make(pool, &definition).await?;
            self.name_primary(pool, &name).await?;
        }
        Ok(())
    }

    /// Makes all that are missing, side by side.
    pub(super) async fn make_all(&mut self, pool: &Pool) -> Result<(), Error> {
        let primary = self.primary.take();
        let others = std::mem::take(&mut self.others);
        let definitions = primary.iter().map(|(_, definition)| definition).chain(&others);
        try_join_all(definitions.map(|definition| make(pool, definition))).await?;
        if let Some((name, _)) = &primary {
            self.name_primary(pool, name).await?;
        }
        Ok(())
    }

    async fn name_primary(&self, pool: &Pool, index: &str) -> Result<(), Error> {
        let name = format!("alter table {} add primary key using index \"{index}\"", self.table);
        Ok(pool.get().await?.batch_execute(&name).await?)
    }
}

async fn make(pool: &Pool, definition: &str) -> Result<(), Error> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(MEMORY).await?;
    transaction.batch_execute(definition).await?;
    Ok(transaction.commit().await?)
}
