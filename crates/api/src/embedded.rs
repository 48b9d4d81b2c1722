//! The embedded default: a private PostgreSQL in the data directory, for whoever configured nothing.
//!
//! It is made on the first start, listens on a Unix socket only, and stops with this process. One
//! process at a time owns a data directory; others that want to look find the server with
//! [`Embedded::find`]. What a killed process left running is stopped by the next start, and a
//! server that dies is started again.

mod cluster;
mod error;
mod place;
mod postmaster;
mod programs;
mod supervisor;

pub use error::EmbeddedError;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use place::Place;
use postmaster::{PidFile, Postmaster};
use programs::Programs;
use supervisor::Supervisor;
use tokio::time::{Instant, sleep};

/// Where a cluster goes when the server's user cannot enter the data directory, as with one below
/// root's home.
const ELSEWHERE: &str = "/var/lib/jangteo";

/// How long a data directory that is in use is asked for again.
const LETTING_GO: Duration = Duration::from_secs(1);

/// A running private PostgreSQL. Dropped without [`Embedded::stop`] it is told to stop, too, but
/// nobody waits for it.
pub struct Embedded {
    config: tokio_postgres::Config,
    supervisor: Supervisor,
}

impl Embedded {
    /// Starts the server of `data_dir`, which is made if it is not there, and returns when it
    /// accepts connections.
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let place = Arc::new(claim(data_dir).await?);
        postmaster::stop_leftover(&place.cluster).await?;
        let programs = Programs::find(cluster::version(&place.cluster).as_ref()).await?;
        if !place.cluster.exists() {
            cluster::make(&place, &programs).await?;
        }
        let config = config(&place.sockets);
        let postmaster = Postmaster::start(&place, &programs, &config).await?;
        tracing::info!(cluster = %place.cluster.display(), "the embedded PostgreSQL accepts connections");
        let supervisor = Supervisor::start(place, programs, config.clone(), postmaster);
        Ok(Self { config, supervisor })
    }

    /// How to connect to the server of `data_dir`, if a process runs one. A server that a killed
    /// process left behind is not given: the next start stops it.
    pub fn find(data_dir: &Path) -> Option<tokio_postgres::Config> {
        let cluster = place::cluster_in_use(data_dir)?;
        let sockets = PidFile::read(&cluster)?.accepting()?;
        Some(config(&sockets))
    }

    /// How to connect.
    pub fn config(&self) -> tokio_postgres::Config {
        self.config.clone()
    }

    /// Stops the server in order: connections are ended, everything is written. Returns when it is
    /// gone and the data directory is free.
    pub async fn stop(self) {
        self.supervisor.stop().await;
    }
}

/// Waits a moment for a process that is just letting go, or just looking whether somebody is there.
async fn claim(data_dir: &Path) -> Result<Place, EmbeddedError> {
    let deadline = Instant::now() + LETTING_GO;
    loop {
        match Place::claim(data_dir, Path::new(ELSEWHERE)) {
            Err(EmbeddedError::InUse { .. }) if Instant::now() < deadline => {
                sleep(LETTING_GO / 20).await
            }
            claimed => return claimed,
        }
    }
}

fn config(sockets: &Path) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config.host_path(sockets).user(cluster::SUPERUSER).dbname("postgres");
    config
}
