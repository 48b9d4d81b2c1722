use super::*;
use commands::{
    clock::{Clock, SystemClock},
    notices::{
        Channel, Delivery, Letter, Notice, NoticeSink, Resent, Select, State, WebhookSink, enqueue,
        list, masked, resend, resend_dead,
        webhook::{Secret, Secrets},
    },
};
use domain::testing::personal;
use reqwest::Url;
use serde_json::json;
use std::sync::Arc;
use support::notice_receiver::NoticeReceiver;
use uuid::Uuid;

const OLD: (&str, &str) = ("k1", "an-old-secret-of-some-length");
const NEW: (&str, &str) = ("k2", "a-new-secret-of-some-length");

const SENT: &str = "select count(*) from commands.notices where state = 'sent'";
const DEAD: &str = "select count(*) from commands.notices where state = 'dead'";

fn number_of(number: u128) -> String {
    format!("010-0000-000{}", number % 2)
}

/// To one of two customers.
fn notice(number: u128) -> Notice {
    Notice {
        fact_id: Uuid::from_u128(number),
        channel: Channel::Sms,
        recipient: personal(&number_of(number)),
        body: format!("주문 {number}"),
    }
}

fn secrets(all: &[(&str, &str)]) -> Secrets {
    let secret =
        |(id, secret): &(&str, &str)| Secret { id: (*id).into(), secret: (*secret).into() };
    Secrets::new(secret(&all[0]), all[1..].iter().map(secret).collect())
}

fn sink(receiver: &NoticeReceiver, all: &[(&str, &str)]) -> Arc<dyn NoticeSink> {
    let url = Url::parse(&receiver.url()).unwrap();
    Arc::new(WebhookSink::new(url, secrets(all), SystemClock::shared()).unwrap())
}

fn start(tables: &Tables, sink: Arc<dyn NoticeSink>) -> Worker {
    let delivery = Delivery::new(tables.pool.clone(), sink, tables.people.clone());
    Worker::start(|cancel| delivery.run(cancel))
}

async fn listed(tables: &Tables, state: Option<State>) -> Vec<Letter> {
    let select = Select { state, channel: Some(Channel::Sms), after: 0, limit: 100 };
    list(&tables.pool, &select).await.unwrap()
}

#[tokio::test]
async fn what_is_sent_is_signed_and_says_what_the_contract_says() {
    let receiver = NoticeReceiver::start(&[NEW]).await;
    sink(&receiver, &[NEW, OLD]).send(&notice(1), &number_of(1)).await.unwrap();
    let requests = receiver.requests();
    let id = Uuid::from_u128(1).to_string();
    assert_eq!((requests.len(), &*requests[0].key_id, &*requests[0].key_ids), (1, "k2", "k2, k1"));
    assert_eq!(requests[0].idempotency_key, id);
    let expected = json!({ "eventId": id, "channel": "sms", "recipient": "010-0000-0001",
        "text": "주문 1" });
    assert_eq!(requests[0].body, expected);
}

#[tokio::test]
async fn secrets_roll_without_a_gap() {
    let receiver = NoticeReceiver::start(&[OLD, NEW]).await;
    for (number, secrets) in (1..).zip([&[OLD] as &[_], &[OLD, NEW], &[NEW, OLD], &[NEW]]) {
        sink(&receiver, secrets).send(&notice(number), &number_of(number)).await.unwrap();
    }
    let keys: Vec<_> = receiver.requests().into_iter().map(|request| request.key_id).collect();
    assert_eq!(keys, ["k1", "k1", "k2", "k2"]);
}

#[tokio::test]
async fn a_receiver_that_does_not_know_the_secret_believes_nothing() {
    let receiver = NoticeReceiver::start(&[OLD]).await;
    for wrong in [NEW, ("k1", "a-new-secret-of-some-length")] {
        let refused = sink(&receiver, &[wrong]).send(&notice(1), &number_of(1)).await.unwrap_err();
        assert_eq!(
            eventlog::Causes(&refused).to_string(),
            "the notice was not taken: it answered 401 Unauthorized"
        );
    }
    assert_eq!(receiver.requests(), []);
}

/// Long ago.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn new_id(&self) -> Uuid {
        Uuid::nil()
    }
}

#[tokio::test]
async fn what_was_signed_long_ago_is_not_believed() {
    let receiver = NoticeReceiver::start(&[OLD]).await;
    let url = Url::parse(&receiver.url()).unwrap();
    let sink = WebhookSink::new(url, secrets(&[OLD]), Arc::new(StoppedClock)).unwrap();
    assert!(sink.send(&notice(1), &number_of(1)).await.is_err());
    assert_eq!(receiver.taken(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_receiver_that_is_down_gets_everything_in_order_when_it_is_back() {
    let tables = Tables::create().await;
    let receiver = NoticeReceiver::start(&[OLD]).await;
    receiver.answer(503);
    let notices: Vec<_> = (1..=6).map(notice).collect();
    enqueue(&tables.client().await, &notices).await.unwrap();
    let worker = start(&tables, sink(&receiver, &[OLD]));
    // One try for each customer; the later notices wait behind it.
    let tried = "select count(*) from commands.notices
        where attempts = 1 and last_error = 'the notice was not taken: it answered 503 Service Unavailable'";
    tables.until(tried, 2).await;
    assert_eq!(tables.count("select sum(attempts) from commands.notices").await, 2);
    receiver.answer(204);
    tables.until(SENT, 6).await;
    worker.stop().await;
    let to = |last: &str| {
        let taken = receiver.taken().into_iter();
        let taken = taken.filter(|one| one["recipient"].as_str().unwrap().ends_with(last));
        taken.map(|one| one["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (to("1"), to("0")),
        (
            vec!["주문 1".to_owned(), "주문 3".to_owned(), "주문 5".to_owned()],
            vec!["주문 2".to_owned(), "주문 4".to_owned(), "주문 6".to_owned()],
        )
    );
}

#[tokio::test]
async fn a_notice_whose_answer_was_lost_is_known_by_its_event() {
    let tables = Tables::create().await;
    let receiver = NoticeReceiver::start(&[OLD]).await;
    enqueue(&tables.client().await, &[notice(1)]).await.unwrap();
    let worker = start(&tables, sink(&receiver, &[OLD]));
    tables.until(SENT, 1).await;
    tables.execute("update commands.notices set state = 'pending', due = now()").await;
    tables.until(SENT, 1).await;
    worker.stop().await;
    assert_eq!((receiver.requests().len(), receiver.taken().len()), (2, 1));
}

#[tokio::test]
async fn dead_letters_are_listed_masked_and_sent_again() {
    let tables = Tables::create().await;
    let receiver = NoticeReceiver::start(&[OLD]).await;
    receiver.answer(410);
    enqueue(&tables.client().await, &[notice(1), notice(2), notice(4)]).await.unwrap();
    tables.execute("update commands.notices set attempts = 7").await;
    let worker = start(&tables, sink(&receiver, &[OLD]));
    tables.until(DEAD, 3).await;
    let dead = listed(&tables, Some(State::Dead)).await;
    let shown: Vec<_> = dead
        .iter()
        .map(|letter| (letter.fact_id.as_u128(), masked(&letter.recipient).unwrap()))
        .collect();
    assert_eq!(
        shown,
        [(1, "…0001"), (2, "…0000"), (4, "…0000")].map(|(id, end)| (id, end.to_owned()))
    );
    assert_eq!(
        dead[0].last_error.as_deref(),
        Some("the notice was not taken: it answered 410 Gone")
    );
    assert_eq!((dead[0].attempts, dead[0].due), (8, None));

    receiver.answer(200);
    let again = resend(&tables.pool, Uuid::from_u128(1)).await.unwrap();
    assert!(
        matches!(again, Resent::Pending(letter) if letter.state == State::Pending && letter.due.is_some())
    );
    tables.until(SENT, 1).await;
    assert_eq!(resend(&tables.pool, Uuid::from_u128(1)).await.unwrap(), Resent::AlreadySent);
    assert_eq!(resend(&tables.pool, Uuid::from_u128(9)).await.unwrap(), Resent::Unknown);
    assert_eq!(resend_dead(&tables.pool).await.unwrap(), 2);
    tables.until(SENT, 3).await;
    worker.stop().await;
    assert_eq!(receiver.taken().len(), 3);
    assert_eq!(listed(&tables, Some(State::Dead)).await, []);
    assert_eq!(listed(&tables, None).await.len(), 3);
}
