//! A database of its own for every test, on the server of `JANGTEO_TEST_POSTGRES`.
//!
//! `make test` and `scripts/with-postgres` start that server and set the variable.

use crate::proxy::Upstream;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};

const SERVER: &str = "JANGTEO_TEST_POSTGRES";

/// An empty database, dropped with everything in it when this is dropped, whoever is connected.
pub struct Database {
    server: Config,
    name: String,
}

impl Database {
    /// Creates the database. Panics when there is no server to create it on.
    pub async fn create() -> Database {
        let server = server();
        let client = connect(&server)
            .await
            .expect("the server of JANGTEO_TEST_POSTGRES accepts connections");
        loop {
            let name = next_name();
            match client.batch_execute(&format!("create database {name} template template0")).await
            {
                Ok(()) => return Database { server, name },
                // Left behind by a killed test whose process id has come round again.
                Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => {}
                Err(error) => panic!("create database {name}: {error:?}"),
            }
        }
    }

    /// How to connect to it.
    pub fn config(&self) -> Config {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        config
    }

    /// The same as a URL, as `DATABASE_URL` takes it. A socket's folder stands percent-encoded in
    /// the place of the host.
    pub fn url(&self) -> String {
        let host = match self.server.get_hosts().first() {
            Some(Host::Tcp(name)) => encode(name.as_bytes()),
            Some(Host::Unix(folder)) => encode(folder.as_os_str().as_encoded_bytes()),
            None => String::new(),
        };
        let port =
            self.server.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
        self.url_with(&format!("{host}{port}"))
    }

    /// Its URL where the server is reached at another address, through a proxy.
    pub fn url_at(&self, address: SocketAddr) -> String {
        self.url_with(&address.to_string())
    }

    /// The server, for a proxy to stand in front of.
    pub fn upstream(&self) -> Upstream {
        let port = self.server.get_ports().first().copied().unwrap_or(5432);
        match self.server.get_hosts().first() {
            Some(Host::Unix(folder)) => folder.join(format!(".s.PGSQL.{port}")).into(),
            Some(Host::Tcp(name)) => {
                let address = name.parse().expect("the test server is named by its address");
                SocketAddr::new(address, port).into()
            }
            None => panic!("{SERVER} names no host"),
        }
    }

    fn url_with(&self, host: &str) -> String {
        let user = encode(self.server.get_user().unwrap_or_default().as_bytes());
        let password = match self.server.get_password() {
            Some(password) => format!(":{}", encode(password)),
            None => String::new(),
        };
        format!("postgresql://{user}{password}@{host}/{}", self.name)
    }

    /// A connection to it, served by a task until the client is dropped.
    pub async fn client(&self) -> Client {
        connect(&self.config()).await.expect("the test's own database accepts connections")
    }
}

impl Drop for Database {
    /// On a thread with a runtime of its own, because a test's runtime cannot be waited for from
    /// inside it. A failure leaves a database on a server that is thrown away as a whole.
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("drop database if exists {} with (force)", self.name);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let client = connect(&server).await.map_err(std::io::Error::other)?;
                client.batch_execute(&statement).await.map_err(std::io::Error::other)
            })
        });
        let _ = thread.join();
    }
}

fn server() -> Config {
    let Ok(server) = std::env::var(SERVER) else {
        panic!(
            "{SERVER} is not set: this test needs a PostgreSQL server. Run `make test`, or \
             `scripts/with-postgres cargo nextest run -p <crate>`."
        );
    };
    server.parse().unwrap_or_else(|error| panic!("{SERVER} is not a connection string: {error}"))
}

/// Unique on a server that lives as long as one test run: process ids differ, and so do the counts
/// inside one process.
fn next_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    // Its errors come out of the client's own calls.
    tokio::spawn(connection);
    Ok(client)
}

/// Percent-encodes everything but what may stand unencoded in any part of a URL.
fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn is_its_own_and_gone_afterwards() {
        let (one, other) = (Database::create().await, Database::create().await);
        one.client().await.batch_execute("create table thing (id int)").await.unwrap();
        let tables = other
            .client()
            .await
            .query("select 1 from pg_tables where tablename = 'thing'", &[])
            .await
            .unwrap();
        assert!(tables.is_empty());

        let (server, name) = (server(), one.name.clone());
        let still_connected = one.client().await;
        drop(one);
        let client = connect(&server).await.unwrap();
        let found = client.query("select 1 from pg_database where datname = $1", &[&name]).await;
        assert!(found.unwrap().is_empty());
        assert!(still_connected.query("select 1", &[]).await.is_err());
    }

    #[tokio::test]
    async fn its_url_leads_to_it() {
        let database = Database::create().await;
        let client = connect(&database.url().parse().unwrap()).await.unwrap();
        let name: String =
            client.query_one("select current_database()::text", &[]).await.unwrap().get(0);
        assert_eq!(name, database.name);
    }
}
