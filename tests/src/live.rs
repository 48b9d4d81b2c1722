//! Live views, from outside: what is told is what the queries say, whatever happens in between.

pub mod listening;

use crate::{
    cafe::coffee,
    client::{Answer, Client},
    town::Town,
};
use futures::future::join_all;
use listening::Listening;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const ORDERS: &str = "/cafe/order-status";

async fn done(sent: impl Future<Output = Answer>) -> String {
    let sent = sent.await;
    assert!(sent.status.is_success(), "{sent:?}");
    sent.position.expect("a position")
}

async fn order(client: &Client, id: &str) -> String {
    done(client.post("/cafe/orders", coffee(id))).await
}

/// Asks for it until the reactor has made it possible.
async fn ask(client: &Client, path: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let sent = client.post(path, json!({})).await;
        if sent.status.is_success() {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{path}: {sent:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the list says, by key.
async fn listed(client: &Client, path: &str) -> BTreeMap<String, Value> {
    let rows = client.get(path).await.body;
    let by_key = |row: &Value| (row["orderId"].as_str().unwrap().to_owned(), row.clone());
    rows.as_array().unwrap().iter().map(by_key).collect()
}

/// What was told becomes what the list says.
async fn comes_to(listening: &mut Listening, client: &Client, path: &str) {
    let expected = listed(client, path).await;
    listening.becomes(path, |rows| *rows == expected).await;
}

#[tokio::test]
async fn an_order_is_followed_from_payment_to_pick_up() {
    let town = Town::open().await;
    let client = &town.client;
    let position = order(client, "o1").await;
    client.get_at("/cafe/order-status/o1", &position).await;
    let mut order = Listening::to(client, "/cafe/order-status/o1/live", "orderId").await;
    assert_eq!(order.rows["o1"]["status"], "pay_success");
    let mut seen = vec![];
    for command in ["accept", "make", "hand-over"] {
        ask(client, &format!("/cafe/tickets/o1/{command}")).await;
        loop {
            let row = order.until("row").await.data;
            let status = row["status"].as_str().unwrap().to_owned();
            if seen.last() != Some(&status) && status != "pay_success" {
                seen.push(status);
                break;
            }
        }
    }
    assert_eq!(seen, ["order_received", "made", "picked_up"]);
    assert_eq!(order.rows, listed(client, ORDERS).await);
    let unknown = Listening::refused(client, "/cafe/order-status/o2/live").await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-order"))
    );
}

#[tokio::test]
async fn a_list_is_told_what_enters_its_filter_and_what_leaves_it() {
    let town = Town::open().await;
    let client = &town.client;
    done(client.post("/cafe/orders", coffee("o1"))).await;
    let mut all = Listening::to(client, "/cafe/order-status/live", "orderId").await;
    let paid = "/cafe/order-status/live?status=pay_success";
    let mut paid = Listening::to(client, paid, "orderId").await;
    order(client, "o2").await;
    paid.becomes("both are paid", |rows| rows.len() == 2).await;
    ask(client, "/cafe/tickets/o1/accept").await;
    paid.becomes("one is accepted", |rows| rows.keys().eq(["o2"])).await;
    all.becomes("it is", |rows| rows.len() == 2 && rows["o1"]["status"] == "order_received").await;
    // What neither was nor is in the filter is not told.
    ask(client, "/cafe/tickets/o1/make").await;
    all.becomes("it is made", |rows| rows["o1"]["status"] == "made").await;
    paid.hears_nothing().await;
    assert_eq!((paid.resets, all.resets), (0, 0));
}

#[tokio::test]
async fn what_a_list_may_be_asked_for_its_stream_may_be_too() {
    let town = Town::open().await;
    for (query, status, code) in [
        ("status=nonsense", StatusCode::UNPROCESSABLE_ENTITY, "invalid-value"),
        ("price=1", StatusCode::BAD_REQUEST, "malformed"),
        ("after=YQ", StatusCode::BAD_REQUEST, "malformed"),
        ("limit=0", StatusCode::UNPROCESSABLE_ENTITY, "invalid-value"),
    ] {
        let refused = Listening::refused(&town.client, &format!("{ORDERS}/live?{query}")).await;
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(code)), "{query}");
    }
    for id in ["o1", "o2", "o3"] {
        let position = order(&town.client, id).await;
        town.client.get_at(ORDERS, &position).await;
    }
    let path = format!("{ORDERS}/live?limit=2&sort=-orderId");
    let mut page = Listening::to(&town.client, &path, "orderId").await;
    assert!(page.rows.keys().eq(["o2", "o3"]), "{:?}", page.rows);
    // What is beyond the page is told when it changes.
    ask(&town.client, "/cafe/tickets/o1/accept").await;
    page.becomes("it is there", |rows| rows.contains_key("o1")).await;
}

/// Orders, some of which go on, some of which are refused, at the same time.
async fn busy(clients: &[&Client], round: usize) {
    let lives = (0..12).map(|number| async move {
        let (client, id) = (clients[number % clients.len()], format!("r{round}-{number}"));
        order(client, &id).await;
        let commands: &[&str] = match number % 4 {
            0 => &["accept", "make", "hand-over"],
            1 => &["accept", "make"],
            2 => &["reject"],
            _ => &[],
        };
        for command in commands {
            ask(client, &format!("/cafe/tickets/{id}/{command}")).await;
        }
    });
    join_all(lives).await;
}

/// Loses the connection after every so many events.
async fn falters(mut listening: Listening, every: usize, clients: Vec<Client>) -> Listening {
    let mut connections = 0;
    loop {
        let mut events = 0;
        while events < every {
            let next = tokio::time::timeout(Duration::from_secs(3), listening.next()).await;
            match next {
                Ok(Some(event)) => events += usize::from(event.name != "ready"),
                Ok(None) => break,
                // It is quiet.
                Err(_) => return listening,
            }
        }
        connections += 1;
        listening.connect_to(&clients[connections % clients.len()]).await;
    }
}

#[tokio::test]
async fn nothing_is_missed_however_often_and_wherever_a_client_connects_again() {
    let town = Town::open().await;
    let (another, _files) = town.another("api").await;
    let clients = [town.client.clone(), Client::new(&another.url)];
    let mut running = vec![];
    for (every, filter) in [
        (1, ""),
        (2, "?status=pay_success"),
        (3, "?status=made"),
        (7, ""),
        (5, "?status=picked_up"),
    ] {
        let path = format!("{ORDERS}/live{filter}");
        let listening = Listening::to(&clients[every % 2], &path, "orderId").await;
        let task = tokio::spawn(falters(listening, every, clients.to_vec()));
        running.push((task, format!("{ORDERS}{filter}")));
    }
    for round in 0..4 {
        busy(&[&clients[0], &clients[1]], round).await;
    }
    for (task, path) in running {
        let mut listening = task.await.unwrap();
        comes_to(&mut listening, &clients[0], &path).await;
        assert_eq!(listening.resets, 0, "{path}");
    }
}

#[tokio::test]
async fn changes_are_told_by_a_process_that_keeps_no_views() {
    let town = Town::open_with(&[], &["--role", "api"]).await;
    let (worker, _files) = town.another("worker").await;
    let path = format!("{ORDERS}/live?status=pay_success");
    let mut paid = Listening::to(&town.client, &path, "orderId").await;
    busy(&[&town.client], 0).await;
    comes_to(&mut paid, &town.client, &format!("{ORDERS}?status=pay_success")).await;
    assert_eq!(worker.terminate().await, Some(0));
    assert_eq!(paid.until("behind").await.data["reason"], "unowned");
    order(&town.client, "late").await;
    let (_worker, _files) = town.another("worker").await;
    paid.until("ready").await;
    paid.becomes("the order is there", |rows| rows.contains_key("late")).await;
    assert_eq!(paid.resets, 0);
}

#[tokio::test]
async fn whoever_was_away_is_told_what_changed_since() {
    let town = Town::open().await;
    let client = &town.client;
    order(client, "o1").await;
    let position = order(client, "o2").await;
    client.get_at(ORDERS, &position).await;
    let mut all = Listening::to(client, "/cafe/order-status/live", "orderId").await;
    assert_eq!(all.rows.len(), 2);
    all.connect().await;
    assert_eq!(all.next().await.unwrap().name, "ready");
    ask(client, "/cafe/tickets/o1/accept").await;
    all.becomes("it is accepted", |rows| rows["o1"]["status"] == "order_received").await;
    ask(client, "/cafe/tickets/o2/accept").await;
    client.becomes("/cafe/order-status/o2", "status", "order_received").await;
    // Nothing is known that is older than the process.
    let mut old = Listening::to(client, "/cafe/order-status/live", "orderId").await;
    old.last_id = Some("0-0".to_owned());
    old.connect().await;
    assert_eq!(old.next().await.unwrap().data["reason"], "too-old");
    assert_eq!(old.next().await.unwrap().name, "list");
    let asked = client.request(reqwest::Method::GET, "/cafe/order-status/live");
    let malformed = crate::client::answer(asked.header("Last-Event-ID", "yesterday")).await;
    assert_eq!(
        (malformed.status, &malformed.body["code"]),
        (StatusCode::BAD_REQUEST, &json!("malformed"))
    );
}

#[tokio::test]
async fn who_listens_reads_anew_when_the_view_was_rebuilt() {
    let town = Town::open().await;
    order(&town.client, "o1").await;
    town.client.becomes("/cafe/order-status/o1", "status", "pay_success").await;
    let mut all = Listening::to(&town.client, "/cafe/order-status/live", "orderId").await;
    let mut one = Listening::to(&town.client, "/cafe/order-status/o1/live", "orderId").await;
    let before = all.last_id.clone();
    town.run(&["rebuild", "cafe.order_status"]).await;
    for listening in [&mut all, &mut one] {
        assert_eq!(listening.until("reset").await.data["reason"], "rewritten");
        listening.until("ready").await;
    }
    order(&town.client, "o2").await;
    comes_to(&mut all, &town.client, ORDERS).await;
    // An id from before is worth nothing.
    all.last_id = before;
    all.connect().await;
    assert_eq!(all.next().await.unwrap().name, "reset");
}

#[tokio::test]
async fn nothing_is_missed_when_the_connections_to_postgresql_are_lost() {
    let town = Town::open_with(&[], &["--role", "api"]).await;
    let (_worker, _files) = town.another("worker").await;
    let path = format!("{ORDERS}/live");
    let mut all = Listening::to(&town.client, &path, "orderId").await;
    let database = town.database().client().await;
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()";
    for round in 0..3 {
        let killing = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            database.execute(kill, &[]).await.unwrap();
        };
        let orders = async {
            for number in 0..30 {
                // Some are lost with their connections.
                town.client.post("/cafe/orders", coffee(&format!("r{round}-{number}"))).await;
            }
        };
        tokio::join!(killing, orders);
    }
    let position = order(&town.client, "last").await;
    let last = town.client.request(reqwest::Method::GET, ORDERS).header("Prefer", "wait=20");
    let shown = crate::client::answer(last.header("Min-Position", position)).await;
    assert_eq!(shown.status, StatusCode::OK, "{shown:?}");
    comes_to(&mut all, &town.client, ORDERS).await;
}

#[tokio::test]
async fn there_are_so_many_streams_and_no_more() {
    let town = Town::open_with(&[("JANGTEO_STREAM_LIMIT", "2".to_owned())], &[]).await;
    let path = "/cafe/order-status/live";
    let first = Listening::to(&town.client, path, "orderId").await;
    let _second = Listening::to(&town.client, path, "orderId").await;
    let refused = Listening::refused(&town.client, path).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.body["code"], "too-many-streams");
    assert!(refused.retry_after.is_some());
    // Queries are not among them.
    assert_eq!(town.client.get(ORDERS).await.status, StatusCode::OK);
    drop(first);
    Listening::to(&town.client, path, "orderId").await;
}

#[tokio::test]
async fn streams_end_when_the_service_does() {
    let town = Town::open().await;
    let mut all = Listening::to(&town.client, "/cafe/order-status/live", "orderId").await;
    let begun = tokio::time::Instant::now();
    let (ended, last) = tokio::join!(town.service.terminate(), all.next());
    assert_eq!((ended, last), (Some(0), None));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
