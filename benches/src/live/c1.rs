//! C1: `POST /market/items`. Each makes a new aggregate and stores one fact.

use super::{Live, kept::millis};
use crate::{BenchError, report::Row, requests};
use std::time::Instant;

const FOLLOWERS: [&str; 3] = ["market.item_info", "reactor.market", "shared.timeline"];

impl Live<'_> {
    pub(super) async fn c1(&self, rows: &mut Vec<Row>) -> Result<(), BenchError> {
        let watched =
            self.watched(self.load(201, requests::each("c1", requests::register))).await?;
        let ended = Instant::now();
        let settled = self.database.settle().await?;
        let row = Row::rate("C1", "items registered, views kept", &watched.outcome)
            .of(self.l1.item)
            .at_least(0.3)
            .costing(self.costs_of(&watched).await?);
        rows.push(row);
        rows.extend(watched.lags("C1", &FOLLOWERS));
        let what = "then: every follower at the log's end";
        rows.push(Row::plain("C1", what, millis(ended, settled), "ms"));
        Ok(())
    }
}
