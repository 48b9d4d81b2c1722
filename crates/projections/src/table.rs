//! The statements of one read model's table.

use crate::{Error, row::Row};
use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::{Client, GenericClient};
use futures::SinkExt;
use std::{collections::HashMap, marker::PhantomData, pin::pin};
use tokio_postgres::types::ToSql;

/// Rows in memory by key: what they are to become. `None`: there is no such row.
pub(crate) type Rows<R> = HashMap<String, Option<R>>;

/// How many bytes of a binary COPY are sent at once.
const COPY_CHUNK: usize = 256 * 1024;

/// How many rows one statement writes.
const WRITE_CHUNK: usize = 5_000;

/// A table that holds rows of one type: the live one, or one that is being rebuilt.
#[derive(Debug)]
pub(crate) struct Table<R> {
    /// The rows of the keys in an array.
    pub(crate) load: String,
    upsert: String,
    delete: String,
    copy: String,
    rows: PhantomData<fn() -> R>,
}

impl<R: Row> Table<R> {
    /// `name` goes into SQL as it is: only from constants.
    pub(crate) fn named(name: &str) -> Self {
        let names: Vec<_> = R::COLUMNS.iter().map(|column| column.name).collect();
        let (key, columns) = (names[0], names.join(", "));
        let numbered = R::COLUMNS.iter().enumerate();
        let arrays: Vec<_> = numbered
            .map(|(index, column)| format!("${}::{}[]", index + 1, column.sql_type.name()))
            .collect();
        let excluded: Vec<_> = names.iter().map(|name| format!("excluded.{name}")).collect();
        Self {
            load: format!("select {columns} from {name} where {key} = any($1)"),
            upsert: format!(
                "insert into {name} ({columns}) select * from unnest({})
                 on conflict ({key}) do update set ({columns}) = row({})",
                arrays.join(", "),
                excluded.join(", ")
            ),
            delete: format!("delete from {name} where {key} = any($1)"),
            copy: format!("copy {name} ({columns}) from stdin binary"),
            rows: PhantomData,
        }
    }

    /// The rows of `keys`; each key is there, with or without a row.
    pub(crate) async fn load(
        &self,
        client: &impl GenericClient,
        keys: Vec<&str>,
    ) -> Result<Rows<R>, Error> {
        let mut rows: Rows<R> = keys.iter().map(|key| ((*key).to_owned(), None)).collect();
        if rows.is_empty() {
            return Ok(rows);
        }
        let statement = client.prepare_cached(&self.load).await?;
        for found in client.query(&statement, &[&keys]).await? {
            let row = R::read(&found)?;
            rows.insert(row.key().to_owned(), Some(row));
        }
        Ok(rows)
    }

    /// Writes what the rows have become.
    pub(crate) async fn write(
        &self,
        client: &impl GenericClient,
        rows: &Rows<R>,
    ) -> Result<(), Error> {
        let gone: Vec<&str> =
            rows.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key.as_str()).collect();
        let kept: Vec<&R> = rows.values().flatten().collect();
        futures::try_join!(self.upsert(client, &kept), self.delete(client, &gone))?;
        Ok(())
    }

    async fn upsert(&self, client: &impl GenericClient, rows: &[&R]) -> Result<(), Error> {
        for chunk in rows.chunks(WRITE_CHUNK) {
            let statement = client.prepare_cached(&self.upsert).await?;
            let arrays = R::arrays(chunk);
            let params: Vec<&(dyn ToSql + Sync)> =
                arrays.iter().map(|array| &**array as _).collect();
            client.execute(&statement, &params).await?;
        }
        Ok(())
    }

    /// Removes the rows of these keys.
    pub(crate) async fn delete(
        &self,
        client: &impl GenericClient,
        keys: &[&str],
    ) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let statement = client.prepare_cached(&self.delete).await?;
        client.execute(&statement, &[&keys]).await?;
        Ok(())
    }

    /// Adds rows that the table does not hold yet: much faster than [`Table::write`].
    ///
    /// A connection on which this failed must be closed: when the server refuses a `COPY IN` before
    /// the first row, it answers once more than the client counts.
    pub(crate) async fn fill<'a>(
        &self,
        client: &Client,
        rows: impl Iterator<Item = &'a R>,
    ) -> Result<(), Error> {
        let mut sink = pin!(client.copy_in::<_, Bytes>(self.copy.as_str()).await?);
        let mut chunk = BytesMut::with_capacity(COPY_CHUNK + 1024);
        chunk.put_slice(b"PGCOPY\n\xff\r\n\0");
        chunk.put_i32(0);
        chunk.put_i32(0);
        for row in rows {
            row.copy(&mut chunk).map_err(Error::Row)?;
            if chunk.len() >= COPY_CHUNK {
                sink.send(chunk.split().freeze()).await?;
            }
        }
        chunk.put_i16(-1);
        sink.send(chunk.freeze()).await?;
        sink.as_mut().finish().await?;
        Ok(())
    }
}
