//! How followers are seen: their lag, what they have parked, and how that is settled.

use crate::{
    cafe::coffee,
    client::{Answer, Client},
    service::{Place, Service, run},
};
use eventlog::{
    Append, EventLog, ExpectedVersion, Metadata, NewEvent, StreamName, postgres::PostgresLog,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::stand_in::StandIn;
use uuid::Uuid;

const VIEW: &str = "cafe.order_status";
const BAD: &str = "cafe.order-bad";

/// Puts an event into an order's stream that this program does not know.
async fn nonsense(place: &Place) {
    let command_id = Uuid::from_u128(99);
    let metadata = Metadata {
        command_id,
        correlation_id: command_id,
        causation_id: None,
        actor: "another program".to_owned(),
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let event = NewEvent {
        id: NewEvent::id_of(command_id, 0),
        event_type: "cafe.Nonsense".to_owned(),
        schema_version: 1,
        payload: json!({ "phone": "010-1234-5678" }).to_string(),
        metadata,
    };
    let stream = StreamName::stored(BAD);
    let append = Append::new(stream, ExpectedVersion::NoStream, vec![event]).unwrap();
    let log = PostgresLog::open(place.database.config()).await.unwrap();
    log.append(append).await.unwrap();
}

fn named<'a>(followers: &'a Value, name: &str) -> &'a Value {
    let mut followers = followers.as_array().unwrap().iter();
    followers.find(|one| one["name"] == name).unwrap_or(&Value::Null)
}

async fn becomes(
    client: &Client,
    name: &str,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let wanted = |answer: &Answer| wanted(named(&answer.body, name));
    let answer = client.until("/projections", what, wanted).await;
    named(&answer.body, name).clone()
}

async fn printed(environment: &BTreeMap<&str, String>, arguments: &[&str]) -> String {
    let (code, printed) = run(environment, arguments).await;
    assert_eq!(code, 0, "{arguments:?}: {printed}");
    printed
}

fn with(place: &Place, role: &str) -> BTreeMap<&'static str, String> {
    let mut environment = place.environment();
    environment.insert("JANGTEO_ROLE", role.to_owned());
    environment
}

#[tokio::test]
async fn a_poisoned_event_is_seen_everywhere_and_settled() {
    let place = Place::new().await;
    let environment = place.environment();
    let service = Service::start(&environment).await;
    let answering = Service::start(&with(&place, "api")).await;
    let (client, elsewhere) = (Client::new(&service.url), Client::new(&answering.url));
    assert_eq!(client.get("/cafe/order-status").await.view_parked, None);
    nonsense(&place).await;
    assert_eq!(client.post("/cafe/orders", coffee("o1")).await.status, StatusCode::CREATED);

    for follower in [VIEW, "reactor.cafe"] {
        let stands =
            becomes(&client, follower, "is poisoned", |one| one["poisonedStreams"] == 1).await;
        let parked = &stands["parked"][0];
        assert_eq!((&parked["stream"], &parked["state"]), (&json!(BAD), &json!("poison")));
        assert_eq!(
            (&parked["version"], &parked["eventType"]),
            (&json!(0), &json!("cafe.Nonsense"))
        );
        assert!(parked["since"].is_string() && parked["reason"].is_string(), "{parked}");
    }
    becomes(&client, VIEW, "has caught up", |one| one["eventsBehind"] == 0).await;
    said_by_queries(&client).await;
    // There the database is asked from time to time.
    let told = |answer: &Answer| answer.view_parked.as_deref() == Some("1");
    elsewhere.until("/cafe/order-status", "says so", told).await;
    said_by_queries(&elsewhere).await;
    measured(&client).await;
    shown(&environment).await;
    settled(&environment, &client, &elsewhere).await;
}

async fn said_by_queries(client: &Client) {
    for (path, parked) in [
        ("/cafe/order-status", Some("1")),
        ("/cafe/order-status/o1", Some("1")),
        ("/cafe/order-status/bad", Some("1")),
        ("/cafe/tickets", None),
        ("/cafe/menu", None),
    ] {
        assert_eq!(client.get(path).await.view_parked.as_deref(), parked, "{path}");
    }
}

async fn measured(client: &Client) {
    let response = client.request(Method::GET, "/metrics").send().await.unwrap();
    let text = response.text().await.unwrap();
    for number in ["lag_events", "lag_seconds", "fence", "position", "owned"] {
        let line = format!("jangteo_follower_{number}{{follower=\"{VIEW}\"}} ");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    for stage in [
        r#"jangteo_command_seconds_sum{stage="parse"} 0."#.to_owned(),
        r#"jangteo_command_seconds_count{stage="append"} "#.to_owned(),
        format!(r#"jangteo_view_seconds_sum{{view="{VIEW}",stage="write"}} 0."#),
        format!(r#"jangteo_view_events_total{{view="{VIEW}"}} "#),
    ] {
        assert!(text.contains(&stage), "{stage} is not in {text}");
    }
}

async fn shown(environment: &BTreeMap<&str, String>) {
    let document = printed(environment, &["views", "--json"]).await;
    let followers: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(named(&followers, VIEW)["parked"][0]["stream"], BAD);
    let table = printed(environment, &["views"]).await;
    assert!(table.lines().any(|line| line.starts_with(VIEW)), "{table}");

    let show = ["parked", "show", VIEW, BAD];
    let told = printed(environment, &show).await;
    for part in ["cafe.Nonsense", "poison", "another program", "parked retry", "parked skip"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("1234-5678"), "{told}");
    let told = printed(environment, &[&show[..], &["--payload"]].concat()).await;
    assert!(told.contains("010-1234-5678"), "{told}");
    let (code, told) = run(environment, &["parked", "show", VIEW, "cafe.order-o1"]).await;
    assert!(code == 1 && told.contains("nothing of cafe.order-o1 is parked"), "{told}");
}

async fn settled(environment: &BTreeMap<&str, String>, client: &Client, elsewhere: &Client) {
    printed(environment, &["parked", "retry", VIEW, BAD]).await;
    becomes(client, VIEW, "was tried again", |one| one["parked"][0]["attempts"] == 1).await;
    for follower in [VIEW, "reactor.cafe", "cafe.tickets"] {
        let skip = ["parked", "skip", follower, BAD, "--reason", "written by hand"];
        let (code, told) = run(environment, &skip).await;
        assert_eq!(code, i32::from(follower == "cafe.tickets"), "{told}");
    }
    for client in [client, elsewhere] {
        let silent = |answer: &Answer| answer.view_parked.is_none();
        client.until("/cafe/order-status", "is silent", silent).await;
    }
    let told = printed(environment, &["parked"]).await;
    assert!(told.contains("nothing is parked"), "{told}");
    becomes(client, "reactor.cafe", "is free", |one| one["poisonedStreams"] == 0).await;
}

/// With these variables besides those of the place.
async fn lag_is_measured(more: &[(&'static str, String)]) {
    let place = Place::new().await;
    let with = |role: &str| {
        let mut environment = with(&place, role);
        environment.extend(more.iter().cloned());
        environment
    };
    // Once, so that there are followers.
    let all = Service::start(&with("all")).await;
    let client = Client::new(&all.url);
    let lease = |one: &Value| one["owner"].is_string();
    becomes(&client, VIEW, "has an owner", lease).await;
    assert_eq!(all.terminate().await, Some(0));

    let answering = Service::start(&with("api")).await;
    let client = Client::new(&answering.url);
    assert_eq!(client.post("/cafe/orders", coffee("o1")).await.status, StatusCode::CREATED);
    let behind = |one: &Value| {
        one["eventsBehind"].as_u64() > Some(0) && one["secondsBehind"].as_f64() > Some(0.0)
    };
    let stands = becomes(&client, VIEW, "is behind", behind).await;
    assert_eq!((&stands["owner"], &stands["isAll"]), (&Value::Null, &json!(true)));
    let ready = client.get("/health/ready").await.body;
    assert_eq!(ready["status"], "degraded");

    let _working = Service::start(&with("worker")).await;
    let caught_up = |one: &Value| lease(one) && one["eventsBehind"] == 0;
    let stands = becomes(&client, VIEW, "has caught up", caught_up).await;
    assert_eq!(stands["secondsBehind"], 0.0);
    client.until("/health/ready", "up", |answer| answer.body["status"] == "up").await;
}

#[tokio::test]
async fn a_lag_is_measured_from_the_end_of_the_log() {
    lag_is_measured(&[]).await;
}

#[tokio::test]
async fn a_lag_is_measured_with_the_log_on_eventstoredb() {
    let stand_in = StandIn::start().await;
    lag_is_measured(&[("EVENTSTORE_URL", stand_in.url())]).await;
}

#[tokio::test]
async fn only_who_has_the_key_sees_the_followers() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("JANGTEO_AUTH_KEY", "a-long-enough-key-for-a-test-0123456789".to_owned());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    assert_eq!(client.get("/projections").await.status, StatusCode::UNAUTHORIZED);
    let key = format!("Bearer {}", environment["JANGTEO_AUTH_KEY"]);
    let asked = client.request(Method::GET, "/projections").header("Authorization", key);
    assert_eq!(asked.send().await.unwrap().status(), StatusCode::OK);
}
