//! What bounds the figures, measured in the same run: L1 HTTP and JSON, L2 and L3 writing, L4 reading.

mod copies;
mod decode;
pub mod http;
mod inserts;

pub use copies::read_rows;
pub use decode::decode;
pub use inserts::insert;

use crate::{
    BenchError,
    asked::Asked,
    load::{Load, WriteRequest, run},
    process::Server,
    report::{Limit, Row},
    requests,
    scale::Scale,
};
use std::sync::Arc;

/// L1, for each kind of request. None: it is not asked for.
#[derive(Debug, Default)]
pub struct Http {
    pub order: Option<Limit>,
    pub item: Option<Limit>,
    pub query: Option<Limit>,
}

/// Each with the server for itself, and by the same client.
pub async fn http(asked: &Asked, scale: &Scale, rows: &mut Vec<Row>) -> Result<Http, BenchError> {
    let mut limits = Http::default();
    if !asked.begins("L1") {
        return Ok(limits);
    }
    let query: WriteRequest = Arc::new(|number, request| {
        request.extend(requests::get("order-status", "l1", number, ""));
    });
    let order = requests::each("l1", requests::place);
    let item = requests::each("l1", requests::register);
    for (limit, name, what, status, write) in [
        (&mut limits.order, "L1 order", "order: parsed, checked, answered", 201, order),
        (&mut limits.item, "L1 item", "item: parsed, checked, answered", 201, item),
        (&mut limits.query, "L1 query", "query: path parsed, a row answered", 200, query),
    ] {
        let server = Server::limit().await?;
        let outcome = run(Load::new(server.address, scale.shape, status, write)).await?;
        rows.push(Row::rate("L1", what, &outcome));
        *limit = Some(Limit { name, figure: outcome.per_second() });
    }
    Ok(limits)
}
