//! The rental on a database of its own, with a gateway that does as it is told.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use commands::{
    Meta,
    clock::Clock,
    parts::Parts,
    payment::{Charge, ChargeStatus, GatewayError, PaymentGateway, Refund},
    reactor::Reactor,
    rental::{Rental, RequestRental},
};
use deadpool_postgres::{Manager, Pool};
use domain::{Id, Quantity, Won, rental::inventory, shared::Name};
use eventlog::{
    EventLog, StreamName,
    consumer::{Consumers, Roster},
    postgres::PostgresLog,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use support::postgres::Database;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How the gateway behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Well,
    Declines,
    /// Nobody listens.
    Gone,
    /// Charges, and neither says so nor knows it when asked.
    Mute,
}

#[derive(Default)]
pub struct Gateway {
    mood: Mutex<Mood>,
    charges: Mutex<BTreeMap<String, Charge>>,
    refunds: Mutex<BTreeMap<String, i64>>,
}

impl Gateway {
    pub fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    pub fn charged(&self) -> Vec<String> {
        self.charges.lock().unwrap().keys().cloned().collect()
    }

    /// What was given back under each key.
    pub fn refunded(&self) -> BTreeMap<String, i64> {
        self.refunds.lock().unwrap().clone()
    }
}

#[async_trait]
impl PaymentGateway for Gateway {
    async fn charge(&self, key: &str, amount: Won, _: &str) -> Result<Charge, GatewayError> {
        let status = match self.mood() {
            Mood::Gone => return Err(GatewayError::NotReached("refused".into())),
            Mood::Declines => ChargeStatus::Declined { reason: Some("no credit".to_owned()) },
            Mood::Well | Mood::Mute => ChargeStatus::Approved,
        };
        let charge = Charge { charge_id: format!("ch-{key}"), status, amount, refunded: false };
        let mut charges = self.charges.lock().unwrap();
        let known = charges.entry(key.to_owned()).or_insert(charge).clone();
        match self.mood() {
            Mood::Mute => Err(GatewayError::Unknown("timed out".into())),
            Mood::Well | Mood::Declines | Mood::Gone => Ok(known),
        }
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        match self.mood() {
            Mood::Gone => Err(GatewayError::NotReached("refused".into())),
            Mood::Mute => Ok(None),
            Mood::Well | Mood::Declines => Ok(self.charges.lock().unwrap().get(key).cloned()),
        }
    }

    /// The same again answers as before.
    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        if self.mood() == Mood::Gone {
            return Err(GatewayError::NotReached("refused".into()));
        }
        self.refunds.lock().unwrap().insert(key.to_owned(), amount.get());
        Ok(Refund { refund_id: format!("re-{key}"), amount })
    }
}

/// Starts at a fixed moment and moves a microsecond with each look.
#[derive(Default)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::microseconds(ticks as i64)
    }

    fn new_id(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

pub struct World {
    _database: Database,
    pub pool: Pool,
    pub log: Arc<dyn EventLog>,
    pub parts: Parts,
    pub gateway: Arc<Gateway>,
    pub rental: Rental,
}

impl World {
    /// With 100 of product 2.
    pub async fn new() -> Self {
        let database = Database::create().await;
        let pool =
            Pool::builder(Manager::new(database.config(), NoTls)).max_size(8).build().unwrap();
        Consumers::migrate(&pool).await.unwrap();
        commands::migrate(&pool).await.unwrap();
        let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(database.config()).await.unwrap());
        let (parts, gateway) = (Parts::default(), Arc::new(Gateway::default()));
        let rental = rental(&log, &parts, &gateway);
        let register = inventory::Command::Register {
            product_name: Name::new("MACBOOK").unwrap(),
            qty: qty(100),
            unit_fee: None,
        };
        rental.inventory(&id("2"), register, &meta(1000)).await.unwrap();
        Self { _database: database, pool, log, parts, gateway, rental }
    }

    /// Another process on the same log, so to speak: its caches are its own.
    pub fn another_process(&self) -> Rental {
        rental(&self.log, &self.parts, &self.gateway)
    }

    pub fn start(&self) -> Running {
        let rental = Arc::new(self.another_process());
        let (log, pool, parts) = (self.log.clone(), self.pool.clone(), self.parts.clone());
        let roster = Roster::new(pool.clone(), Uuid::from_u128(7));
        let reactor = Reactor::new(rental, log, pool, parts, roster);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(reactor.run(cancel.clone()));
        Running { cancel, task }
    }

    /// Forgets how far the reactor was.
    pub async fn back_to_the_beginning(&self) {
        let client = self.pool.get().await.unwrap();
        let reset = "update consumers.checkpoints set commit_position = 0, prepare_position = 0";
        client.execute(reset, &[]).await.unwrap();
    }

    /// The types in a stream, without the context.
    pub async fn types(&self, stream: &str) -> Vec<String> {
        let stream = StreamName::stored(stream);
        let read = self.log.read_stream(&stream, 0, 100).await.unwrap();
        read.into_iter().map(|event| event.event_type.replace("rental.", "")).collect()
    }

    /// Waits until the last event of a stream is of a type.
    pub async fn becomes(&self, stream: &str, last: &str) {
        let what = format!("{stream} {last}");
        eventually(&what, async || self.types(stream).await.last().is_some_and(|one| one == last))
            .await;
    }

    /// Waits until so many of product 2 are free.
    pub async fn free(&self, left: i64) {
        let free = async || self.another_process().load_inventory(&id("2")).await.unwrap().state;
        eventually(&format!("{left} free"), async || free().await.left() == left).await;
    }

    /// Waits until the reactor has handled all there is.
    pub async fn caught_up(&self) {
        let end = self.log.end().await.unwrap();
        let consumers = Consumers::new(self.pool.clone());
        eventually("the reactor has caught up", async || {
            let state = consumers.state("reactor.rental").await.unwrap();
            state.is_some_and(|state| state.position >= end)
        })
        .await;
    }
}

fn rental(log: &Arc<dyn EventLog>, parts: &Parts, gateway: &Arc<Gateway>) -> Rental {
    Rental::new(log.clone(), Arc::new(TestClock::default()), parts.clone(), gateway.clone())
}

pub struct Running {
    pub cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

/// Waits, for a bounded time, until a condition holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !holds().await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let in_time = timeout(std::time::Duration::from_secs(30), reached).await;
    assert!(in_time.is_ok(), "never: {what}");
}

pub fn meta(command: u128) -> Meta {
    let command_id = Uuid::from_u128(command);
    Meta {
        command_id,
        correlation_id: command_id,
        causation_id: None,
        actor: "test".to_owned(),
        may_be_repeat: true,
        guard: commands::Guard::default(),
    }
}

pub fn ten(order_id: &str) -> RequestRental {
    RequestRental {
        order_id: Some(id(order_id)),
        product_id: id("2"),
        qty: qty(10),
        amount: Some(Won::new(10).unwrap()),
        customer_id: Some(id("c1")),
    }
}

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub fn qty(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}
