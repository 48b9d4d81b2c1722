//! L3, the rows of a view: a binary COPY of all rows of `cafe.order_status` into a table without
//! indexes, in one transaction. (L3 for rows of the log is measured when the log is filled.)

use crate::{
    BenchError,
    log::{Log, copy_in},
};
use bytes::Bytes;
use futures::TryStreamExt;
use std::time::Instant;

const MAKE: &str = "create schema if not exists bench; drop table if exists bench.order_status;
    create table bench.order_status (like cafe.order_status)";

const READ: &str = "copy cafe.order_status to stdout (format binary)";

/// How many rows the view has, and so many per second.
pub async fn read_rows(log: &Log) -> Result<(i64, f64), BenchError> {
    let client = &log.database.client;
    client.batch_execute(MAKE).await?;
    let rows: Vec<Bytes> = client.copy_out(READ).await?.try_collect().await?;
    let begin = Instant::now();
    copy_in(client, "bench.order_status", pieces(rows)).await?;
    let took = begin.elapsed().as_secs_f64();
    let count = client.query_one("select count(*) from bench.order_status", &[]).await?.get(0);
    client.batch_execute("drop table bench.order_status").await?;
    Ok((count, count as f64 / took))
}

/// Many rows are sent at once.
fn pieces(rows: Vec<Bytes>) -> Vec<Bytes> {
    rows.chunks(1000).map(|some| some.concat().into()).collect()
}
