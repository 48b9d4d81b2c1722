//! A log of its own: a database with nothing in it but whole lives of orders, written straight into
//! its tables. Nobody follows it until it is asked for.

mod copy;
mod orders;

pub use orders::{Fact, PRODUCT, facts, order};

use crate::{
    BenchError,
    database::{Database, find},
    process::{Service, jangteo},
};
use api::followers::expected;
use bytes::Bytes;
use domain::Context;
use futures::SinkExt;
use std::{
    pin::pin,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio_postgres::{Config, config::Host};

const NAME: &str = "bench";

/// Facts that are written in one transaction.
const PIECE: u64 = 100_000;

pub struct Log {
    pub database: Database,
    /// To be connected to.
    pub config: Config,
    /// How many facts it holds.
    pub facts: u64,
    /// Keeps PostgreSQL running, and does nothing itself.
    pub holder: Service,
}

impl Log {
    /// An empty log, with all tables.
    pub async fn open() -> Result<Self, BenchError> {
        let holder = Service::start_with(&[("JANGTEO_ROLE", "api".to_owned())]).await?;
        let mut config = find(holder.data_dir.path())?;
        let create = format!("create database {NAME}");
        Database::connect(&config).await?.client.batch_execute(&create).await?;
        config.dbname(NAME);
        let database = Database::connect(&config).await?;
        let log = Self { database, config, facts: 0, holder };
        // Whatever opens a database brings its tables up to date.
        let mut views = jangteo(&["views"], &log.environment())?;
        let ended = views.stdin(Stdio::null()).stdout(Stdio::null()).status().await?;
        if !ended.success() {
            let (program, why) = ("jangteo views".to_owned(), ended.to_string());
            return Err(BenchError::Start { program, why });
        }
        Ok(log)
    }

    /// How many whole orders it holds.
    pub fn orders(&self) -> u64 {
        orders::orders(self.facts)
    }

    /// How the service's programs find it.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        let hosts = self.config.get_hosts();
        let folder = hosts.iter().find_map(|host| match host {
            Host::Unix(folder) => Some(folder.display().to_string()),
            Host::Tcp(_) => None,
        });
        let (folder, user) = (folder.unwrap_or_default(), self.config.get_user());
        let url = format!("host='{folder}' user={} dbname={NAME}", user.unwrap_or_default());
        let data_dir = self.holder.data_dir.path().display().to_string();
        let master_key = format!("bench:{}", "5e".repeat(32));
        [("DATABASE_URL", url), ("JANGTEO_DATA_DIR", data_dir), ("JANGTEO_MASTER_KEY", master_key)]
    }

    /// Adds facts until there are so many. How many rows per second the COPY took: making them is
    /// not counted.
    pub async fn fill(&mut self, size: u64) -> Result<f64, BenchError> {
        let (before, mut took) = (self.facts, Duration::ZERO);
        while self.facts < size {
            let end = size.min(self.facts + PIECE);
            let rows = copy::rows(facts(self.facts..end));
            let begin = Instant::now();
            self.append(rows, end).await?;
            took += begin.elapsed();
            self.facts = end;
        }
        // What a server does some time after rows were written is not to be done while it is measured.
        for chore in ["vacuum (analyze) eventlog.events", "checkpoint"] {
            self.database.client.batch_execute(chore).await?;
        }
        Ok((size - before) as f64 / took.as_secs_f64())
    }

    async fn append(&self, rows: Vec<Bytes>, end: u64) -> Result<(), BenchError> {
        let client = &self.database.client;
        client.batch_execute("begin").await?;
        copy_in(client, "eventlog.events", rows).await?;
        let moved = format!("update eventlog.head set position = {end}; commit");
        Ok(client.batch_execute(&moved).await?)
    }

    /// Lets all followers begin at its end: what follows from these facts is not to be done.
    pub async fn follow_from_the_end(&self) -> Result<(), BenchError> {
        let insert = "insert into consumers.checkpoints (name, commit_position, prepare_position)
             select name, position, position from unnest($1::text[]) name, eventlog.head
             on conflict (name) do update set commit_position = excluded.commit_position,
                 prepare_position = excluded.prepare_position";
        self.database.client.execute(insert, &[&expected(&Context::ALL)]).await?;
        Ok(())
    }
}

/// Sends a binary COPY that is ready to be sent.
pub async fn copy_in(
    client: &tokio_postgres::Client,
    table: &str,
    rows: Vec<Bytes>,
) -> Result<(), BenchError> {
    let copy = format!("copy {table} from stdin (format binary)");
    let mut sink = pin!(client.copy_in::<_, Bytes>(&copy).await?);
    for piece in rows {
        sink.send(piece).await?;
    }
    sink.finish().await?;
    Ok(())
}
