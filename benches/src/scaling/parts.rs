//! What each part costs: an api and a worker as processes of their own, on one PostgreSQL; orders
//! that are paid (C1p) at several rates, then with one process more or less, then queries.

use super::measured::{Cores, Load, Measured, Stored};
use crate::{
    BenchError,
    asked::progress,
    client::Answer,
    load::{Load as Requests, Outcome, Shape, WriteRequest, run as run_load},
    log::Log,
    meter::{cpu, stages},
    open_loop::{Pool, steady},
    process::Service,
    report, requests,
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

pub const PREFIX: &str = "parts-";

/// Orders per second, below what the machine does.
const RATES: [u32; 3] = [50, 200, 500];

/// How often what is compared is measured, in turn.
const RUNS: usize = 3;

/// By then what is followed is shared out anew.
const JOINING: Duration = Duration::from_secs(8);

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How long each load is measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Connections of the load that is as large as it can be.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// Where results go.
    #[arg(long, default_value = crate::RESULTS)]
    results: PathBuf,
}

/// What is asked of the service for a while.
enum Asked {
    Nothing,
    Orders(u32),
    AsManyOrders,
    Queries(u64),
}

struct Parts<'a> {
    log: &'a Log,
    api: Service,
    worker: Option<Service>,
    other: Option<Service>,
    postgres: u32,
    shape: Shape,
    /// Of loads so far: each names its orders anew.
    loads: u32,
}

/// Measures, prints, and keeps it in a file.
pub async fn run(args: Args) -> Result<(), BenchError> {
    let log = Log::open().await?;
    let mut conditions = log.database.settings().await?;
    conditions.extend(report::machine(log.holder.data_dir.path()));
    let shape = Shape {
        connections: args.connections.into(),
        threads: 1,
        warm_up: Duration::ZERO,
        measured: Duration::from_secs(args.seconds),
    };
    let measured = Parts::start(&log, shape).await?.measure(conditions).await?;
    fs::create_dir_all(&args.results)?;
    let file = args.results.join(format!("{PREFIX}{}.json", measured.date));
    let mut json = serde_json::to_string_pretty(&measured).map_err(io::Error::other)?;
    json.push('\n');
    fs::write(&file, &json)?;
    writeln!(io::stdout(), "{json}\n{}", file.display())?;
    Ok(())
}

impl<'a> Parts<'a> {
    async fn start(log: &'a Log, shape: Shape) -> Result<Self, BenchError> {
        let (api, worker) = (start(log, "api").await?, Some(start(log, "worker").await?));
        let postgres = log.database.server().await?;
        Ok(Self { log, api, worker, other: None, postgres, shape, loads: 0 })
    }

    async fn measure(
        mut self,
        conditions: BTreeMap<String, String>,
    ) -> Result<Measured, BenchError> {
        let date = report::date().ok_or(BenchError::NoDate)?;
        // So that nothing is measured that is done once.
        self.under(Asked::Orders(50)).await?;
        let mut loads = vec![self.under(Asked::Nothing).await?];
        for rate in RATES {
            loads.push(self.under(Asked::Orders(rate)).await?);
        }
        let (mut alone, mut apis, mut workers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            alone.push(self.under(Asked::AsManyOrders).await?);
            self.other = Some(joined(self.log, "api").await?);
            apis.push(self.under(Asked::AsManyOrders).await?);
            self.other = None;
            self.other = Some(joined(self.log, "worker").await?);
            workers.push(self.under(Asked::AsManyOrders).await?);
            self.other = None;
        }
        let [full, second_api, second_worker] = [alone, apis, workers].map(Measured::middle);
        loads.push(full);
        let stored = self.stored(full.facts).await?;
        let known = (loads[1].per_second * self.shape.measured.as_secs_f64()) as u64;
        let queries = self.under(Asked::Queries(known)).await?;
        self.worker = None;
        let unfollowed = self.under(Asked::AsManyOrders).await?;
        Ok(Measured {
            date,
            conditions,
            loads,
            unfollowed,
            second_api,
            second_worker,
            queries,
            stored,
        })
    }

    /// From when it begins until all that follows from it is done.
    async fn under(&mut self, asked: Asked) -> Result<Load, BenchError> {
        self.loads += 1;
        let prefix = format!("parts-{}", self.loads);
        let database = &self.log.database;
        if self.worker.is_some() {
            database.settle().await?;
        }
        database.checkpoint().await?;
        let (before, begin) = (self.reading().await?, Instant::now());
        let done = match asked {
            Asked::Nothing => {
                progress("measuring the parts with nothing to do");
                tokio::time::sleep(self.shape.measured).await;
                0
            }
            Asked::Orders(rate) => {
                progress(&format!("measuring the parts at {rate} orders/s"));
                self.steady(&prefix, rate).await?
            }
            Asked::AsManyOrders => {
                progress("measuring the parts with as many orders as they do");
                let write = move |number, request: &mut Vec<u8>| {
                    requests::place(&prefix, number, request);
                };
                self.closed(201, Arc::new(write)).await?
            }
            Asked::Queries(known) => {
                progress("measuring the parts with as many queries as they do");
                // Those of the first load at a steady rate.
                let write = move |number, request: &mut Vec<u8>| {
                    let get = requests::get("order-status", "parts-3", number % known.max(1), "");
                    request.extend_from_slice(&get);
                };
                self.closed(200, Arc::new(write)).await?
            }
        };
        let seconds = begin.elapsed().as_secs_f64();
        if self.worker.is_some() {
            database.settle().await?;
        }
        Ok(before.until(&self.reading().await?, done as f64, seconds))
    }

    async fn steady(&self, prefix: &str, rate: u32) -> Result<u64, BenchError> {
        let pool = Pool::of(self.api.server.address);
        let orders = u64::from(rate) * self.shape.measured.as_secs();
        steady(rate, orders, |number, due| {
            let (pool, mut request) = (pool.clone(), Vec::new());
            requests::place(prefix, number, &mut request);
            async move {
                let placed = |answer: &Answer| (answer.status == 201).then_some(());
                pool.send(&request, due, placed).await;
            }
        })
        .await;
        without_errors(pool.sorted())?;
        Ok(orders)
    }

    async fn closed(&self, expected: u16, write: WriteRequest) -> Result<u64, BenchError> {
        let load = Requests::new(self.api.server.address, self.shape, expected, write);
        Ok(without_errors(run_load(load).await?)?.answered)
    }

    async fn reading(&self) -> Result<Reading, BenchError> {
        let used = |service: Option<&Service>| {
            service.map_or(Ok(Duration::ZERO), |one| cpu::used(one.server.process()))
        };
        let end = self.log.database.look().await?.end;
        let [wal_bytes, flushes] = self.log.database.written().await?;
        let view_seconds = match &self.worker {
            Some(worker) => stages::longest_view(&stages::ask(worker.server.address).await?),
            None => 0.0,
        };
        Ok(Reading {
            api: used(Some(&self.api))?,
            worker: used(self.worker.as_ref())?,
            other: used(self.other.as_ref())?,
            postgres: cpu::used_with_children(self.postgres)?,
            facts: end as f64,
            wal_bytes,
            flushes,
            view_seconds,
        })
    }

    async fn stored(&self, facts: f64) -> Result<Stored, BenchError> {
        let orders = self.log.database.look().await?.end as f64 / facts.max(1.0);
        let query = "select
             coalesce(sum(pg_total_relation_size(c.oid)) filter (where nspname = 'eventlog'), 0)::float8,
             coalesce(sum(pg_total_relation_size(c.oid)) filter (where nspname <> 'eventlog'), 0)::float8
             from pg_class c join pg_namespace n on n.oid = relnamespace
             where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')";
        let row = self.log.database.client.query_one(query, &[]).await?;
        let (log, other): (f64, f64) = (row.get(0), row.get(1));
        Ok(Stored { log: log / orders.max(1.0), other: other / orders.max(1.0) })
    }
}

fn without_errors(outcome: Outcome) -> Result<Outcome, BenchError> {
    match outcome.errors.first_key_value() {
        None => Ok(outcome),
        Some((what, count)) => Err(io::Error::other(format!("{count} × {what}")).into()),
    }
}

async fn start(log: &Log, role: &str) -> Result<Service, BenchError> {
    let mut environment = Vec::from(log.environment());
    environment.push(("JANGTEO_ROLE", role.to_owned()));
    Service::start_with(&environment).await
}

/// One that has its part of the work, if it works.
async fn joined(log: &Log, role: &str) -> Result<Service, BenchError> {
    let service = start(log, role).await?;
    tokio::time::sleep(JOINING).await;
    Ok(service)
}

/// What everything has used and made so far.
struct Reading {
    api: Duration,
    worker: Duration,
    other: Duration,
    postgres: Duration,
    facts: f64,
    wal_bytes: f64,
    flushes: f64,
    view_seconds: f64,
}

impl Reading {
    /// What `done` took, and all that followed from it, as if it were done in the time of the load.
    fn until(&self, later: &Self, done: f64, seconds: f64) -> Load {
        let cores = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64() / seconds;
        let each = |from: f64, to: f64| (to - from).max(0.0) / done.max(1.0);
        Load {
            per_second: done / seconds,
            facts: each(self.facts, later.facts),
            cores: Cores {
                api: cores(self.api, later.api),
                worker: cores(self.worker, later.worker),
                other: cores(self.other, later.other),
                postgres: cores(self.postgres, later.postgres),
            },
            wal_bytes: each(self.wal_bytes, later.wal_bytes),
            flushes: each(self.flushes, later.flushes),
            view_micros: each(self.view_seconds, later.view_seconds) * 1e6,
        }
    }
}
