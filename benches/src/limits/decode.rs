//! L4: the log read out of PostgreSQL and decoded to typed events, on one thread with one connection:
//! what decoding needs, in log order. As rows of a query, which is what programs read; and by binary
//! COPY, the fastest way to be had with this library.

use crate::BenchError;
use domain::stored::Stored;
use futures::TryStreamExt;
use std::{hint::black_box, pin::pin, time::Instant};
use tokio::{runtime::Builder, sync::oneshot};
use tokio_postgres::{Client, Config, NoTls};

const READ: &str = "select stream, type, schema_version, payload::text from eventlog.events
    order by position";

/// Signature, flags, and the length of an empty extension, at the beginning.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// How the facts are read.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Rows,
    Copy,
}

/// Facts per second.
pub async fn decode(config: Config, by: By) -> Result<f64, BenchError> {
    let (done, decoded) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().spawn(move || {
        // Nobody waits any more when the run was given up.
        let _ = done.send(runtime.block_on(read(config, by)));
    })?;
    decoded.await.map_err(|_| BenchError::Stopped)?
}

async fn read(config: Config, by: By) -> Result<f64, BenchError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    let begin = Instant::now();
    let facts = match by {
        By::Rows => rows(&client).await?,
        By::Copy => copied(&client).await?,
    };
    Ok(facts as f64 / begin.elapsed().as_secs_f64())
}

async fn rows(client: &Client) -> Result<u64, BenchError> {
    let mut rows = pin!(client.query_raw(READ, std::iter::empty::<i32>()).await?);
    let mut facts = 0;
    while let Some(row) = rows.try_next().await? {
        let schema_version: i16 = row.try_get(2)?;
        let stored = Stored {
            category: category(row.try_get(0)?),
            event_type: row.try_get(1)?,
            schema_version: schema_version as u16,
            payload: row.try_get(3)?,
        };
        black_box(domain::decode(&stored)?);
        facts += 1;
    }
    Ok(facts)
}

async fn copied(client: &Client) -> Result<u64, BenchError> {
    let copy = format!("copy ({READ}) to stdout (format binary)");
    let mut rows = pin!(client.copy_out(copy.as_str()).await?);
    let mut facts = 0;
    while let Some(row) = rows.try_next().await? {
        if let Some(stored) = stored(row.strip_prefix(HEADER).unwrap_or(&row)) {
            black_box(domain::decode(&stored)?);
            facts += 1;
        }
    }
    Ok(facts)
}

fn category(stream: &str) -> &str {
    stream.split_once('-').map_or(stream, |(category, _)| category)
}

/// None at the end of the data, which has no columns.
fn stored(row: &[u8]) -> Option<Stored<'_>> {
    let mut columns = row.get(2..)?;
    let (stream, event_type) = (text(&mut columns)?, text(&mut columns)?);
    let schema_version = u16::from_be_bytes(column(&mut columns)?.try_into().ok()?);
    let payload = text(&mut columns)?;
    Some(Stored { category: category(stream), event_type, schema_version, payload })
}

/// A length and so many bytes.
fn column<'a>(columns: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = columns.split_first_chunk()?;
    let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
    let (column, rest) = rest.split_at_checked(length)?;
    *columns = rest;
    Some(column)
}

fn text<'a>(columns: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(column(columns)?).ok()
}
