//! A store for one test, and what the cases say often.

use chrono::DateTime;
use eventlog::{
    Append, AppendError, Appended, Delivery, EventLog, ExpectedVersion, Metadata, NewEvent,
    Position, RecordedEvent, StreamName, Subscription, eventstoredb::EventStoreDb,
    postgres::PostgresLog,
};
use std::{
    collections::HashMap,
    env,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use support::{
    postgres::Database,
    proxy::{Proxy, Upstream},
    stand_in::StandIn,
};
use tokio::time::timeout;
use tokio_postgres::{Config, config::Host};
use uuid::Uuid;

/// Long enough for a slow machine, short of hanging.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Store {
    engine: Engine,
    /// In the names of its streams and the ids of its events.
    unique: String,
}

enum Engine {
    Postgres(Database),
    StandIn(StandIn),
    EventStoreDb { url: String },
}

impl Store {
    pub async fn postgres() -> Self {
        Self::of(Engine::Postgres(Database::create().await))
    }

    pub async fn stand_in() -> Self {
        Self::of(Engine::StandIn(StandIn::start().await))
    }

    /// The stand-in always, and the real server when there is one to test with.
    pub async fn eventstoredb() -> Vec<Self> {
        let real = env::var("JANGTEO_TEST_EVENTSTORE_URL").ok();
        let real = real.map(|url| Self::of(Engine::EventStoreDb { url }));
        [Self::stand_in().await].into_iter().chain(real).collect()
    }

    fn of(engine: Engine) -> Self {
        let unique = format!("contract{:016x}", RandomState::new().hash_one(0));
        Self { engine, unique }
    }

    /// A log on this store; each call opens another.
    pub async fn open(&self) -> Arc<dyn EventLog> {
        match &self.engine {
            Engine::Postgres(database) => {
                Arc::new(PostgresLog::open(database.config()).await.unwrap())
            }
            Engine::StandIn(server) => Arc::new(EventStoreDb::connect(&server.url()).unwrap()),
            Engine::EventStoreDb { url } => Arc::new(EventStoreDb::connect(url).unwrap()),
        }
    }

    pub fn faulty(&mut self) -> &mut StandIn {
        match &mut self.engine {
            Engine::StandIn(server) => server,
            Engine::Postgres(_) | Engine::EventStoreDb { .. } => {
                panic!("only the stand-in does wrong when told to")
            }
        }
    }

    pub fn stand_in_address(&self) -> SocketAddr {
        match &self.engine {
            Engine::StandIn(server) => server.address(),
            Engine::Postgres(_) | Engine::EventStoreDb { .. } => panic!("not the stand-in"),
        }
    }

    pub fn database(&self) -> &Database {
        match &self.engine {
            Engine::Postgres(database) => database,
            Engine::StandIn(_) | Engine::EventStoreDb { .. } => panic!("not PostgreSQL"),
        }
    }

    /// Where its server listens.
    pub fn postgres_server(&self) -> Upstream {
        let config = self.database().config();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        match &config.get_hosts()[0] {
            Host::Unix(folder) => Upstream::from(folder.join(format!(".s.PGSQL.{port}"))),
            Host::Tcp(host) => Upstream::from(SocketAddr::new(host.parse().unwrap(), port)),
        }
    }

    /// How to connect to its database by way of the proxy.
    pub fn postgres_through(&self, proxy: &Proxy) -> Config {
        let (direct, mut config) = (self.database().config(), Config::new());
        config.host(proxy.address().ip().to_string()).port(proxy.address().port());
        config.user(direct.get_user().unwrap()).dbname(direct.get_dbname().unwrap());
        config
    }

    pub fn category(&self, name: &str) -> String {
        format!("{}.{name}", self.unique)
    }

    pub fn stream(&self, id: &str) -> StreamName {
        StreamName::new(&self.category("item"), id)
    }

    /// The events of a command of this name.
    pub fn events(&self, command: &str, count: usize) -> Vec<NewEvent> {
        let name = format!("{}/{command}", self.unique);
        let command = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        (0..count).map(|index| event(command, index)).collect()
    }
}

fn event(command_id: Uuid, index: usize) -> NewEvent {
    NewEvent {
        id: NewEvent::id_of(command_id, index),
        event_type: "contract.Happened".to_owned(),
        schema_version: 1,
        payload: format!(r#"{{"index":{index}}}"#),
        metadata: Metadata {
            command_id,
            correlation_id: Uuid::from_u128(7),
            causation_id: None,
            actor: "contract".to_owned(),
            at: DateTime::from_timestamp(1_760_000_000, 123_456_000).unwrap(),
        },
    }
}

pub async fn append(
    log: &Arc<dyn EventLog>,
    stream: &StreamName,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    let append = Append::new(stream.clone(), expected, events)?;
    timeout(PATIENCE, log.append(append)).await.expect("an append answers in bounded time")
}

/// Appends one event each, from the beginning of a stream.
pub async fn fill(log: &Arc<dyn EventLog>, store: &Store, stream: &StreamName, count: usize) {
    for index in 0..count {
        let events = store.events(&format!("fill {stream} {index}"), 1);
        let expected = ExpectedVersion::after(index as u64);
        append(log, stream, expected, events).await.unwrap();
    }
}

/// The whole stream.
pub async fn read(log: &Arc<dyn EventLog>, stream: &StreamName) -> Vec<RecordedEvent> {
    log.read_stream(stream, 0, usize::MAX).await.unwrap()
}

pub fn current(outcome: Result<Appended, AppendError>) -> Option<u64> {
    match outcome {
        Err(AppendError::Conflict { current, .. }) => current,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// What a subscription has delivered, checked as it comes: positions only grow, and no stream has a
/// gap after its first event.
pub struct Heard {
    subscription: Subscription,
    pub events: Vec<Arc<RecordedEvent>>,
    pub checkpoints: Vec<Position>,
    pub caught_up: usize,
    last: Position,
    versions: HashMap<StreamName, u64>,
}

impl Heard {
    pub fn by(subscription: Subscription) -> Self {
        Self {
            subscription,
            events: Vec::new(),
            checkpoints: Vec::new(),
            caught_up: 0,
            last: Position::START,
            versions: HashMap::new(),
        }
    }

    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            let next = timeout(PATIENCE, self.subscription.next()).await;
            let Ok(Some(delivery)) = next else {
                panic!(
                    "{next:?} after {} events, {} checkpoints, caught up {} times",
                    self.events.len(),
                    self.checkpoints.len(),
                    self.caught_up
                );
            };
            self.take(delivery);
        }
    }

    pub async fn until_events(&mut self, count: usize) {
        self.until(|heard| heard.events.len() >= count).await;
        assert_eq!(self.events.len(), count);
    }

    pub async fn until_caught_up(&mut self) {
        let before = self.caught_up;
        self.until(|heard| heard.caught_up > before).await;
    }

    pub fn ids(&self) -> Vec<Uuid> {
        self.events.iter().map(|event| event.id).collect()
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Events(events) => {
                assert!(!events.is_empty());
                for event in events {
                    self.check(&event);
                    self.events.push(event);
                }
            }
            Delivery::Checkpoint(position) => self.checkpoints.push(position),
            Delivery::CaughtUp => self.caught_up += 1,
        }
    }

    fn check(&mut self, event: &RecordedEvent) {
        assert!(event.position > self.last, "{event:?} is out of order");
        self.last = event.position;
        let before = self.versions.insert(event.stream.clone(), event.version);
        if let Some(before) = before {
            assert_eq!(event.version, before + 1, "{} has a gap", event.stream);
        }
    }
}

pub fn ids(events: &[RecordedEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}

pub fn new_ids(events: &[NewEvent]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}
