//! L4: the log read out of PostgreSQL and decoded to typed events, on one thread with one connection:
//! what decoding needs, in log order, as rows of a query. (A binary COPY is no faster.)

use crate::BenchError;
use domain::stored::Stored;
use futures::TryStreamExt;
use std::{hint::black_box, pin::pin, time::Instant};
use tokio::{runtime::Builder, sync::oneshot};
use tokio_postgres::{Config, NoTls};

const READ: &str = "select stream, type, schema_version, payload::text from eventlog.events
    order by position";

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
    let mut rows = pin!(client.query_raw(READ, std::iter::empty::<i32>()).await?);
    let mut facts = 0_u64;
    while let Some(row) = rows.try_next().await? {
        let schema_version: i16 = row.try_get(2)?;
        let stream: &str = row.try_get(0)?;
        let stored = Stored {
            category: stream.split_once('-').map_or(stream, |(category, _)| category),
            event_type: row.try_get(1)?,
            schema_version: schema_version as u16,
            payload: row.try_get(3)?,
        };
        black_box(domain::decode(&stored)?);
        facts += 1;
    }
    Ok(facts as f64 / begin.elapsed().as_secs_f64())
}
