//! What is personal is nowhere in plain text, and can be forgotten: events stay, views can be folded
//! anew, and nothing of the person shows.

use crate::{
    client::{Answer, Client, answer},
    live::listening::Listening,
    service::{Place, run},
    town::Town,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::{notice_receiver::NoticeReceiver, postgres::Database};
use tokio_postgres::NoTls;
use uuid::Uuid;

const SECRET: (&str, &str) = ("k1", "a-secret-that-both-sides-know");

/// Of Min, of a guest and of Jun.
const NAMES: [&str; 3] = ["Minseo-Kim", "Min the Member", "Jun-Park"];
const PHONES: [&str; 3] = ["010-9182-7364", "010-5555-1212", "010-4646-2828"];

/// Every text of every table, what is binary as hexadecimal digits.
async fn everything(database: &Database) -> String {
    let (client, connection) = database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')";
    let mut all = String::new();
    for table in client.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let rows = client.query(&format!("select t::text from {table} t"), &[]).await.unwrap();
        for row in rows {
            all += &format!("{table}: {}\n", row.get::<_, String>(0));
        }
    }
    all
}

fn assert_has_nothing_of(all: &str, texts: &[&str]) {
    for text in texts {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let line = all.lines().find(|line| line.contains(text) || line.contains(&hex));
        assert_eq!(line, None, "{text:?}");
    }
}

/// The last four digits, as staff sees them.
fn masked(phone: &str) -> String {
    format!("…{}", &phone[phone.len() - 4..])
}

/// Of a request, and nothing of what it says.
fn key(path: &str, body: &Value) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{path} {body}").as_bytes()).to_string()
}

async fn is_done(client: &Client, path: &str, body: Value) -> Answer {
    let done = client.post_once(path, &key(path, &body), body).await;
    assert!(done.status.is_success(), "{path}: {done:?}");
    done
}

async fn forget(client: &Client, person: &str) -> Answer {
    answer(client.request(Method::POST, &format!("/people/{person}/forget"))).await
}

async fn open(receiver: &NoticeReceiver) -> Town {
    let secrets = ("NOTICE_SECRETS", format!("{}:{}", SECRET.0, SECRET.1));
    Town::open_with(&[("NOTICE_URL", receiver.url()), secrets], &[]).await
}

/// Min orders, reserves, reviews and is a member; Jun reserves; a guest orders.
async fn live_a_little(client: &Client) {
    let order = |id: &str, phone: &str| json!({ "orderId": id, "product": "Espresso", "qty": 1, "price": 1500, "phone": phone });
    let mut of_min = order("o1", PHONES[0]);
    of_min["customerId"] = json!("min");
    is_done(client, "/cafe/orders", of_min).await;
    is_done(client, "/cafe/orders", order("o2", PHONES[1])).await;
    is_done(client, "/cafe/members", json!({ "customerId": "min", "name": NAMES[1] })).await;
    for (item, reservation, customer, name, phone) in [
        ("i1", "r1", "min", NAMES[0], PHONES[0]),
        ("i2", "r2", "jun", NAMES[2], PHONES[2]),
        ("i3", "r3", "min", NAMES[0], PHONES[0]),
    ] {
        let listed = json!({ "itemNo": item, "itemName": "Drill", "itemPrice": 1000 });
        is_done(client, "/market/items", listed).await;
        let reserve = json!({ "reservationNo": reservation, "itemNo": item,
            "customerId": customer, "customerName": name, "phone": phone });
        let reserved = is_done(client, "/market/reservations", reserve.clone()).await;
        assert_eq!(reserved.body["customerName"], name);
        let again = is_done(client, "/market/reservations", reserve).await;
        assert_eq!(again, reserved);
        let path = format!("/market/reservations/{reservation}");
        client.becomes(&path, "reservationStatus", "Confirmed").await;
    }
    for (path, body) in [
        ("/market/reservations/r1/pay", json!({})),
        ("/market/items/i1/lend", json!({ "reservationNo": "r1" })),
        ("/market/items/i1/return", json!({ "reservationNo": "r1" })),
    ] {
        is_done(client, path, body).await;
    }
    let review = json!({ "reservationNo": "r1", "customerId": "min", "customerName": NAMES[0],
        "score": 5, "text": "strong" });
    let reviewed = is_done(client, "/market/reviews", review).await;
    assert_eq!(reviewed.body["customerName"], NAMES[0]);
    client.becomes("/market/reviews/r1", "customerName", NAMES[0]).await;
}

/// Where names and numbers are shown, as pointers into what is answered.
const OF_MIN: [(&str, &str, &str); 7] = [
    ("/cafe/points/min", "/name", NAMES[1]),
    ("/cafe/points?customerId=min", "/0/name", NAMES[1]),
    ("/market/reservations/r1", "/customerName", NAMES[0]),
    ("/market/reservations?customerId=min", "/1/customerName", NAMES[0]),
    ("/market/item-info/i3", "/customerName", NAMES[0]),
    ("/market/reviews/r1", "/customerName", NAMES[0]),
    ("/market/reviews", "/0/customerName", NAMES[0]),
];

#[tokio::test]
async fn the_forget_drill() {
    let receiver = NoticeReceiver::start(&[SECRET]).await;
    let town = open(&receiver).await;
    let client = &town.client;
    live_a_little(client).await;
    for (path, field, text) in OF_MIN {
        client.until(path, text, |shown| shown.body.pointer(field) == Some(&json!(text))).await;
    }
    let told = |phone: &str| receiver.taken().iter().any(|notice| notice["recipient"] == phone);
    client.until("/notices?state=pending", "all are sent", |left| left.body == json!([])).await;
    assert!(PHONES.iter().all(|phone| told(phone)));
    let mut listening = Listening::to(client, "/market/reservations/live", "reservationNo").await;
    assert_eq!(listening.rows["r1"]["customerName"], NAMES[0]);

    assert_has_nothing_of(&everything(town.database()).await, &[NAMES, PHONES].concat());
    let before = everything(town.database()).await;
    let events = |all: &str| {
        let lines = all.lines().filter(|line| line.starts_with("eventlog.events:"));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };

    let receipt = forget(client, "min").await;
    assert_eq!(receipt.status, StatusCode::OK, "{receipt:?}");
    assert_eq!((&receipt.body["person"], &receipt.body["keys"]), (&json!("min"), &json!(1)));
    assert_eq!(forget(client, "min").await, receipt);

    nothing_shows(&town).await;
    listening
        .becomes("told again without the name", |rows| rows["r1"]["customerName"].is_null())
        .await;
    assert_eq!(listening.rows["r2"]["customerName"], NAMES[2]);
    let anew = Listening::to(client, "/market/reviews/live", "reservationNo").await;
    assert_eq!(anew.rows["r1"]["customerName"], Value::Null);

    // What is told of from now on goes nowhere.
    is_done(client, "/cafe/tickets/o1/accept", json!({})).await;
    is_done(client, "/cafe/tickets/o2/accept", json!({})).await;
    client.until("/notices?state=dead", "given up", |dead| dead.body != json!([])).await;
    let dead = client.get("/notices?state=dead").await.body;
    assert_eq!((&dead[0]["recipient"], dead.as_array().unwrap().len()), (&Value::Null, 1));
    let why = dead[0]["lastError"].as_str().unwrap();
    assert!(why.starts_with("the recipient was forgotten"), "{why}");
    let of_guest =
        |taken: &[Value]| taken.iter().filter(|notice| notice["recipient"] == PHONES[1]).count();
    let (sent, enough) = ("/notices?state=sent", of_guest(&receiver.taken()));
    client.until(sent, "the guest is told", |_| of_guest(&receiver.taken()) > enough - 1).await;

    town.run(&["rebuild", "--all", "--verify"]).await;
    nothing_shows(&town).await;
    town.run(&["verify", "--all"]).await;

    let after = everything(town.database()).await;
    let (before, after_events) = (events(&before), events(&after));
    assert!(!before.is_empty() && before.iter().all(|event| after_events.contains(event)));

    let guest = forget(client, "cafe.order:o2").await;
    assert_eq!((guest.status, &guest.body["keys"]), (StatusCode::OK, &json!(1)), "{guest:?}");
    let shown = client.get("/notices").await.body;
    let recipients: Vec<_> =
        shown.as_array().unwrap().iter().map(|notice| notice["recipient"].as_str()).collect();
    assert!(recipients.contains(&Some(&masked(PHONES[2]))), "{recipients:?}");
    assert!(!recipients.contains(&Some(&masked(PHONES[1]))), "{recipients:?}");
}

/// Of Min; of Jun everything still does. Also what was answered before is not answered again.
async fn nothing_shows(town: &Town) {
    let client = &town.client;
    for (path, field, _) in OF_MIN {
        let shown = client.get(path).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}");
        assert_eq!(shown.body.pointer(field), Some(&Value::Null), "{path}: {shown:?}");
    }
    assert_eq!(client.get("/cafe/points/min").await.etag, None);
    assert_eq!(client.get("/market/reservations/r2").await.body["customerName"], NAMES[2]);
    let reserve = json!({ "reservationNo": "r1", "itemNo": "i1",
        "customerId": "min", "customerName": NAMES[0], "phone": PHONES[0] });
    let key = key("/market/reservations", &reserve);
    let again = client.post_once("/market/reservations", &key, reserve).await;
    assert_eq!(
        (again.status, &again.body["customerName"]),
        (StatusCode::CREATED, &Value::Null),
        "{again:?}"
    );
    let printed = town.run(&["stream", "market.reservation-r1"]).await;
    assert_has_nothing_of(&printed, &[NAMES, PHONES].concat());
}

#[tokio::test]
async fn whoever_comes_back_is_known_again_and_the_past_is_not() {
    let town = Town::open().await;
    let member = |name: &str| json!({ "customerId": "min", "name": name });
    is_done(&town.client, "/cafe/members", member(NAMES[0])).await;
    let first = forget(&town.client, "min").await;
    is_done(&town.client, "/cafe/members/min/withdraw", json!({})).await;
    let joined = is_done(&town.client, "/cafe/members", member(NAMES[1])).await;
    assert_eq!(joined.body["name"], NAMES[1]);
    town.client.becomes("/cafe/points/min", "name", NAMES[1]).await;
    let second = forget(&town.client, "min").await;
    assert_eq!(second.status, StatusCode::OK);
    assert_ne!(second.body["receiptId"], first.body["receiptId"]);
}

#[tokio::test]
async fn who_is_not_known_cannot_be_forgotten() {
    let town = Town::open().await;
    for (person, status, code) in [
        ("nobody", StatusCode::NOT_FOUND, "unknown-person"),
        ("cafe.order:never", StatusCode::NOT_FOUND, "unknown-person"),
        ("cafe.spoon:o1", StatusCode::UNPROCESSABLE_ENTITY, "invalid-value"),
        ("a%20b", StatusCode::UNPROCESSABLE_ENTITY, "invalid-value"),
    ] {
        let refused = forget(&town.client, person).await;
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(code)), "{person}");
    }
}

#[tokio::test]
async fn another_process_shows_it_for_a_few_seconds_at_most() {
    let town = Town::open().await;
    let (other, _files) = town.another("api").await;
    let elsewhere = Client::new(&other.url);
    let member = json!({ "customerId": "min", "name": NAMES[0] });
    is_done(&town.client, "/cafe/members", member).await;
    elsewhere.becomes("/cafe/points/min", "name", NAMES[0]).await;
    let mut listening = Listening::to(&elsewhere, "/cafe/points/live", "customerId").await;
    assert_eq!(listening.rows["min"]["name"], NAMES[0]);
    assert_eq!(forget(&town.client, "min").await.status, StatusCode::OK);
    elsewhere.until("/cafe/points/min", "forgotten", |row| row.body["name"].is_null()).await;
    listening.becomes("forgotten", |rows| rows["min"]["name"].is_null()).await;
}

#[tokio::test]
async fn without_the_right_master_key_nothing_is_served() {
    let town = Town::open().await;
    is_done(&town.client, "/cafe/members", json!({ "customerId": "min", "name": NAMES[0] })).await;
    let mut environment = town.environment.clone();
    for (key, says) in [
        (String::new(), "openssl rand -hex 32"),
        (format!("test:{}", "6f".repeat(32)), "is another than the one that was known"),
        (format!("new:{}", "6f".repeat(32)), "wrapped by the master key \"test\""),
    ] {
        environment.insert("JANGTEO_MASTER_KEY", key);
        let (code, printed) = run(&environment, &["serve"]).await;
        assert_ne!(code, 0);
        assert!(printed.contains(says) && !printed.contains("6f6f"), "{printed}");
        // What neither seals nor opens does not need it.
        let (code, printed) = run(&environment, &["verify", "cafe.points"]).await;
        assert_eq!(code, 0, "{printed}");
    }
}

#[tokio::test]
async fn master_keys_are_changed_without_losing_anything() {
    let town = Town::open().await;
    is_done(&town.client, "/cafe/members", json!({ "customerId": "min", "name": NAMES[0] })).await;
    let mut town = town;
    let old = town.environment["JANGTEO_MASTER_KEY"].clone();
    let new = format!("new:{}", "6f".repeat(32));
    town.environment.insert("JANGTEO_MASTER_KEY", format!("{new},{old}"));
    let mut town = town.restart().await;
    town.client.becomes("/cafe/points/min", "name", NAMES[0]).await;
    let rewrapped = town.run(&["people", "rewrap"]).await;
    assert!(rewrapped.starts_with("1 keys"), "{rewrapped}");
    town.environment.insert("JANGTEO_MASTER_KEY", new);
    let town = town.restart().await;
    town.client.becomes("/cafe/points/min", "name", NAMES[0]).await;
}

#[tokio::test]
async fn the_embedded_default_makes_a_master_key_and_keeps_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().await;
    let mut environment = place.environment();
    for name in ["DATABASE_URL", "JANGTEO_MASTER_KEY"] {
        environment.remove(name);
    }
    let service = crate::service::Service::start(&environment).await;
    let member = json!({ "customerId": "min", "name": NAMES[0] });
    is_done(&Client::new(&service.url), "/cafe/members", member).await;
    assert_eq!(service.terminate().await, Some(0));
    let file = std::path::Path::new(&environment["JANGTEO_DATA_DIR"]).join("master-key");
    let kept = std::fs::read(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let service = crate::service::Service::start(&environment).await;
    let client = Client::new(&service.url);
    client.becomes("/cafe/points/min", "name", NAMES[0]).await;
    assert_eq!(service.terminate().await, Some(0));
    assert_eq!(std::fs::read(&file).unwrap(), kept);

    std::fs::remove_file(&file).unwrap();
    let (code, printed) = run(&environment, &["serve"]).await;
    assert!(code != 0 && printed.contains("is gone"), "{printed}");
}
