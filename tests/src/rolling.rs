//! Processes are replaced one after the other behind a reverse proxy, and ended while they work:
//! every request is answered.
//!
//! With `JANGTEO_PREVIOUS` naming the program of an earlier version, processes of that one are replaced
//! by today's, as `make rolling` does; otherwise by the same.

mod load;
mod reverse_proxy;

use crate::{
    cafe::coffee,
    client::Client,
    faults::free_address,
    gateway::Gateway,
    service::{Place, Service, binary, run},
};
use futures::future::join_all;
use load::Load;
use reqwest::StatusCode;
use reverse_proxy::ReverseProxy;
use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tokio_postgres::NoTls;

/// What the load has to come to at least.
const REQUESTS: usize = 20_000;

/// How long requests and workers that are under way may go on.
const GRACE: Duration = Duration::from_secs(10);

async fn start(program: &Path, place: &BTreeMap<&str, String>, address: SocketAddr) -> Service {
    let mut environment = place.clone();
    environment.insert("JANGTEO_LISTEN", address.to_string());
    // Longer than the proxy needs to see that it is not ready any more, on a machine that is busy, too.
    environment.insert("JANGTEO_DRAIN_DELAY", "2s".to_owned());
    Service::start_of(program, &environment).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_answered_while_processes_are_replaced() {
    let previous = env::var_os("JANGTEO_PREVIOUS").map_or_else(binary, PathBuf::from);
    let place = Place::new().await;
    let (environment, addresses) = (place.environment(), [free_address(), free_address()]);
    let mut services = Vec::new();
    for address in addresses {
        services.push(start(&previous, &environment, address).await);
    }
    let proxy = ReverseProxy::start(addresses).await;
    for process in 0..addresses.len() {
        proxy.until_up(process).await;
    }
    let load = Load::start(&proxy.url());
    let mut replaced = 0;
    while replaced < 4 || load.answered() < REQUESTS {
        let process = replaced % addresses.len();
        let ended = services.remove(process).terminate().await;
        assert_eq!(ended, Some(0));
        services.insert(process, start(&binary(), &environment, addresses[process]).await);
        proxy.until_up(process).await;
        replaced += 1;
    }
    let answered = load.end().await;
    println!("{replaced} processes were replaced under {answered} requests, all answered");
    assert!(answered >= REQUESTS);
    let (code, printed) = run(&environment, &["verify", "--all"]).await;
    assert_eq!(code, 0, "{printed}");
}

#[tokio::test]
async fn one_that_is_asked_to_end_answers_what_is_under_way() {
    let gateway = Gateway::start(&["--latency", "450ms"]).await;
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("PAYMENT_URL", gateway.url.clone());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    let orders = (0..40).map(|n| {
        let client = client.clone();
        tokio::spawn(async move { client.post("/cafe/orders", coffee(&format!("o{n}"))).await })
    });
    let orders: Vec<_> = orders.collect();
    let (database, connection) = place.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let begun = "select count(*) from eventlog.events where type = 'cafe.OrderSelected'";
    while database.query_one(begun, &[]).await.unwrap().get::<_, i64>(0) < 40 {
        assert!(orders.iter().any(|order| !order.is_finished()), "none is under way");
        sleep(Duration::from_millis(5)).await;
    }
    let asked = Instant::now();
    assert_eq!(service.terminate().await, Some(0));
    assert!(asked.elapsed() < GRACE, "{:?}", asked.elapsed());
    for answer in join_all(orders).await {
        assert_eq!(answer.unwrap().status, StatusCode::CREATED);
    }
    assert_eq!(gateway.charges().await.len(), 40);
}
