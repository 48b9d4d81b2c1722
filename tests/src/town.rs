//! A running service with a database of its own, for the journeys of any context.

use crate::{
    client::{Answer, Client, answer},
    service::{Place, Service, run},
};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use support::postgres::Database;
use tempfile::TempDir;
use uuid::Uuid;

pub struct Town {
    pub environment: BTreeMap<&'static str, String>,
    pub service: Service,
    pub client: Client,
    place: Place,
}

impl Town {
    pub async fn open() -> Self {
        Self::open_with(&[], &[]).await
    }

    /// With more variables, and arguments of `serve`.
    pub async fn open_with(more: &[(&'static str, String)], arguments: &[&str]) -> Self {
        let place = Place::new().await;
        let mut environment = place.environment();
        environment.extend(more.iter().cloned());
        let service = Service::start_with(&environment, arguments).await;
        Self { client: Client::new(&service.url), environment, service, place }
    }

    /// Where it keeps what it keeps.
    pub fn database(&self) -> &Database {
        &self.place.database
    }

    /// Asks the service to end, and starts it again.
    pub async fn restart(self) -> Self {
        assert_eq!(self.service.terminate().await, Some(0));
        let service = Service::start(&self.environment).await;
        Self { client: Client::new(&service.url), service, ..self }
    }

    /// Another process of the same service, and the folder it has to itself.
    pub async fn another(&self, role: &str) -> (Service, TempDir) {
        let files = TempDir::new().unwrap();
        let folder = files.path().to_str().unwrap();
        let arguments = ["--role", role, "--data-dir", folder];
        (Service::start_with(&self.environment, &arguments).await, files)
    }

    /// Runs another command against the same database, which must succeed.
    pub async fn run(&self, arguments: &[&str]) -> String {
        let (code, printed) = run(&self.environment, arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {printed}");
        printed
    }

    /// Plays a walkthrough.
    pub async fn demo(&self, context: &str) {
        self.run(&["demo", context, "--url", &self.service.url]).await;
    }

    /// The views are what the log says, row for row.
    pub async fn views_are_as_the_log_says(&self, views: &[&str]) {
        for view in views {
            self.run(&["verify", view]).await;
        }
    }

    /// How many events a request has led to, itself and in all that followed.
    pub async fn events_of(&self, request: Uuid) -> i64 {
        let (client, connection) =
            self.place.database.config().connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let count = "select count(*) from eventlog.events where correlation_id = $1";
        client.query_one(count, &[&request]).await.unwrap().get(0)
    }

    /// Forgets what was answered, as the service does after a day.
    pub async fn forget_answers(&self) {
        let (client, connection) =
            self.place.database.config().connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.execute("delete from api.idempotency", &[]).await.unwrap();
    }

    /// How many events the streams of a category have together.
    pub async fn events(&self, category: &str) -> i64 {
        let (client, connection) =
            self.place.database.config().connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let count = "select count(*) from eventlog.events where stream like $1 || '-%'";
        client.query_one(count, &[&category]).await.unwrap().get(0)
    }
}

impl Client {
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }
}
