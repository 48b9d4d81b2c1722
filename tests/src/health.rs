//! What the service says of itself: before it is there, while something is wrong, and before it goes.

use crate::{
    client::{Answer, Client},
    service::{Place, Service, command},
    town::Town,
};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::{net::TcpListener, time::Duration};
use tokio::{
    process::Child,
    time::{Instant, timeout},
};
use tokio_postgres::NoTls;

/// The reason of a check that is not up; empty for one that is.
fn reason(health: &Answer, name: &str) -> Option<String> {
    let check = health.body["checks"].as_array()?.iter().find(|check| check["name"] == name)?;
    Some(check["reason"].as_str().unwrap_or_default().to_owned())
}

fn says(name: &'static str, part: &'static str) -> impl Fn(&Answer) -> bool {
    move |health| reason(health, name).is_some_and(|reason| reason.contains(part))
}

async fn connected(place: &Place) -> tokio_postgres::Client {
    let (client, connection) = place.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn ended(mut child: Child) -> Option<i32> {
    timeout(Duration::from_secs(30), child.wait()).await.expect("ends").unwrap().code()
}

#[tokio::test]
async fn one_that_starts_is_alive_and_not_ready_until_all_is_there() {
    let place = Place::new().await;
    let migrating = connected(&place).await;
    let lock = "select pg_advisory_lock(hashtext('jangteo schema changes'))";
    migrating.execute(lock, &[]).await.unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut environment = place.environment();
    environment.insert("JANGTEO_LISTEN", format!("127.0.0.1:{port}"));
    let child = command(&environment).arg("serve").spawn().unwrap();
    let client = Client::new(&format!("http://127.0.0.1:{port}"));
    let answers = async {
        while client.try_get("/health/live").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), answers).await.expect("it answers soon");
    assert_eq!(client.get("/health/live").await.status, StatusCode::OK);
    let ready = client.get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(says("service", "starting")(&ready), "{ready:?}");
    let menu = client.get("/cafe/menu").await;
    assert_eq!(
        (menu.status, &menu.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("starting"))
    );
    let docs = client.request(Method::GET, "/nowhere").send().await.unwrap();
    assert_eq!(docs.status(), StatusCode::SERVICE_UNAVAILABLE);

    drop(migrating);
    let is_ready = |answer: &Answer| answer.status == StatusCode::OK;
    let ready = client.until("/health/ready", "is ready", is_ready).await;
    assert_eq!(ready.body["status"], "up", "with all that follow the log: {ready:?}");
    assert_eq!(client.get("/cafe/menu").await.status, StatusCode::OK);
    let pid = child.id().unwrap().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert_eq!(ended(child).await, Some(0));
}

#[tokio::test]
async fn one_that_is_asked_to_end_says_so_and_serves_for_a_while() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("JANGTEO_DRAIN_DELAY", "3s".to_owned());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    assert_eq!(client.get("/health/ready").await.status, StatusCode::OK);
    service.signal("TERM").await;
    let health = client.until("/health/ready", "says so", says("service", "shutting down")).await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    let order = json!({"product": "Espresso", "qty": 1, "price": 1500});
    assert_eq!(client.post("/cafe/orders", order).await.status, StatusCode::CREATED);
    // On a connection of its own, too.
    assert_eq!(Client::new(&service.url).get("/cafe/menu").await.status, StatusCode::OK);
    assert_eq!(service.ended().await, Some(0));
}

#[tokio::test]
async fn a_worker_that_hangs_is_seen_within_seconds_and_when_it_goes_on() {
    let town = Town::open().await;
    let place_order = async || {
        let order = json!({"product": "Espresso", "qty": 1, "price": 1500});
        assert_eq!(town.client.post("/cafe/orders", order).await.status, StatusCode::CREATED);
    };
    place_order().await;
    let (mut holder, connection) = town.database().config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let holding = holder.transaction().await.unwrap();
    holding.batch_execute("lock table cafe.order_status in exclusive mode").await.unwrap();
    place_order().await;
    let since = Instant::now();
    // Whoever hangs keeps no lease.
    let hangs = says("cafe.order_status", "no worker runs it");
    let health = town.client.until("/health/ready", "hangs", hangs).await;
    assert!(since.elapsed() < Duration::from_secs(15), "only after {:?}", since.elapsed());
    assert_eq!((health.status, &health.body["status"]), (StatusCode::OK, &json!("degraded")));
    assert_eq!(reason(&health, "cafe.tickets").as_deref(), Some(""), "the others go on");
    holding.rollback().await.unwrap();
    let is_up = |answer: &Answer| answer.body["status"] == "up";
    town.client.until("/health/ready", "is up again", is_up).await;
}

#[tokio::test]
async fn operators_see_what_runs() {
    let town = Town::open_with(&[("JANGTEO_CONTEXTS", "cafe,market".to_owned())], &[]).await;
    let details = town.client.get("/health").await;
    assert_eq!(details.status, StatusCode::OK);
    let of = |field: &str| details.body[field].clone();
    assert_eq!(of("contexts"), json!(["cafe", "market"]));
    assert_eq!([of("role"), of("log"), of("database")], ["all", "postgresql", "given"]);
    assert!(of("uptimeSeconds").as_i64().unwrap() >= 0 && of("version").is_string());
    assert_eq!(details.body["health"]["status"], "up");
    let pools = of("pools");
    let names: Vec<_> = pools.as_array().unwrap().iter().map(|pool| &pool["name"]).collect();
    assert_eq!(names, ["work", "queries"]);
    assert!(pools.as_array().unwrap().iter().all(|pool| pool["limit"].as_u64() > Some(0)));
}
