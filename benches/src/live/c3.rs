//! C3: one hot stream. Every command ships one of the same product, of which there is enough.

use super::Live;
use crate::{
    BenchError,
    load::{WriteRequest, run},
    report::Row,
    requests,
};
use std::sync::Arc;

const PRODUCT: &str = "c3-beans";

/// The most that one delivery may bring.
const DELIVERY: u64 = 1_000_000;

/// More than can be shipped in a second.
const ENOUGH: u64 = 100_000;

/// Per second.
const GOAL: f64 = 3000.0;

impl Live<'_> {
    pub(super) async fn c3(&self) -> Result<[Row; 2], BenchError> {
        let shape = self.scale.shape;
        let seconds = (shape.warm_up + shape.measured).as_secs() + 1;
        let deliver: WriteRequest =
            Arc::new(|number, request| requests::deliver(PRODUCT, number, DELIVERY, request));
        let deliveries = (seconds * ENOUGH).div_ceil(DELIVERY);
        let delivered = run(self.load(201, deliver).only(deliveries)).await?;
        self.database.settle().await?;
        let ship: WriteRequest = Arc::new(|_, request| requests::ship(PRODUCT, request));
        let mut row = self.settled(self.load(200, ship)).await?.row(
            "C3",
            "shipped, all of one product",
            None,
        );
        row.errors.extend(delivered.errors);
        let reached = row.figure >= GOAL && row.errors.is_empty();
        let waiting = self.database.waiting_notices().await? as f64;
        let notices = "then: notices still to be sent, all to one person";
        Ok([
            row.goal(format!("≥ {GOAL}, none refused"), reached),
            Row::plain("C3", notices, waiting, "left"),
        ])
    }
}
