//! The café on a database of its own, with the gateway of the test's choice.

use chrono::{DateTime, Duration, Utc};
use commands::{
    Meta, People,
    cafe::{Cafe, PlaceOrder},
    clock::{Clock, SystemClock},
    parts::Parts,
    payment::{PaymentGateway, Simulator, simulator::Behaviour},
    people::Masters,
};
use deadpool_postgres::{Manager, Pool};
use domain::{Id, Quantity, Won, cafe::policies::Rules, shared::Name};
use eventlog::{EventLog, consumer::Consumers, postgres::PostgresLog};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use support::postgres::Database;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Starts at a fixed moment and moves a microsecond with each look.
#[derive(Default)]
pub struct TestClock(AtomicU64);

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
    database: Database,
    pub pool: Pool,
    pub log: Arc<dyn EventLog>,
    pub parts: Parts,
    pub cafe: Cafe,
}

pub const RULES: Rules =
    Rules { accept_timeout: Duration::minutes(15), payment_grace: Duration::seconds(5) };

impl World {
    /// Of the database, for other connections.
    pub fn config(&self) -> tokio_postgres::Config {
        self.database.config()
    }

    /// With a gateway that approves everything.
    pub async fn new() -> Self {
        let gateway = Simulator::open(None, Behaviour::default()).unwrap();
        Self::with(Arc::new(gateway)).await
    }

    pub async fn with(gateway: Arc<dyn PaymentGateway>) -> Self {
        let database = Database::create().await;
        let pool =
            Pool::builder(Manager::new(database.config(), NoTls)).max_size(8).build().unwrap();
        Consumers::migrate(&pool).await.unwrap();
        commands::migrate(&pool).await.unwrap();
        let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(database.config()).await.unwrap());
        let parts = Parts::default();
        let cafe = cafe(&pool, &log, &parts, gateway);
        Self { database, pool, log, parts, cafe }
    }
}

/// Another process on the same log, so to speak: its caches are its own.
pub fn cafe(
    pool: &Pool,
    log: &Arc<dyn EventLog>,
    parts: &Parts,
    gateway: Arc<dyn PaymentGateway>,
) -> Cafe {
    let clock = Arc::new(TestClock::default());
    let masters = Masters::parse(&format!("test:{}", "5e".repeat(32))).unwrap();
    // Of which no two processes may make the same.
    let ids = SystemClock::shared();
    let people = People::new(pool.clone(), pool.clone(), Some(masters), ids);
    Cafe::new(log.clone(), clock, parts.clone(), gateway, people, RULES)
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

pub fn coffee(order_id: &str) -> PlaceOrder {
    PlaceOrder {
        order_id: Some(id(order_id)),
        product: Name::new("IceAmericano").unwrap(),
        qty: Quantity::new(2).unwrap(),
        price: Some(Won::new(2000).unwrap()),
        customer_id: None,
        phone: None,
    }
}

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}
