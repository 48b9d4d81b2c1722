//! What `/metrics` tells after a small load, read as Prometheus reads it.

use crate::{
    client::{Answer, Client},
    service::{Place, Service, root},
    town::Town,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A sample: its name, its labels and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// An answer of `/metrics`: the kind of each family, and all samples. Panics where Prometheus would
/// not read it.
pub fn parsed(text: &str) -> (BTreeMap<String, String>, Vec<Sample>) {
    let (mut kinds, mut samples) = (BTreeMap::new(), vec![]);
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
        } else if !line.starts_with("# HELP ") {
            samples.push(sample(line));
        }
    }
    let ends = ["", "_bucket", "_sum", "_count"];
    for Sample { name, .. } in &samples {
        let family = ends.iter().find_map(|end| kinds.get(name.strip_suffix(end)?));
        assert!(family.is_some(), "{name} is of no family");
    }
    let keys = samples.iter().map(|one| (&one.name, &one.labels));
    assert_eq!(keys.collect::<BTreeSet<_>>().len(), samples.len(), "nothing is told twice");
    (kinds, samples)
}

fn sample(line: &str) -> Sample {
    let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
    let (labels, value) = match rest.strip_prefix('{') {
        None => (BTreeMap::new(), rest),
        Some(rest) => {
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            let labels = labels.strip_suffix('"').unwrap().split("\",");
            let labels = labels.map(|label| label.split_once("=\"").unwrap());
            (labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), value)
        }
    };
    let value = value.trim().parse().unwrap_or_else(|error| panic!("{error}: {line}"));
    Sample { name: name.to_owned(), labels, value }
}

pub async fn scraped(client: &Client) -> (BTreeMap<String, String>, Vec<Sample>) {
    let response = client.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    parsed(&response.text().await.unwrap())
}

/// The value of the one sample that has this name and these labels among others.
fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |one: &Sample, (label, value): &(&str, &str)| {
        one.labels.get(*label).is_some_and(|found| found == value)
    };
    let found: Vec<_> = samples
        .iter()
        .filter(|one| one.name == name && labels.iter().all(|label| has(one, label)))
        .collect();
    assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
    found[0].value
}

const PHONE: &str = "010-9876-5432";

#[tokio::test]
async fn every_family_is_told_after_a_small_load() {
    let place = Place::new().await;
    let service = Service::start(&place.environment()).await;
    let client = Client::new(&service.url);
    let menu = json!({"price": 2000});
    assert!(client.put("/cafe/menu/Latte", menu).await.status.is_success());
    let order = json!({"orderId": "secret-order", "product": "Latte", "qty": 1, "phone": PHONE});
    let ordered = client.post("/cafe/orders", order.clone()).await;
    assert_eq!(ordered.status, StatusCode::CREATED, "{ordered:?}");
    let again = client.post("/cafe/orders", order).await;
    assert!(!again.status.is_server_error(), "{again:?}");
    let refused = client.post("/cafe/tickets/secret-other/accept", json!({})).await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    let is_there = |answer: &Answer| answer.status == StatusCode::OK;
    client.until("/cafe/order-status/secret-order", "is there", is_there).await;
    let nowhere = client.request(Method::GET, "/nowhere/secret-path").send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);

    let (kinds, samples) = scraped(&client).await;
    for (name, kind) in [
        ("jangteo_http_requests_total", "counter"),
        ("jangteo_http_request_seconds", "histogram"),
        ("jangteo_commands_total", "counter"),
        ("jangteo_append_seconds", "histogram"),
        ("jangteo_append_batch_size", "histogram"),
        ("jangteo_follower_lag_seconds", "gauge"),
        ("jangteo_follower_lag_events", "gauge"),
        ("jangteo_follower_owned", "gauge"),
        ("jangteo_follower_fence", "gauge"),
        ("jangteo_follower_parked_streams", "gauge"),
        ("jangteo_payment_breaker_state", "gauge"),
        ("jangteo_notices", "gauge"),
        ("jangteo_pool_connections", "gauge"),
        ("jangteo_live_listeners", "gauge"),
        ("jangteo_health", "gauge"),
    ] {
        assert_eq!(kinds.get(name).map(String::as_str), Some(kind), "{name}");
        let of_family = |one: &&Sample| one.name.starts_with(name);
        assert!(samples.iter().any(|one| of_family(&one)), "{name} has no sample");
    }
    let orders = [("route", "/cafe/orders"), ("method", "POST")];
    let answered = value(
        &samples,
        "jangteo_http_requests_total",
        &[&orders[..], &[("status", "2xx")]].concat(),
    );
    let took = value(&samples, "jangteo_http_request_seconds_count", &orders);
    assert!(answered >= 1.0 && took == 2.0, "{answered} of {took}");
    assert_eq!(value(&samples, "jangteo_http_requests_total", &[("route", "other")]), 1.0);
    let placed = [("part", "cafe.order"), ("context", "cafe"), ("outcome", "stored")];
    assert!(samples.iter().any(|one| {
        one.name == "jangteo_commands_total"
            && placed.iter().all(|(label, value)| one.labels[*label] == *value)
    }));
    let refused = |one: &&Sample| one.labels.get("outcome").is_some_and(|one| one == "refused");
    let refused: Vec<_> = samples.iter().filter(refused).collect();
    assert!(refused.iter().all(|one| !one.labels["code"].is_empty()) && !refused.is_empty());
    assert_eq!(value(&samples, "jangteo_health", &[("check", "log")]), 1.0);
    let (stored, batches) = (
        value(&samples, "jangteo_append_seconds_count", &[]),
        value(&samples, "jangteo_append_batch_size_sum", &[]),
    );
    assert!(stored >= 4.0 && batches >= 4.0, "{stored} {batches}");
    are_whole(&samples);

    let shown = format!("{samples:?}");
    for secret in ["secret", PHONE, "5432", "Latte"] {
        assert!(!shown.contains(secret), "{secret} is told");
    }
}

/// Buckets grow, and the last one has all.
fn are_whole(samples: &[Sample]) {
    let mut last: BTreeMap<(&str, BTreeMap<String, String>), f64> = BTreeMap::new();
    for one in samples.iter().filter(|one| one.name.ends_with("_bucket")) {
        let mut labels = one.labels.clone();
        let bound = labels.remove("le").unwrap();
        let family = one.name.trim_end_matches("_bucket");
        let before = last.insert((family, labels.clone()), one.value);
        assert!(before.is_none_or(|before| before <= one.value), "{one:?}");
        if bound == "+Inf" {
            let count =
                |count: &&Sample| count.name == format!("{family}_count") && count.labels == labels;
            assert_eq!(samples.iter().find(count).unwrap().value, one.value, "{one:?}");
        }
    }
    assert!(last.len() > 5);
}

/// As many as there are routes, whatever is asked.
#[tokio::test]
async fn labels_do_not_grow_with_what_is_asked() {
    let town = Town::open().await;
    let count = async || scraped(&town.client).await.1.len();
    for number in 0..2 {
        town.client.get(&format!("/cafe/order-status/n{number}")).await;
        let nowhere = town.client.request(Method::GET, &format!("/nowhere/{number}"));
        nowhere.send().await.unwrap();
    }
    let before = count().await;
    for number in 0..50 {
        town.client.get(&format!("/cafe/order-status/o{number}")).await;
        let nowhere = town.client.request(Method::GET, &format!("/nowhere/at/{number}"));
        nowhere.send().await.unwrap();
    }
    let after = count().await;
    // Only the route of /metrics itself is new.
    assert!(after <= before + 20, "{before} samples, then {after}");
}

/// The names of metrics in an expression of PromQL.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("jangteo_"))
}

/// Every `expr` of the dashboard and the alerts.
fn expressions() -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/jangteo.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut all: Vec<_> =
        targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    assert!(all.len() > 15);
    let alerts = read("deploy/prometheus/alerts.yml");
    all.push(alerts.lines().filter(|line| !line.contains("summary:")).collect());
    all
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_know_the_metrics_that_there_are() {
    let town = Town::open().await;
    let (kinds, samples) = scraped(&town.client).await;
    let ends = ["", "_bucket", "_sum", "_count"];
    for expression in expressions() {
        for name in names(&expression) {
            let family = ends.iter().find_map(|end| kinds.get(name.strip_suffix(end)?));
            let kind = family.unwrap_or_else(|| panic!("there is no {name}: {expression}"));
            let is_part = !kinds.contains_key(name);
            assert!(!is_part || ["histogram", "summary"].contains(&kind.as_str()), "{name}");
        }
    }
    // The states by which they tell numbers apart are there, too.
    for (name, label, value) in [
        ("jangteo_follower_parked_streams", "state", "poisoned"),
        ("jangteo_payment_breaker_state", "state", "open"),
        ("jangteo_notices", "state", "dead"),
        ("jangteo_pool_connections", "state", "waited_for"),
        ("jangteo_pool_connections", "state", "free"),
        ("jangteo_trace_spans_total", "outcome", "lost"),
        ("jangteo_health", "check", "workers"),
        ("jangteo_health", "check", "log"),
        ("jangteo_health", "check", "database"),
        ("jangteo_health", "check", "all"),
    ] {
        let is_it = |one: &Sample| one.name == name && one.labels[label] == value;
        assert!(samples.iter().any(is_it), "{name} with {label} {value}");
    }
}

/// The table of `docs/observing.md`: each family, with its kind and what it is.
#[tokio::test]
async fn the_table_that_is_written_down_is_what_is_told() {
    let town = Town::open().await;
    let response = town.client.request(Method::GET, "/metrics").send().await.unwrap();
    let text = response.text().await.unwrap();
    let (kinds, _) = parsed(&text);
    let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' '));
    let rows = helps.map(|(name, help)| format!("| `{name}` | {} | {help} |\n", kinds[name]));
    let rows: String = rows.collect();
    let document = std::fs::read_to_string(root().join("docs/observing.md")).unwrap();
    let (_, rest) = document.split_once("<!-- metrics:begin -->\n").expect("where it begins");
    let (written, _) = rest.split_once("<!-- metrics:end -->").expect("where it ends");
    let (_, written) = written.split_once("|---|---|---|\n").expect("the head of the table");
    assert!(written == rows, "the table of docs/observing.md is to be:\n{rows}");
    let alerts = std::fs::read_to_string(root().join("deploy/prometheus/alerts.yml")).unwrap();
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(document.contains(&format!("| `{alert}` |")), "{alert} is not explained");
    }
}
