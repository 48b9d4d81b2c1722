//! One request is one trace, through all that follows from it; and what is logged says for which.

use crate::{
    client::{Answer, Client},
    service::{Place, Service},
    town::Town,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{fs::File, time::Duration};
use support::collector::{Collector, Span};
use tokio::time::{Instant, sleep};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const PHONE: &str = "010-9876-5432";

/// Waits for a span of this name in the trace.
async fn span(collector: &Collector, name: &str) -> Span {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let spans = collector.spans();
        let found = spans.iter().find(|span| span.trace == TRACE && span.name == name);
        if let Some(found) = found {
            return found.clone();
        }
        assert!(Instant::now() < deadline, "no {name} in {spans:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn order() -> Value {
    json!({"orderId": "hidden-order", "product": "Hidden Coffee", "qty": 1, "price": 1500,
        "phone": PHONE, "customerId": "hidden-customer"})
}

async fn ordered(client: &Client) {
    let request = client
        .request(Method::POST, "/cafe/orders")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .header("x-request-id", "hidden-name")
        .json(&order());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["x-request-id"], "hidden-name");
}

#[tokio::test]
async fn an_order_is_one_trace_from_the_request_to_the_views_and_the_gateway() {
    let collector = Collector::start().await;
    let town = Town::open_with(
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hush".to_owned()),
            ("OTEL_SERVICE_NAME", "the-market".to_owned()),
            ("PAYMENT_URL", collector.url()),
            ("NOTICE_URL", format!("{}/notices", collector.url())),
            ("NOTICE_SECRETS", "k1:0123456789abcdef".to_owned()),
        ],
        &[],
    )
    .await;
    ordered(&town.client).await;

    let request = span(&collector, "POST /cafe/orders").await;
    assert_eq!((request.parent.as_str(), request.kind), (PARENT, 2));
    assert_eq!(request.attributes["http.response.status_code"], "201");
    assert_eq!(request.service, "the-market");
    let command = span(&collector, "cafe.order Place").await;
    assert_eq!(command.parent, request.id);
    assert_eq!(command.attributes["jangteo.outcome"], "stored");
    let charge = span(&collector, "payment charge").await;
    assert_eq!((charge.parent, charge.kind), (request.id.clone(), 3));
    let told = format!("00-{TRACE}-{}-01", charge.id);
    assert_eq!(collector.parents(), [Some(told)]);
    let append = span(&collector, "append").await;
    assert!(append.kind == 3 && append.attributes["jangteo.events"] == "1", "{append:?}");
    let notice = span(&collector, "notice").await;
    let told = format!("00-{TRACE}-{}-01", notice.id);
    assert_eq!(collector.of_notices().first(), Some(&Some(told)));
    // The view follows from one of the commands, and so does the policy, in whatever process.
    let view = span(&collector, "cafe.order_status").await;
    let policy = span(&collector, "when_payment_completed_receive").await;
    let asked = span(&collector, "cafe.ticket Receive").await;
    assert_eq!(asked.parent, policy.id);
    let spans = collector.spans();
    let of_trace = || spans.iter().filter(|span| span.trace == TRACE);
    for span in [&view, &policy] {
        assert!(span.kind == 5, "{span:?}");
        assert!(of_trace().any(|one| one.id == span.parent && one.name.starts_with("cafe.order ")));
    }
    for span in of_trace() {
        assert!(span.began <= span.ended && span.began > 1_600_000_000_000_000_000, "{span:?}");
        let same = of_trace().filter(|one| one.id == span.id).count();
        assert_eq!(same, 1, "{span:?} and another have one id");
    }
    assert!(collector.keys().iter().all(|key| key == "hush"));
    let shown = format!("{spans:?}").to_lowercase();
    assert!(!shown.contains("hidden") && !shown.contains("5432"), "{shown}");
    // What is left is sent at the end.
    let last = town.client.request(Method::GET, "/cafe/members/hidden").send().await.unwrap();
    drop(last);
    assert_eq!(town.service.terminate().await, Some(0));
    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert!(names.iter().any(|name| name.starts_with("GET ")), "{names:?}");
}

#[tokio::test]
async fn of_a_share_of_nothing_nothing_is_collected_and_the_gateway_is_told_nothing() {
    let collector = Collector::start().await;
    let town = Town::open_with(
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
            ("OTEL_TRACES_SAMPLER_ARG", "0".to_owned()),
            ("PAYMENT_URL", collector.url()),
        ],
        &[],
    )
    .await;
    ordered(&town.client).await;
    assert_eq!(town.service.terminate().await, Some(0));
    assert_eq!((collector.spans().len(), collector.parents()), (0, vec![None]));
}

#[tokio::test]
async fn a_collector_that_is_away_harms_nobody() {
    let away = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1".to_owned());
    let town = Town::open_with(&[away], &[]).await;
    ordered(&town.client).await;
    let metrics = async || {
        let asked = town.client.request(Method::GET, "/metrics").send().await.unwrap();
        asked.text().await.unwrap()
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while metrics().await.contains("jangteo_trace_spans_total{outcome=\"lost\"} 0\n") {
        assert!(Instant::now() < deadline, "what is lost is counted");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(town.service.terminate().await, Some(0));
}

#[tokio::test]
async fn a_line_of_the_log_says_for_which_request_it_is_and_nothing_personal() {
    let (place, collector) = (Place::new().await, Collector::start().await);
    let files = tempfile::tempdir().unwrap();
    let log = files.path().join("log");
    let mut environment = place.environment();
    environment.insert("JANGTEO_LOG_FORMAT", "json".to_owned());
    environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    // A gateway that is away is warned of.
    environment.insert("PAYMENT_URL", "http://127.0.0.1:1".to_owned());
    let service = Service::start_logging_to(&environment, File::create(&log).unwrap()).await;
    let client = Client::new(&service.url);
    let refused = client
        .request(Method::POST, "/cafe/orders")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .json(&order());
    assert_eq!(refused.send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let is_there = |answer: &Answer| answer.status == StatusCode::OK;
    client.until("/cafe/order-status/hidden-order", "is there", is_there).await;
    assert_eq!(service.terminate().await, Some(0));

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field} in {line}");
        }
    }
    let correlation = "0af76519-16cd-43dd-8448-eb211c80319c";
    let warned = lines.iter().find(|line| line["message"] == "the payment gateway was not reached");
    let warned = warned.unwrap_or_else(|| panic!("a warning in {text}"));
    assert_eq!(warned["correlation_id"], correlation);
    assert_eq!((&warned["trace_id"], &warned["doing"]), (&json!(TRACE), &json!("/cafe/orders")));
    let answered =
        |line: &&Value| line["message"] == "answered" && line["correlation_id"] == correlation;
    let answered = lines.iter().find(answered).expect("the request's end");
    assert_eq!((&answered["status"], &answered["level"]), (&json!(503), &json!("DEBUG")));
    for secret in ["Hidden Coffee", "hidden-customer", PHONE, "5432"] {
        assert!(!text.contains(secret), "{secret} is logged: {text}");
    }
}
