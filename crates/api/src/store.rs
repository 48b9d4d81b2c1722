//! Where the data is: pools for the views' database, and the log.

use crate::{
    cli::Failure,
    config::{Database, StoreArgs, StoreConfig},
    embedded::{Embedded, EmbeddedError},
    http::idempotency,
};
use deadpool_postgres::{BuildError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use eventlog::{
    EventLog, LogError,
    consumer::Consumers,
    eventstoredb::EventStoreDb,
    postgres::{Change, MigrateError, PostgresLog, Server},
};
use std::{error::Error, path::PathBuf, sync::Arc, time::Duration};

/// How many connections workers and commands share. The log has its own.
const CONNECTIONS: usize = 24;

/// How many connections queries have, which are answered whatever commands and workers do.
const QUERY_CONNECTIONS: usize = 16;

/// How long the database may take to connect, and to hand out a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one statement may take, in requests and workers.
const STATEMENT_TIME: Duration = Duration::from_secs(30);

/// How long they may be silent amid a transaction: as long as a lease. Whoever stands still for longer
/// keeps its rows from nobody.
const SILENCE: Duration = Duration::from_secs(5);

/// Opened, with all schemas up to date.
pub struct Store {
    /// For workers and commands.
    pub pool: Pool,
    /// For queries.
    pub queries: Pool,
    pub log: Arc<dyn EventLog>,
    /// For what is kept in files.
    pub data_dir: PathBuf,
    /// What opening it changed of the schemas.
    pub changes: Vec<Change>,
    /// The server of the embedded default, when it is ours.
    embedded: Option<Embedded>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error("the connections to the database cannot be made")]
    Pool(#[from] BuildError),
    #[error("the event log cannot be opened")]
    Log(#[from] LogError),
    #[error("the database cannot be prepared")]
    Schema(#[from] MigrateError),
}

impl Store {
    /// For `serve`: with nothing configured, starts the private PostgreSQL, which then belongs to
    /// this process alone.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let (database, embedded) = match &config.database {
            Database::Given(database) => (*database.clone(), None),
            Database::Embedded => start(config).await?,
        };
        Self::open_with(config, database, embedded, Some(STATEMENT_TIME)).await
    }

    /// For the other commands: uses the private PostgreSQL of a running `serve`, if there is one.
    pub async fn attach(args: StoreArgs) -> Result<Self, Failure> {
        Self::attach_with(args, Some(STATEMENT_TIME)).await
    }

    /// Like [`Store::attach`], for statements that may take long.
    pub async fn attach_for_long_work(args: StoreArgs) -> Result<Self, Failure> {
        Self::attach_with(args, None).await
    }

    async fn attach_with(
        args: StoreArgs,
        statement_time: Option<Duration>,
    ) -> Result<Self, Failure> {
        let config = args.check().map_err(|mistakes| Failure::of(&mistakes, ""))?;
        if matches!(config.database, Database::Embedded) && !config.data_dir.exists() {
            let what = format!("there is no data in {}", config.data_dir.display());
            let next = "Start `jangteo serve` here, or say with JANGTEO_DATA_DIR or DATABASE_URL where the data is.";
            return Err(Failure::new(what, next));
        }
        let attached = async {
            let (database, embedded) = match &config.database {
                Database::Given(database) => (*database.clone(), None),
                Database::Embedded => find_or_start(&config).await?,
            };
            Self::open_with(&config, database, embedded, statement_time).await
        };
        attached.await.map_err(|error| unopened(&error))
    }

    async fn open_with(
        config: &StoreConfig,
        database: Server,
        embedded: Option<Embedded>,
        statement_time: Option<Duration>,
    ) -> Result<Self, StoreError> {
        let opened =
            open_log_and_pools(database, config.eventstore_url.as_deref(), statement_time).await;
        match opened {
            Ok((log, pool, queries, changes)) => {
                let data_dir = config.data_dir.clone();
                Ok(Self { pool, queries, log, data_dir, changes, embedded })
            }
            Err(error) => {
                stop(embedded).await;
                Err(error)
            }
        }
    }

    /// What a failed use of the data is reported as.
    pub fn failed(&self, error: &(dyn Error + 'static)) -> Failure {
        Failure::of(error, "See that the database and the event log are up, and try again.")
    }

    /// Closes the connections, and stops the private PostgreSQL if it is ours.
    pub async fn close(self) -> Result<(), Failure> {
        self.pool.close();
        self.queries.close();
        drop(self.log);
        stop(self.embedded).await;
        Ok(())
    }
}

/// What a store that cannot be opened is reported as.
pub fn unopened(error: &StoreError) -> Failure {
    let next = match error {
        StoreError::Embedded(error) => error.next(),
        StoreError::Pool(_) | StoreError::Log(_) | StoreError::Schema(_) => {
            "See that DATABASE_URL and EVENTSTORE_URL are right and that their servers are up."
        }
    };
    Failure::of(error, next)
}

async fn find_or_start(config: &StoreConfig) -> Result<(Server, Option<Embedded>), EmbeddedError> {
    if let Some(running) = Embedded::find(&config.data_dir) {
        return Ok((running.into(), None));
    }
    start(config).await
}

async fn start(config: &StoreConfig) -> Result<(Server, Option<Embedded>), EmbeddedError> {
    let embedded = Embedded::start(&config.data_dir).await?;
    Ok((embedded.config().into(), Some(embedded)))
}

async fn stop(embedded: Option<Embedded>) {
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
}

async fn open_log_and_pools(
    mut database: Server,
    eventstore_url: Option<&str>,
    statement_time: Option<Duration>,
) -> Result<(Arc<dyn EventLog>, Pool, Pool, Vec<Change>), StoreError> {
    database
        .config
        .connect_timeout(PATIENCE)
        .keepalives_idle(Duration::from_secs(10))
        .tcp_user_timeout(Duration::from_secs(15))
        .application_name("jangteo");
    // Nearly everything here goes by key: a plan that was made while a table was empty must not
    // scan it when it has grown, and compiling a plan takes longer than running it. What DATABASE_URL
    // says itself wins.
    let given = database.config.get_options().unwrap_or_default();
    let options = format!("-c enable_seqscan=off -c jit=off {given}");
    database.config.options(options.trim());
    let queries = pool(&database, QUERY_CONNECTIONS, statement_time)?;
    let pool = pool(&database, CONNECTIONS, statement_time)?;
    let (log, mut changes): (Arc<dyn EventLog>, _) = match eventstore_url {
        Some(url) => (Arc::new(EventStoreDb::connect(url)?), Vec::new()),
        None => {
            let log = PostgresLog::open(database).await?;
            let changes = log.changes().to_vec();
            (Arc::new(log), changes)
        }
    };
    changes.extend(migrate(&pool).await?);
    Ok((log, pool, queries, changes))
}

async fn migrate(pool: &Pool) -> Result<Vec<Change>, MigrateError> {
    let changes = [
        Consumers::migrate(pool).await?,
        commands::migrate(pool).await?,
        projections::migrate(pool).await?,
        idempotency::migrate(pool).await?,
    ];
    Ok(changes.concat())
}

fn pool(
    database: &Server,
    connections: usize,
    statement_time: Option<Duration>,
) -> Result<Pool, BuildError> {
    let Server { mut config, tls } = database.clone();
    if let Some(time) = statement_time {
        let given = config.get_options().unwrap_or_default();
        let options = format!(
            "{given} -c statement_timeout={} -c idle_in_transaction_session_timeout={}",
            time.as_millis(),
            SILENCE.as_millis()
        );
        config.options(options.trim());
    }
    // A connection that has ended is known without asking; one that is mute shows when it is used.
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(config, tls, manager))
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .recycle_timeout(Some(PATIENCE))
        .build()
}
