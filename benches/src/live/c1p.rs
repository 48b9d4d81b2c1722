//! C1p: `POST /cafe/orders`, the payment included.

use super::{
    Live,
    kept::{Watched, millis},
};
use crate::{
    BenchError,
    client::Client,
    database::{Look, PATIENCE},
    load::Acknowledged,
    report::Row,
    requests::{self, get},
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(2);

const VIEW: &str = "cafe.order_status";
const FOLLOWERS: [&str; 3] = [VIEW, "cafe.tickets", "reactor.cafe"];

/// A view that folds this part of what is made keeps up: the rest may be under way.
const KEEPS_UP: f64 = 0.99;

impl Live<'_> {
    pub(super) async fn c1p(&self, rows: &mut Vec<Row>) -> Result<(), BenchError> {
        let watched = self.watched(self.load(201, requests::each("c1p", requests::place))).await?;
        // At once: nothing else may take time between the load's end and this.
        let followed = match watched.outcome.last {
            Some(last) => self.followed(last).await,
            None => Ok(Vec::new()),
        };
        let row = Row::rate("C1p", "orders paid, views kept", &watched.outcome)
            .of(self.l1.order)
            .at_least(0.1)
            .costing(self.costs_of(&watched).await?);
        rows.push(row);
        rows.extend(watched.lags("C1p", &FOLLOWERS));
        rows.extend(self.folded(&watched).await?);
        rows.extend(followed?);
        Ok(())
    }

    /// How long after the load's end the last acknowledged order is to be seen, and all is done.
    async fn followed(&self, last: Acknowledged) -> Result<Vec<Row>, BenchError> {
        let (status, ticket) = tokio::join!(
            self.until_seen("order-status", "pay_success", last),
            self.until_seen("tickets", "order_get", last)
        );
        let rows = [
            ("then: last order in order-status", status?),
            ("then: its ticket in tickets", ticket?),
            ("then: every follower at the log's end", self.database.settle().await?),
        ];
        Ok(rows.map(|(what, done)| Row::plain("C1p", what, millis(last.at, done), "ms")).into())
    }

    async fn until_seen(
        &self,
        view: &str,
        literal: &str,
        last: Acknowledged,
    ) -> Result<Instant, BenchError> {
        let mut client = Client::new(self.address);
        let request = get(view, "c1p", last.number, "");
        while last.at.elapsed() < PATIENCE {
            let answer = client.send(&request).await?;
            if answer.status == 200 && answer.contains(literal) {
                return Ok(Instant::now());
            }
            sleep(POLL).await;
        }
        Err(BenchError::Unsettled)
    }

    /// What the view folded while the load ran, against what the load made.
    async fn folded(&self, watched: &Watched) -> Result<Vec<Row>, BenchError> {
        let Some((first, last, seconds)) = watched.stretch() else { return Ok(Vec::new()) };
        let at = |look: &Look| look.end - look.lag(VIEW);
        let folded = self.database.order_facts(at(first), at(last)).await? as f64 / seconds;
        let made = self.database.order_facts(first.end, last.end).await? as f64 / seconds;
        let what = "facts folded into order_status during C1p";
        Ok(vec![
            Row::plain("P1", "facts of orders made during C1p", made, "/s"),
            Row::plain("P1", what, folded, "/s")
                .goal("= made", made > 0.0 && folded >= made * KEEPS_UP),
        ])
    }
}
