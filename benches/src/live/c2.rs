//! C2: the store accepts orders that are waiting.

use super::Live;
use crate::{BenchError, load::run, report::Row, requests};

impl Live<'_> {
    pub(super) async fn c2(&self) -> Result<Row, BenchError> {
        let accepts = self.scale.accepts;
        let existing = self.load(201, requests::each("c2", requests::place)).only(accepts);
        let ordered = run(existing).await?;
        self.database.settle().await?;
        let load = self.load(200, requests::each("c2", requests::accept)).only(accepts);
        let what = format!("accepts, each of one of {accepts} existing orders");
        let mut row = self.settled(load).await?.row("C2", &what, self.l1.order).at_least(0.2);
        row.errors.extend(
            ordered.errors.into_iter().map(|(what, count)| (format!("ordering: {what}"), count)),
        );
        Ok(row)
    }
}
