//! L4: the log read out of PostgreSQL and decoded to typed events, on one thread with one connection.
//! A binary COPY of what decoding needs, in log order: the fastest way to be had with this library.

use crate::BenchError;
use domain::stored::Stored;
use futures::TryStreamExt;
use std::{hint::black_box, pin::pin, time::Instant};
use tokio::{runtime::Builder, sync::oneshot};
use tokio_postgres::{Config, NoTls};

const READ: &str = "copy (select stream, type, schema_version, payload from eventlog.events
    order by position) to stdout (format binary)";

/// Signature, flags, and the length of an empty extension, at the beginning.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Facts per second.
pub async fn decode(config: Config) -> Result<f64, BenchError> {
    let (done, decoded) = oneshot::channel();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().spawn(move || {
        // Nobody waits any more when the run was given up.
        let _ = done.send(runtime.block_on(read(config)));
    })?;
    decoded.await.map_err(|_| BenchError::Stopped)?
}

async fn read(config: Config) -> Result<f64, BenchError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    let begin = Instant::now();
    let mut rows = pin!(client.copy_out(READ).await?);
    let mut facts = 0_u64;
    while let Some(row) = rows.try_next().await? {
        if let Some(stored) = stored(row.strip_prefix(HEADER).unwrap_or(&row)) {
            black_box(domain::decode(&stored)?);
            facts += 1;
        }
    }
    Ok(facts as f64 / begin.elapsed().as_secs_f64())
}

/// None at the end of the data, which has no columns.
fn stored(row: &[u8]) -> Option<Stored<'_>> {
    let mut columns = row.get(2..)?;
    let (stream, event_type) = (text(&mut columns)?, text(&mut columns)?);
    let schema_version = u16::from_be_bytes(column(&mut columns)?.try_into().ok()?);
    let category = stream.split_once('-').map_or(stream, |(category, _)| category);
    Some(Stored { category, event_type, schema_version, payload: text(&mut columns)? })
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
