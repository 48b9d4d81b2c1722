//! The service under load, embedded default and all views kept: one file per benchmark. Each leaves
//! every follower at the end of the log.

mod c1;
mod c1p;
mod c2;
mod c3;
mod kept;
mod p1;

use crate::{
    BenchError,
    asked::Asked,
    database::Database,
    limits::Http,
    load::{Load, Outcome, WriteRequest, run},
    meter::Meter,
    process::Service,
    report::{Costs, Limit, Row},
    scale::Scale,
};
use std::net::SocketAddr;

/// Against what, and with how much.
pub struct Live<'a> {
    address: SocketAddr,
    scale: &'a Scale,
    database: &'a Database,
    meter: Meter<'a>,
    l1: &'a Http,
}

impl<'a> Live<'a> {
    pub async fn of(
        service: &Service,
        database: &'a Database,
        scale: &'a Scale,
        l1: &'a Http,
    ) -> Result<Self, BenchError> {
        let address = service.server.address;
        let (process, server) = (service.server.process(), database.server().await?);
        let meter = Meter { address, process, server, database };
        Ok(Self { address, scale, database, meter, l1 })
    }

    /// The benchmarks that were asked for, one after the other on one service. What one has left to
    /// write to the disk is written before the next one that is about latency.
    pub async fn all(&self, asked: &Asked, rows: &mut Vec<Row>) -> Result<(), BenchError> {
        if asked.begins("C1") {
            self.c1(rows).await?;
        }
        if asked.begins("C1p") {
            self.c1p(rows).await?;
        }
        if asked.begins("C2") {
            rows.push(self.c2().await?);
        }
        if asked.begins("P1") {
            self.database.checkpoint().await?;
            rows.extend(self.p1().await?);
        }
        // The last one: the notices that follow from it are sent for a while.
        if asked.begins("C3") {
            rows.extend(self.c3().await?);
        }
        Ok(())
    }

    fn load(&self, expected: u16, write: WriteRequest) -> Load {
        Load::new(self.address, self.scale.shape, expected, write)
    }

    /// Runs a load, and then waits until all that follows from it is done.
    async fn settled(&self, load: Load) -> Result<Settled, BenchError> {
        let before = self.meter.read().await?;
        let outcome = run(load).await?;
        let processors = self.meter.processors()?;
        self.database.settle().await?;
        let costs = self.meter.costs(&before, &processors, outcome.answered).await?;
        Ok(Settled { outcome, costs })
    }
}

struct Settled {
    outcome: Outcome,
    costs: Costs,
}

impl Settled {
    fn row(self, id: &'static str, what: &str, limit: Option<Limit>) -> Row {
        Row::rate(id, what, &self.outcome).of(limit).costing(self.costs)
    }
}
