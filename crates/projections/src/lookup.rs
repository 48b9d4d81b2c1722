//! Rows by their keys. Those who ask a view at the same time share one query.

use crate::{Error, read_model::ReadModel, row::Row, table::Table};
use async_trait::async_trait;
use deadpool_postgres::Pool;
use eventlog::gather::{Answering, Bounds, Gather};
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Of one view.
const BOUNDS: Bounds = Bounds { rounds: 2, questions: 256 };

/// The row, if there is one. An error may be that of all who shared the query.
pub type Found<R> = Result<Option<R>, Arc<Error>>;

/// Of every view that is asked.
pub struct Lookups {
    pool: Pool,
    views: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Lookups {
    /// In the database of the views.
    pub fn new(pool: Pool) -> Self {
        Self { pool, views: Mutex::default() }
    }

    /// The row of a key as it is now, or later.
    pub async fn get<M: ReadModel>(&self, key: &str) -> Found<M::Row> {
        let found = self.of::<M>().ask(key.to_owned()).await;
        found.unwrap_or_else(|| Err(Arc::new(Error::Silent)))
    }

    fn of<M: ReadModel>(&self) -> Arc<Gather<Lookup<M::Row>>> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let view = views.entry(TypeId::of::<M>()).or_insert_with(|| {
            let lookup: Lookup<M::Row> =
                Lookup { pool: self.pool.clone(), table: Table::named(M::NAME) };
            Arc::new(Gather::new(lookup, BOUNDS))
        });
        let view = view.clone().downcast();
        view.unwrap_or_else(|_| unreachable!("the type's own id leads to it"))
    }
}

struct Lookup<R> {
    pool: Pool,
    table: Table<R>,
}

#[async_trait]
impl<R: Row> Answering for Lookup<R> {
    type Question = String;
    type Answer = Found<R>;

    async fn answer(&self, keys: &[String]) -> Vec<Found<R>> {
        match self.rows(keys).await {
            Ok(rows) => keys.iter().map(|key| rows.get(key).cloned().transpose()).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }
}

impl<R: Row> Lookup<R> {
    /// A row that cannot be read is the fault of those only who ask for it.
    async fn rows(&self, keys: &[String]) -> Result<HashMap<String, Result<R, Arc<Error>>>, Error> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&self.table.load).await?;
        let mut rows = HashMap::with_capacity(keys.len());
        for row in client.query(&statement, &[&keys]).await? {
            let read = R::read(&row).map_err(|error| Arc::new(error.into()));
            rows.insert(row.try_get(0)?, read);
        }
        Ok(rows)
    }
}
