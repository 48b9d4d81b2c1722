//! The log moves from engine to engine and from database to database, and everything is as it was:
//! the views, what waits, what was told to customers.

use crate::{
    client::{Answer, Client},
    service::{Place, Service, root, run},
};
use domain::Context;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use support::{notice_receiver::NoticeReceiver, stand_in::StandIn};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_postgres::NoTls;

const SECRET: (&str, &str) = ("k1", "a-secret-that-both-sides-know");

/// A service that can be stopped and started with its log elsewhere.
struct Shop {
    environment: BTreeMap<&'static str, String>,
    place: Place,
}

impl Shop {
    async fn new(notices: &str) -> Self {
        let place = Place::new().await;
        let mut environment = place.environment();
        environment.insert("NOTICE_URL", notices.to_owned());
        environment.insert("NOTICE_SECRETS", format!("{}:{}", SECRET.0, SECRET.1));
        Self { environment, place }
    }

    async fn opened(&self) -> (Service, Client) {
        let service = Service::start(&self.environment).await;
        let client = Client::new(&service.url);
        (service, client)
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let (code, printed) = run(&self.environment, arguments).await;
        assert_eq!(code, 0, "{arguments:?}: {printed}");
        printed
    }

    async fn counted(&self, select: &str) -> i64 {
        let (client, connection) = self.place.database.config().connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(select, &[]).await.unwrap().get(0)
    }
}

const NOTICES: &str = "select count(*) from commands.notices";
const TIMERS: &str = "select count(*) from commands.timers";

/// Every context has been through its walkthrough; one order waits for its store, and one ticket
/// waits because the store is closed.
async fn days_work(shop: &Shop, service: &Service, client: &Client) {
    shop.run(&["sample-data"]).await;
    for context in Context::ALL {
        shop.run(&["demo", context.name(), "--url", &service.url]).await;
    }
    order(client, "waiting").await;
    shop.run(&["pause", "cafe.ticket"]).await;
    order(client, "parked").await;
    let parked = |answer: &Answer| {
        let followers = answer.body.as_array().unwrap();
        followers.iter().any(|one| one["name"] == "reactor.cafe" && one["parked"] != json!([]))
    };
    client.until("/projections", "an order is parked", parked).await;
    all_lists(client).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while shop.counted("select count(*) from commands.notices where state <> 'sent'").await > 0 {
        assert!(Instant::now() < deadline, "customers are not told");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn order(client: &Client, id: &str) {
    let order = json!({ "orderId": id, "product": "IceAmericano", "qty": 1, "price": 2000,
        "phone": "010-1234-5678" });
    let answer = client.post("/cafe/orders", order).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    client.becomes(&format!("/cafe/order-status/{id}"), "status", "pay_success").await;
}

/// What every list says, once all followers have done the whole log.
async fn all_lists(client: &Client) -> BTreeMap<String, Value> {
    let done = |answer: &Answer| {
        let mut followers = answer.body.as_array().unwrap().iter();
        followers.all(|one| one["eventsBehind"] == 0)
    };
    client.until("/projections", "everything is done", done).await;
    let described = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let described: Value = serde_json::from_str(&described).unwrap();
    let mut lists = BTreeMap::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        let in_context =
            Context::ALL.iter().any(|one| path.starts_with(&format!("/{}/", one.name())));
        if in_context
            && operations.get("get").is_some()
            && !path.contains('{')
            && !path.ends_with("/live")
        {
            lists.insert(path.clone(), client.get(path).await.body);
        }
    }
    assert!(lists.len() > 10, "{lists:?}");
    lists
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_another_engine_and_back_with_the_same_views() {
    let (receiver, folder) = (NoticeReceiver::start(&[SECRET]).await, TempDir::new().unwrap());
    let (mut shop, stand_in) = (Shop::new(&receiver.url()).await, StandIn::start().await);
    let (service, client) = shop.opened().await;
    days_work(&shop, &service, &client).await;
    let before = all_lists(&client).await;
    assert_eq!(service.terminate().await, Some(0));
    let (notices, timers) = (shop.counted(NOTICES).await, shop.counted(TIMERS).await);
    let file = |name: &str| folder.path().join(name).display().to_string();

    shop.run(&["export", &file("there")]).await;
    shop.environment.insert("EVENTSTORE_URL", stand_in.url());
    let printed = shop.run(&["import", &file("there")]).await;
    // Again changes nothing, though the followers are in the other log now.
    let again = shop.run(&["import", &file("there")]).await;
    assert!(again.contains("; 0 of them are new"), "{printed}\n{again}");
    let (service, client) = shop.opened().await;
    assert_eq!(all_lists(&client).await, before);
    // What waited goes on there.
    shop.run(&["resume", "cafe.ticket"]).await;
    client.becomes("/cafe/tickets/parked", "status", "order_get").await;
    let answer = client.post("/cafe/tickets/waiting/accept", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    client.becomes("/cafe/order-status/waiting", "status", "order_received").await;
    let changed = all_lists(&client).await;
    assert_eq!(service.terminate().await, Some(0));
    assert!(changed != before);

    shop.run(&["export", &file("back")]).await;
    shop.environment.remove("EVENTSTORE_URL");
    shop.run(&["import", &file("back")]).await;
    shop.run(&["verify", "--all"]).await;
    let (service, client) = shop.opened().await;
    assert_eq!(all_lists(&client).await, changed);
    assert_eq!(service.terminate().await, Some(0));
    // One notice for what was done there, and none again.
    assert_eq!(shop.counted(NOTICES).await, notices + 1);
    assert!(shop.counted(TIMERS).await < timers + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_database_is_as_the_lost_one_was() {
    let (receiver, folder) = (NoticeReceiver::start(&[SECRET]).await, TempDir::new().unwrap());
    let (lost, new) = (Shop::new(&receiver.url()).await, Shop::new(&receiver.url()).await);
    let (service, client) = lost.opened().await;
    days_work(&lost, &service, &client).await;
    let before = all_lists(&client).await;
    // While it runs.
    let file = folder.path().join("archive").display().to_string();
    lost.run(&["export", &file]).await;
    assert_eq!(service.terminate().await, Some(0));
    let facts = "select count(*) from eventlog.events";
    let (events, notices) = (lost.counted(facts).await, lost.counted(NOTICES).await);
    let (timers, told) = (lost.counted(TIMERS).await, receiver.taken().len());
    drop(lost);

    new.run(&["import", &file]).await;
    new.run(&["verify", "--all"]).await;
    let (service, client) = new.opened().await;
    assert_eq!(all_lists(&client).await, before);
    let now = [new.counted(facts).await, new.counted(NOTICES).await, new.counted(TIMERS).await];
    assert_eq!((now, receiver.taken().len()), ([events, notices, timers], told));
    // What waited goes on here, and the customer hears of it once.
    new.run(&["resume", "cafe.ticket"]).await;
    client.becomes("/cafe/tickets/parked", "status", "order_get").await;
    let answer = client.post("/cafe/tickets/parked/accept", json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    client.becomes("/cafe/order-status/parked", "status", "order_received").await;
    assert_eq!(service.terminate().await, Some(0));
    assert_eq!(new.counted(NOTICES).await, notices + 1);
}

#[tokio::test]
async fn a_database_that_has_gone_on_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let (shop, stand_in) = (Shop::new("").await, StandIn::start().await);
    let (service, client) = shop.opened().await;
    shop.run(&["sample-data"]).await;
    all_lists(&client).await;
    let file = folder.path().join("archive").display().to_string();
    shop.run(&["export", &file]).await;
    let (code, printed) = run(&shop.environment, &["export", &file]).await;
    assert!(code == 1 && printed.contains("Choose another name"), "{printed}");
    let mut elsewhere = shop.environment.clone();
    elsewhere.insert("EVENTSTORE_URL", stand_in.url());
    let (code, printed) = run(&elsewhere, &["import", &file]).await;
    assert!(code == 1 && printed.contains("Stop every `jangteo serve`"), "{printed}");
    order(&client, "after").await;
    all_lists(&client).await;
    assert_eq!(service.terminate().await, Some(0));
    let (code, printed) = run(&elsewhere, &["import", &file]).await;
    assert!(code == 1 && printed.contains("with nothing done since"), "{printed}");
    // Here, all is as it was.
    shop.run(&["verify", "--all"]).await;
}
