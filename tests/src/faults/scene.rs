//! What the processes of one test share: a database, a log, and a payment gateway.

use super::{PATIENCE, followers::Followers, within};
use crate::{
    client::Client,
    gateway::Gateway,
    own_postgres::OwnPostgres,
    service::{Place, Service},
};
use eventlog::{EventLog, eventstoredb::EventStoreDb, postgres::PostgresLog};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use support::{proxy::Proxy, stand_in::StandIn};
use tokio::time::Instant;
use tokio_postgres::{Config, NoTls};

pub struct Scene {
    pub environment: BTreeMap<&'static str, String>,
    pub gateway: Gateway,
    /// The way of the test itself, past whatever is between the service and its database.
    database: Config,
    /// The log, unless it is in the database. Again the way of the test itself.
    stand_in: Option<StandIn>,
    place: Place,
}

/// A process of the service, and a client of it.
pub struct Process {
    pub service: Service,
    pub client: Client,
}

impl Scene {
    pub async fn open() -> Self {
        let place = Place::new().await;
        let gateway = Gateway::start(&["--latency", "0..5ms"]).await;
        let mut environment = place.environment();
        environment.insert("PAYMENT_URL", gateway.url.clone());
        let database = place.database.config();
        Self { environment, gateway, database, stand_in: None, place }
    }

    /// On a database server of the test's own.
    pub async fn open_on(postgres: &OwnPostgres) -> Self {
        let mut scene = Self::open().await;
        scene.keep_views_on(postgres);
        scene
    }

    /// And the log, unless it is elsewhere.
    pub fn keep_views_on(&mut self, postgres: &OwnPostgres) {
        self.environment.insert("DATABASE_URL", postgres.url());
        self.database = postgres.config();
    }

    /// With a proxy between the service and its database.
    pub async fn open_behind_proxy() -> (Self, Proxy) {
        let mut scene = Self::open().await;
        let proxy = Proxy::start(scene.place.database.upstream()).await;
        let url = scene.place.database.url_at(proxy.address());
        scene.environment.insert("DATABASE_URL", url);
        (scene, proxy)
    }

    /// With the log on a server that speaks EventStoreDB's protocol, and a proxy in front of it.
    pub async fn open_with_log_behind_proxy() -> (Self, Proxy) {
        let mut scene = Self::open().await;
        let stand_in = StandIn::start().await;
        let proxy = Proxy::start(stand_in.address()).await;
        scene.environment.insert("EVENTSTORE_URL", StandIn::url_of(proxy.address()));
        scene.stand_in = Some(stand_in);
        (scene, proxy)
    }

    pub fn has_its_log_elsewhere(&self) -> bool {
        self.stand_in.is_some()
    }

    /// Starts a process: `all`, `api` or `worker`.
    pub async fn start(&self, role: &str) -> Process {
        Process::start(&self.environment, &["--role", role]).await
    }

    /// Starts a process that does everything, at an address where its clients find it again.
    pub async fn start_at(&self, address: SocketAddr) -> Process {
        Process::start(&self.environment, &["--listen", &address.to_string()]).await
    }

    /// Starts the first worker, and waits until it has everything: what `client` is told then.
    /// Workers that are started later may be given a part of it.
    pub async fn start_first_worker(&self, client: &Client) -> (Process, Followers) {
        let worker = self.start("worker").await;
        let none = Followers::default();
        let alone = within(Instant::now(), PATIENCE, async || none.taken_over(client).await).await;
        (worker, alone)
    }

    pub async fn client(&self) -> tokio_postgres::Client {
        let (client, connection) = self.database.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// The log, past everything that is in the way of the service.
    pub async fn log(&self) -> Arc<dyn EventLog> {
        match &self.stand_in {
            Some(stand_in) => Arc::new(EventStoreDb::connect(&stand_in.url()).unwrap()),
            None => Arc::new(PostgresLog::open(self.database.clone()).await.unwrap()),
        }
    }
}

impl Process {
    async fn start(environment: &BTreeMap<&str, String>, arguments: &[&str]) -> Self {
        let service = Service::start_with(environment, arguments).await;
        Self { client: Client::new(&service.url), service }
    }
}

/// A free address on this machine.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap()
}
