//! A log and a database of one's own, two read models that are easy to get wrong, and facts.

use chrono::DateTime;
use deadpool_postgres::{Manager, Pool};
use domain::{
    Aggregate, Event, Fact, Id, Quantity, Won,
    cafe::{
        self,
        order::{self, Order},
        ticket::{self, Ticket},
    },
    shared::Name,
    stored,
};
use eventlog::{
    Append, EventLog, ExpectedVersion, Metadata, NewEvent, Position, StreamName,
    consumer::Consumers, postgres::PostgresLog,
};
use projections::{Condition, Engine, Lookups, Options, ReadModel, row};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use support::postgres::Database;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Config, NoTls};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const SHORT_LEASE: Duration = Duration::from_millis(600);

pub struct World {
    pub log: Arc<PostgresLog>,
    pub pool: Pool,
    database: Database,
}

impl World {
    pub async fn new() -> Self {
        let database = Database::create().await;
        let pool = pool(&database.config());
        Consumers::migrate(&pool).await.unwrap();
        projections::migrate(&pool).await.unwrap();
        let tables = "create schema test;
            create table test.tally (id text collate \"C\" primary key, events bigint not null);
            create table test.fragile (id text collate \"C\" primary key, events bigint not null)";
        pool.get().await.unwrap().batch_execute(tables).await.unwrap();
        let log = Arc::new(PostgresLog::open(database.config()).await.unwrap());
        Self { log, pool, database }
    }

    pub fn config(&self) -> Config {
        self.database.config()
    }

    /// What runs in one process; another number is another process.
    pub fn engine(&self, process: u128) -> Engine {
        self.engine_on(self.pool.clone(), process)
    }

    pub fn engine_on(&self, pool: Pool, process: u128) -> Engine {
        let options =
            Options { lease: SHORT_LEASE, batch: 50, rebuild_rows: 40, ..Options::default() };
        Engine::new(self.log.clone(), pool, Uuid::from_u128(process), options)
    }

    pub async fn append<A: Aggregate>(&self, id: &str, seen: u64, events: &[A::Event]) -> Position {
        let events = events.iter().map(|event| {
            let encoded = stored::encode::<A>(event);
            (encoded.event_type, encoded.payload)
        });
        self.append_raw(A::CATEGORY, id, seen, events.collect()).await
    }

    pub async fn append_raw(
        &self,
        category: &str,
        id: &str,
        seen: u64,
        events: Vec<(String, String)>,
    ) -> Position {
        let stream = StreamName::new(category, id);
        let command_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{seen}").as_bytes());
        let event = |(index, (event_type, payload))| NewEvent {
            id: NewEvent::id_of(command_id, index),
            event_type,
            schema_version: 1,
            payload,
            metadata: metadata(command_id),
        };
        let events = events.into_iter().enumerate().map(event).collect();
        let append = Append::new(stream, ExpectedVersion::after(seen), events).unwrap();
        self.log.append(append).await.unwrap().position
    }

    /// A paid order.
    pub async fn order(&self, id: &str) -> Position {
        self.append::<Order>(id, 0, &[selected(), paid()]).await
    }

    /// Something that is no event of an order.
    pub async fn nonsense(&self, order: &str, seen: u64) -> Position {
        let nonsense = ("cafe.Nonsense".to_owned(), "{}".to_owned());
        self.append_raw(Order::CATEGORY, order, seen, vec![nonsense]).await
    }

    /// A row as queries find it.
    pub async fn row<M: ReadModel>(&self, key: &str) -> Option<M::Row> {
        Lookups::new(self.pool.clone()).get::<M>(key).await.unwrap()
    }

    /// A number from the database.
    pub async fn count(&self, select: &str) -> i64 {
        self.pool.get().await.unwrap().query_one(select, &[]).await.unwrap().get(0)
    }
}

fn metadata(command_id: Uuid) -> Metadata {
    Metadata {
        command_id,
        correlation_id: command_id,
        causation_id: None,
        actor: "test".to_owned(),
        // Finer than PostgreSQL keeps it.
        at: DateTime::from_timestamp(1_767_225_600, 123_456_789).unwrap(),
    }
}

pub fn pool(config: &Config) -> Pool {
    Pool::builder(Manager::new(config.clone(), NoTls)).max_size(12).build().unwrap()
}

/// A worker that runs until it is stopped, or killed by dropping it.
pub struct Worker {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Worker {
    pub async fn of<M: ReadModel>(engine: &Engine) -> Self {
        let (keeper, stop) = (engine.clone(), CancellationToken::new());
        let token = stop.clone();
        let task = Some(tokio::spawn(async move { keeper.keep::<M>(&token).await }));
        until("it began", || async { engine.local(M::NAME).condition != Condition::Absent }).await;
        Self { stop, task }
    }

    pub async fn stop(mut self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task.take().unwrap()).await.unwrap().unwrap();
    }

    /// In the middle of whatever it does.
    pub async fn kill(mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        let _ = task.await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Asks again and again until the answer is yes.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub async fn working<M: ReadModel>(engine: &Engine) {
    until("the worker works", || async { engine.local(M::NAME).condition == Condition::Working })
        .await;
}

pub fn selected() -> order::Event {
    order::Event::OrderSelected {
        product: Name::new("IceAmericano").unwrap(),
        qty: Quantity::new(1).unwrap(),
        price: Won::new(2000).unwrap(),
        amount: Won::new(2000).unwrap(),
        customer_id: Some(Id::new("c1").unwrap()),
        phone: None,
        attempt: 1,
    }
}

pub fn paid() -> order::Event {
    order::Event::PaymentCompleted {
        attempt: 1,
        amount: Won::new(2000).unwrap(),
        charge_id: "ch1".to_owned(),
        product: Name::new("IceAmericano").unwrap(),
        qty: Quantity::new(1).unwrap(),
        customer_id: Some(Id::new("c1").unwrap()),
    }
}

pub fn opened() -> ticket::Event {
    ticket::Event::TicketOpened {
        product: Name::new("IceAmericano").unwrap(),
        qty: Quantity::new(1).unwrap(),
        customer_id: None,
    }
}

pub fn rejected(reason: &str) -> ticket::Event {
    ticket::Event::OrderRejected { reason: Some(reason.to_owned()) }
}

row! {
    pub struct TallyRow {
        pub id: String,
        pub events: i64,
    }
}

fn one_more(row: Option<TallyRow>, fact: &Fact<Event>) -> TallyRow {
    let events = row.map_or(0, |row| row.events) + 1;
    TallyRow { id: fact.of.clone(), events }
}

/// Counts the events of each order: one folded twice or not at all shows.
pub struct Tally;

impl ReadModel for Tally {
    const NAME: &'static str = "test.tally";
    const CATEGORIES: &'static [&'static str] = &[Order::CATEGORY];
    const FILTERS: &'static [&'static str] = &[];
    type Row = TallyRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        vec![fact.of.clone()]
    }

    fn fold(row: Option<TallyRow>, fact: &Fact<Event>) -> Option<TallyRow> {
        Some(one_more(row, fact))
    }
}

/// Whether [`Fragile`] can take a ticket that was rejected. Of all worlds: one test uses it.
pub static MENDED: AtomicBool = AtomicBool::new(false);

/// Counts the events of each ticket, in a program with a mistake that is mended later.
pub struct Fragile;

impl ReadModel for Fragile {
    const NAME: &'static str = "test.fragile";
    const CATEGORIES: &'static [&'static str] = &[Ticket::CATEGORY];
    const FILTERS: &'static [&'static str] = &[];
    type Row = TallyRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        vec![fact.of.clone()]
    }

    fn fold(row: Option<TallyRow>, fact: &Fact<Event>) -> Option<TallyRow> {
        let rejected = matches!(
            fact.event,
            Event::Cafe(cafe::Event::Ticket(ticket::Event::OrderRejected { .. }))
        );
        assert!(!rejected || MENDED.load(Ordering::SeqCst), "a mistake of this program");
        Some(one_more(row, fact))
    }
}
