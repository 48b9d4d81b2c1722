//! A look into the service's private PostgreSQL, past the service.

use crate::{BenchError, meter::cpu};
use api::embedded::Embedded;
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use tokio_postgres::{Client, Config, NoTls};

/// What commits cost, and what else a reader of the figures has to know.
const SETTINGS: [&str; 9] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "wal_compression",
    "shared_buffers",
    "max_wal_size",
    "commit_delay",
];

/// How long followers may take to come to the log's end.
pub const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

pub struct Database {
    pub client: Client,
}

/// How to connect to the private PostgreSQL of a running service.
pub fn find(data_dir: &Path) -> Result<Config, BenchError> {
    Embedded::find(data_dir).ok_or(BenchError::NoDatabase)
}

/// Where the log ends and its followers stand. Positions of the embedded log have no gaps, so a
/// difference is a number of facts.
#[derive(Clone, Debug)]
pub struct Look {
    pub at: Instant,
    pub end: i64,
    pub followers: BTreeMap<String, i64>,
}

impl Look {
    /// By how many facts this follower is behind.
    pub fn lag(&self, follower: &str) -> i64 {
        self.followers.get(follower).map_or(self.end, |position| (self.end - position).max(0))
    }

    fn is_settled(&self) -> bool {
        self.followers.values().all(|position| *position >= self.end)
    }
}

impl Database {
    pub async fn of(data_dir: &Path) -> Result<Self, BenchError> {
        Self::connect(&find(data_dir)?).await
    }

    pub async fn connect(config: &Config) -> Result<Self, BenchError> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Fails unless commits are durable.
    pub async fn settings(&self) -> Result<BTreeMap<String, String>, BenchError> {
        let query = "select 'postgres ' || name, current_setting(name) from pg_settings where name = any($1)";
        let rows = self.client.query(query, &[&SETTINGS.as_slice()]).await?;
        let settings: BTreeMap<String, String> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for name in ["fsync", "synchronous_commit"] {
            if settings.get(&format!("postgres {name}")).is_none_or(|value| value != "on") {
                return Err(BenchError::NotDurable(name));
            }
        }
        Ok(settings)
    }

    /// Writes to the disk what is to be written, so that the next load does not wait for it.
    pub async fn checkpoint(&self) -> Result<(), BenchError> {
        Ok(self.client.batch_execute("checkpoint").await?)
    }

    /// The process that starts those of all connections.
    pub async fn server(&self) -> Result<u32, BenchError> {
        let ours: i32 = self.client.query_one("select pg_backend_pid()", &[]).await?.get(0);
        Ok(cpu::parent(ours.unsigned_abs())?)
    }

    /// How many bytes the write-ahead log took, and how often it was flushed.
    pub async fn written(&self) -> Result<[f64; 2], BenchError> {
        let query = "select wal_bytes::float8, wal_sync::float8 from pg_stat_wal";
        let row = self.client.query_one(query, &[]).await?;
        Ok([row.get(0), row.get(1)])
    }

    /// The old tables that rebuilds leave follow nothing.
    pub async fn look(&self) -> Result<Look, BenchError> {
        let query = "select head.position, name, commit_position
             from eventlog.head, consumers.checkpoints
             where strpos(name, '__') = 0";
        let rows = self.client.query(query, &[]).await?;
        let end = rows.first().map_or(0, |row| row.get(0));
        let followers = rows.iter().map(|row| (row.get(1), row.get(2))).collect();
        Ok(Look { at: Instant::now(), end, followers })
    }

    /// How many facts of orders stand after the one and up to the other position.
    pub async fn order_facts(&self, after: i64, up_to: i64) -> Result<i64, BenchError> {
        let query = "select count(*) from eventlog.events
                     where position > $1 and position <= $2 and stream like 'cafe.order-%'";
        Ok(self.client.query_one(query, &[&after, &up_to]).await?.get(0))
    }

    /// They are sent one after the other, whatever the followers of the log do.
    pub async fn waiting_notices(&self) -> Result<i64, BenchError> {
        let query = "select count(*) from commands.notices where state = 'pending'";
        Ok(self.client.query_one(query, &[]).await?.get(0))
    }

    /// Waits until every follower has come to the log's end, and nothing follows from that.
    pub async fn settle(&self) -> Result<Instant, BenchError> {
        let begin = Instant::now();
        let mut settled = self.look().await?;
        while begin.elapsed() < PATIENCE {
            sleep(POLL).await;
            let look = self.look().await?;
            if look.is_settled() && settled.is_settled() && look.end == settled.end {
                return Ok(settled.at);
            }
            settled = look;
        }
        Err(BenchError::Unsettled)
    }
}
