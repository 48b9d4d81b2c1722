//! What customers are told, and what happens when nobody takes it.

use crate::{
    client::Client,
    service::{Place, Service, run},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use support::{notice_receiver::NoticeReceiver, proxy::Proxy};
use tokio::time::{Instant, sleep};

const SECRET: (&str, &str) = ("k1", "a-secret-that-both-sides-know");

/// A running service that sends its notices to `url`.
struct Shop {
    environment: BTreeMap<&'static str, String>,
    client: Client,
    _service: Service,
    place: Place,
}

impl Shop {
    async fn open(url: String) -> Self {
        let place = Place::new().await;
        let mut environment = place.environment();
        environment.insert("NOTICE_URL", url);
        environment.insert("NOTICE_SECRETS", format!("{}:{}", SECRET.0, SECRET.1));
        let service = Service::start(&environment).await;
        Self { client: Client::new(&service.url), environment, _service: service, place }
    }

    async fn order(&self, id: &str, phone: &str) {
        let order = json!({ "orderId": id, "product": "Espresso", "qty": 2, "price": 1500,
            "phone": phone });
        let answer = self.client.post("/cafe/orders", order).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }

    /// Asks the store's side once the ticket is there.
    async fn ask(&self, order: &str, command: &str, leads_to: &str) {
        let path = format!("/cafe/tickets/{order}/{command}");
        let answer = self.client.post(&path, json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let status = format!("/cafe/order-status/{order}");
        self.client.becomes(&status, "status", leads_to).await;
    }
}

async fn until<T>(what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = wanted().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn taken(receiver: &NoticeReceiver, count: usize) -> Vec<Value> {
    let enough = async || Some(receiver.taken()).filter(|taken| taken.len() >= count);
    until(&format!("{count} notices taken"), enough).await
}

fn texts(notices: &[Value]) -> Vec<&str> {
    notices.iter().map(|notice| notice["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_customer_with_a_phone_is_told_of_each_step_in_order() {
    let receiver = NoticeReceiver::start(&[SECRET]).await;
    let shop = Shop::open(receiver.url()).await;
    shop.order("o1", "010-1234-5678").await;
    shop.client.becomes("/cafe/tickets/o1", "status", "order_get").await;
    shop.ask("o1", "accept", "order_received").await;
    shop.ask("o1", "make", "made").await;
    shop.ask("o1", "hand-over", "picked_up").await;
    let told = taken(&receiver, 5).await;
    let expected = [
        "[장터 카페] Espresso 2잔, 3,000원 주문을 받았습니다. 결제를 진행합니다.",
        "[장터 카페] 3,000원 결제가 완료되었습니다.",
        "[장터 카페] 매장에서 주문을 접수했습니다. 이제 취소할 수 없습니다.",
        "[장터 카페] 주문하신 음료가 준비되었습니다.",
        "[장터 카페] 음료를 전달해 드렸습니다. 이용해 주셔서 감사합니다.",
    ];
    assert_eq!(texts(&told), expected);
    assert!(told.iter().all(|one| one["recipient"] == "010-1234-5678" && one["channel"] == "sms"));

    // Each is about a fact that the timeline shows.
    let facts = shop.client.get("/cafe/orders/o1/timeline").await.body;
    for notice in &told {
        let is_it = |fact: &&Value| fact["eventId"] == notice["eventId"];
        assert_eq!(facts.as_array().unwrap().iter().filter(is_it).count(), 1, "{notice}");
    }
    let all_sent = |answer: &crate::client::Answer| answer.body.as_array().unwrap().len() == 5;
    let listed = shop.client.until("/notices?state=sent&channel=sms", "five sent", all_sent).await;
    let listed = listed.body;
    assert!(!listed.to_string().contains("1234"), "{listed}");
    assert_eq!(
        (&listed[0]["recipient"], &listed[0]["eventId"]),
        (&json!("…5678"), &told[0]["eventId"])
    );
    assert_eq!(texts(listed.as_array().unwrap()), expected);
}

#[tokio::test]
async fn a_dead_receiver_stops_no_order_and_gets_the_dead_letters_later() {
    let receiver = NoticeReceiver::start(&[SECRET]).await;
    let way = Proxy::start(receiver.address()).await;
    way.black_hole();
    let shop = Shop::open(NoticeReceiver::url_at(way.address())).await;
    for number in 0..10 {
        shop.order(&format!("o{number}"), &format!("010-0000-000{number}")).await;
    }
    for number in 0..10 {
        let ticket = format!("/cafe/tickets/o{number}");
        shop.client.becomes(&ticket, "status", "order_get").await;
    }
    shop.ask("o0", "accept", "order_received").await;
    assert_eq!(shop.client.get("/notices?state=sent").await.body, json!([]));

    way.refuse();
    give_up(&shop).await;
    let dead = shop.client.get("/notices?state=dead&limit=1000").await.body;
    let dead: Vec<&str> =
        dead.as_array().unwrap().iter().map(|one| one["eventId"].as_str().unwrap()).collect();
    assert_eq!(dead.len(), 21);
    let (code, printed) = run(&shop.environment, &["notices"]).await;
    assert_eq!((code, printed.lines().count()), (0, 21), "{printed}");
    assert!(printed.contains(dead[0]) && !printed.contains("010-"), "{printed}");

    way.pass();
    resend_one(&shop, &receiver, dead[0]).await;
    let (code, printed) = run(&shop.environment, &["notices", "resend", dead[1]]).await;
    assert_eq!(code, 0, "{printed}");
    let (code, printed) = run(&shop.environment, &["notices", "resend", "--all"]).await;
    assert_eq!((code, &*printed), (0, "19 are sent again\n"));
    assert_eq!(taken(&receiver, 21).await.len(), 21);
    let none = |answer: &crate::client::Answer| answer.body == json!([]);
    shop.client.until("/notices?state=pending", "all sent", none).await;
}

/// Leaves every notice its last try, until all are dead.
async fn give_up(shop: &Shop) {
    let client = shop.place.database.client().await;
    let last = "update commands.notices set attempts = 7, due = now()
        where state = 'pending' and attempts < 8";
    let all_dead = async || {
        client.batch_execute(last).await.unwrap();
        let pending = shop.client.get("/notices?state=pending").await.body;
        let dead = shop.client.get("/notices?state=dead&limit=1000").await.body;
        (pending == json!([]) && dead.as_array().unwrap().len() == 21).then_some(())
    };
    until("all notices are dead", all_dead).await;
}

async fn resend_one(shop: &Shop, receiver: &NoticeReceiver, event: &str) {
    let path = format!("/notices/{event}/resend");
    let again = shop.client.post(&path, json!({})).await;
    assert_eq!((again.status, &again.body["state"]), (StatusCode::OK, &json!("pending")));
    assert_eq!(taken(receiver, 1).await[0]["eventId"], event);
    let sent = async || {
        let answer = shop.client.post(&path, json!({})).await;
        (answer.status == StatusCode::CONFLICT).then_some(answer)
    };
    assert_eq!(until("the notice is sent", sent).await.body["code"], "already-sent");
}

#[tokio::test]
async fn notices_are_asked_for_in_pages_and_by_state() {
    let receiver = NoticeReceiver::start(&[SECRET]).await;
    let shop = Shop::open(receiver.url()).await;
    for number in 0..3 {
        shop.order(&format!("o{number}"), "010-1234-5678").await;
    }
    taken(&receiver, 6).await;
    let ids = async |query: &str| {
        let listed = shop.client.get(&format!("/notices?{query}")).await.body;
        listed
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let all = ids("").await;
    assert_eq!(all.len(), 6);
    assert_eq!(ids("limit=4").await, all[..4]);
    assert_eq!(ids(&format!("limit=4&after={}", all[3])).await, all[4..]);
    assert_eq!(ids("channel=kakaotalk").await, Vec::<i64>::new());
    for wrong in ["state=lost", "channel=fax", "after=x", "limit=0"] {
        let answer = shop.client.get(&format!("/notices?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {answer:?}");
    }
    let nothing = "/notices/0195f3f0-0000-7000-8000-000000000001/resend";
    let unknown = shop.client.post(nothing, json!({})).await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (StatusCode::NOT_FOUND, &json!("unknown-notice"))
    );
}
