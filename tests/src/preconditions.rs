//! `ETag` and `If-Match`: what a client has seen is changed, or nothing is.

use crate::{
    client::{Answer, Client, answer},
    gateway::Gateway,
    town::Town,
};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// A request for what is to be changed, or to be there before.
#[derive(Clone)]
struct Ask {
    method: Method,
    path: String,
    body: Value,
}

fn post(path: &str, body: Value) -> Ask {
    Ask { method: Method::POST, path: path.to_owned(), body }
}

impl Ask {
    async fn send(&self, client: &Client, headers: &[(&str, &str)]) -> Answer {
        let request = client.request(self.method.clone(), &self.path).json(&self.body);
        let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        answer(headers.iter().fold(request, add)).await
    }

    async fn done(&self, client: &Client) -> Answer {
        let done = self.send(client, &[]).await;
        assert!(done.status.is_success(), "{} {}: {done:?}", self.method, self.path);
        done
    }
}

fn version(answer: &Answer) -> u64 {
    let tag = answer.etag.as_deref().unwrap_or_else(|| panic!("no ETag: {answer:?}"));
    let digits = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    digits.unwrap_or_else(|| panic!("{tag}")).parse().unwrap()
}

fn is_stale(answer: &Answer) {
    let said = (answer.status, answer.body["code"].as_str());
    assert_eq!(said, (StatusCode::PRECONDITION_FAILED, Some("stale")), "{answer:?}");
    assert_eq!(answer.content_type, "application/problem+json");
}

/// What can be changed in each context, number `n`: what has to be there, and the change.
fn changes(n: usize) -> Vec<(Vec<Ask>, Ask)> {
    let item = json!({ "itemNo": format!("i{n}"), "itemName": "사다리", "itemPrice": 5000 });
    let reservation = json!({ "reservationNo": format!("r{n}"), "itemNo": format!("i{n}"),
        "customerId": "min", "customerName": "김민" });
    let product = json!({ "productId": format!("p{n}"), "productName": "노트북", "qty": 5 });
    let rental = json!({ "orderId": format!("o{n}"), "productId": format!("p{n}"), "qty": 1,
        "amount": 10, "customerId": "min" });
    let dish = json!({ "restaurantId": n, "menuId": 1, "name": "비빔밥", "stock": 9 });
    let meal = json!({ "orderId": format!("o{n}"), "restaurantId": n, "restaurantMenuId": 1,
        "customerId": "min", "qty": 1 });
    let coffee = json!({ "orderId": format!("o{n}"), "product": "라떼", "qty": 1, "price": 4500 });
    let lot = json!({ "deliveryId": format!("d{n}"), "product": format!("사과{n}"), "qty": 50 });
    let price = |price| Ask {
        method: Method::PUT,
        path: format!("/cafe/menu/tea{n}"),
        body: json!({ "price": price }),
    };
    let of = |path: &str, what: &str, body| post(&format!("{path}{n}{what}"), body);
    let none = || json!({});
    vec![
        (
            vec![post("/warehouse/deliveries", lot)],
            of("/warehouse/lots/d", "/ship", json!({ "qty": 1 })),
        ),
        (
            vec![post("/market/items", item), post("/market/reservations", reservation)],
            of("/market/reservations/r", "/cancel", none()),
        ),
        (
            vec![post("/rental/inventories", product), post("/rental/orders", rental)],
            of("/rental/orders/o", "/cancel", none()),
        ),
        (
            vec![post("/restaurant/menus", dish.clone())],
            of("/restaurant/menus/", ".1/restock", json!({ "qty": 2 })),
        ),
        (vec![post("/restaurant/orders", meal)], of("/restaurant/orders/o", "/cancel", none())),
        (vec![price(1000)], price(2000)),
        (vec![post("/cafe/orders", coffee)], of("/cafe/orders/o", "/request-cancel", none())),
    ]
}

/// Sends a change with the present version, as often as something else changes meanwhile.
async fn with_present_version(client: &Client, change: &Ask) -> (String, Answer) {
    let mut tag = "\"4711\"".to_owned();
    for _ in 0..20 {
        let sent = change.send(client, &[("If-Match", &tag)]).await;
        if sent.status != StatusCode::PRECONDITION_FAILED {
            return (tag, sent);
        }
        tag = format!("\"{}\"", version(&sent));
    }
    panic!("{} changes for ever", change.path);
}

#[tokio::test]
async fn a_change_is_done_to_the_version_that_was_seen_and_to_no_other() {
    let town = Town::open().await;
    for (before, change) in changes(1) {
        for ask in &before {
            version(&ask.done(&town.client).await);
        }
        let request = Uuid::from_u128(0x5eed);
        let named = request.to_string();
        for wrong in ["\"4711\"", "\"0\"", "W/\"1\"", "\"x\"", "\"4711\", \"4712\""] {
            let headers = [("If-Match", wrong), ("X-Request-Id", &named)];
            let stale = change.send(&town.client, &headers).await;
            is_stale(&stale);
            assert!(version(&stale) > 0);
        }
        assert_eq!(town.events_of(request).await, 0, "{} stored something", change.path);

        let (tag, done) = with_present_version(&town.client, &change).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        assert!(format!("\"{}\"", version(&done)) != tag, "{done:?}");
        let stale = change.send(&town.client, &[("If-Match", &tag)]).await;
        is_stale(&stale);
        assert!(version(&stale) >= version(&done), "{stale:?}");
        // Of several tags one may match, and * asks only that there is such a thing.
        let last = change.send(&town.client, &[("If-Match", "*")]).await;
        assert!(last.status != StatusCode::PRECONDITION_FAILED, "{last:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_has_no_version() {
    let town = Town::open().await;
    for (before, change) in changes(1) {
        for tag in ["*", "\"1\"", "\"0\""] {
            for ask in before.iter().chain([&change]) {
                let sent = ask.send(&town.client, &[("If-Match", tag)]).await;
                let missing = [StatusCode::PRECONDITION_FAILED, StatusCode::NOT_FOUND];
                assert!(missing.contains(&sent.status), "{}: {sent:?}", ask.path);
                assert_eq!(sent.etag, None);
            }
        }
    }
}

/// So many with the same tag at once, at two processes.
const RACERS: usize = 6;
const RACES: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_have_seen_the_same_exactly_one_changes_it() {
    let town = Town::open().await;
    let (other, _files) = town.another("api").await;
    let clients = [town.client.clone(), Client::new(&other.url)];
    for race in 1..=RACES {
        for (before, change) in changes(race) {
            for ask in &before {
                ask.done(&town.client).await;
            }
            settled(&town, race, &change).await;
            let unseen = change.send(&town.client, &[("If-Match", "\"4711\"")]).await;
            let tag = format!("\"{}\"", version(&unseen));
            let racers = (0..RACERS).map(|n| {
                let (client, change, tag) = (clients[n % 2].clone(), change.clone(), tag.clone());
                tokio::spawn(async move { change.send(&client, &[("If-Match", &tag)]).await })
            });
            let answers: Vec<_> = join_all(racers).await.into_iter().map(Result::unwrap).collect();
            let done = answers.iter().filter(|one| one.status.is_success()).count();
            assert_eq!(done, 1, "{} {tag}: {answers:?}", change.path);
            for lost in answers.iter().filter(|one| !one.status.is_success()) {
                is_stale(lost);
                assert!(version(lost) > 0);
            }
        }
    }
}

/// Waits until nothing more follows from what was made, so that its version stays.
async fn settled(town: &Town, n: usize, change: &Ask) {
    if change.path.starts_with("/market/reservations/") {
        let path = format!("/market/reservations/r{n}");
        town.client.becomes(&path, "reservationStatus", "Confirmed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_pay_what_they_have_seen_exactly_one_has_paid() {
    let gateway = Gateway::start(&[]).await;
    let town = Town::open_with(&[("PAYMENT_URL", gateway.url.clone())], &[]).await;
    let (other, _files) = town.another("api").await;
    let clients = [town.client.clone(), Client::new(&other.url)];
    for race in 1..=RACES {
        let (before, _) = changes(race).swap_remove(1);
        for ask in &before {
            ask.done(&town.client).await;
        }
        let path = format!("/market/reservations/r{race}");
        town.client.becomes(&path, "reservationStatus", "Confirmed").await;
        for what in ["pay", "cancel-payment"] {
            let change = post(&format!("{path}/{what}"), json!({}));
            let unseen = change.send(&town.client, &[("If-Match", "\"4711\"")]).await;
            let tag = format!("\"{}\"", version(&unseen));
            let racers = (0..RACERS).map(|n| {
                let (client, change, tag) = (clients[n % 2].clone(), change.clone(), tag.clone());
                tokio::spawn(async move { change.send(&client, &[("If-Match", &tag)]).await })
            });
            let answers: Vec<_> = join_all(racers).await.into_iter().map(Result::unwrap).collect();
            let done = answers.iter().filter(|one| one.status.is_success()).count();
            assert_eq!(done, 1, "{what} {tag}: {answers:?}");
            for lost in answers.iter().filter(|one| !one.status.is_success()) {
                // A moment before the reservation shows it, it is only known that somebody was first.
                let codes = ["stale", "concurrent-change"];
                assert!(codes.contains(&lost.body["code"].as_str().unwrap()), "{lost:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time_although_the_version_has_moved() {
    let town = Town::open().await;
    let (other, _files) = town.another("api").await;
    let clients = [town.client.clone(), Client::new(&other.url)];
    for (before, change) in changes(1) {
        for ask in &before {
            ask.done(&town.client).await;
        }
        settled(&town, 1, &change).await;
        let unseen = change.send(&town.client, &[("If-Match", "\"4711\"")]).await;
        let tag = format!("\"{}\"", version(&unseen));
        let keyed = [("If-Match", tag.as_str()), ("Idempotency-Key", &change.path)];
        let first = change.send(&town.client, &keyed).await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        for client in &clients {
            assert_eq!(change.send(client, &keyed).await, first);
        }
        // What was answered is forgotten; the log knows that it was done.
        town.forget_answers().await;
        for client in &clients {
            let again = change.send(client, &keyed).await;
            assert_eq!(again.status, StatusCode::OK, "{}: {again:?}", change.path);
        }
    }
}

#[tokio::test]
async fn paying_again_with_the_same_key_is_answered_although_the_version_has_moved() {
    let town = Town::open().await;
    let (before, _) = changes(1).swap_remove(1);
    for ask in &before {
        ask.done(&town.client).await;
    }
    town.client.becomes("/market/reservations/r1", "reservationStatus", "Confirmed").await;
    for what in ["pay", "cancel-payment"] {
        let change = post(&format!("/market/reservations/r1/{what}"), json!({}));
        let unseen = change.send(&town.client, &[("If-Match", "\"4711\"")]).await;
        let tag = format!("\"{}\"", version(&unseen));
        let keyed = [("If-Match", tag.as_str()), ("Idempotency-Key", what)];
        let first = change.send(&town.client, &keyed).await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        town.forget_answers().await;
        let again = change.send(&town.client, &keyed).await;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
        let without_key = change.send(&town.client, &[("If-Match", &tag)]).await;
        is_stale(&without_key);
    }
}

#[tokio::test]
async fn what_a_view_shows_can_be_changed_as_it_was_read() {
    let town = Town::open().await;
    for (view, number) in [
        ("/warehouse/stock/사과1", 0),
        ("/rental/orders/o1", 2),
        ("/restaurant/menus/1.1", 3),
        ("/cafe/menu/tea1", 5),
        ("/cafe/order-status/o1", 6),
    ] {
        let (before, change) = changes(1).swap_remove(number);
        let mut position = None;
        for ask in &before {
            position = ask.done(&town.client).await.position;
        }
        let read = town.client.get_at(view, &position.unwrap()).await;
        assert_eq!(read.body["version"], version(&read), "{read:?}");
        let tag = read.etag.as_deref().unwrap();
        let again = |known: &str| {
            answer(town.client.request(Method::GET, view).header("If-None-Match", known))
        };
        let (known, unknown) = (again(tag).await, again("\"4711\"").await);
        assert_eq!((known.status, &known.body), (StatusCode::NOT_MODIFIED, &Value::Null));
        assert_eq!((known.etag.as_deref(), unknown.status), (Some(tag), StatusCode::OK));

        let done = change.send(&town.client, &[("If-Match", tag)]).await;
        assert_eq!((done.status, version(&done)), (StatusCode::OK, version(&read) + 1));
        let read = town.client.get_at(view, done.position.as_deref().unwrap()).await;
        assert!(version(&read) >= version(&done), "{read:?}");
        assert_eq!(again(tag).await.status, StatusCode::OK, "{view} has changed");
    }
    // What shows several things, or not everything, has no tag.
    let (before, _) = changes(2).swap_remove(1);
    let mut position = None;
    for ask in &before {
        position = ask.done(&town.client).await.position;
    }
    for view in ["/market/reservations/r2", "/market/items/i2"] {
        let read = town.client.get_at(view, position.as_deref().unwrap()).await;
        assert_eq!((read.status, read.etag), (StatusCode::OK, None), "{view}");
    }
}

/// All that a customer may ask of what is there, by what stands for its id.
fn customers_commands(id: &str) -> Vec<Ask> {
    let none = || json!({});
    let change = |method, path: &str, body| Ask { method, path: path.replace("{}", id), body };
    let ask = |path: &str| change(Method::POST, path, none());
    let review = json!({ "reservationNo": id, "customerName": "김민", "score": 5 });
    let [paid, not_paid] = ["Paid", "NotPaid"].map(|word| json!({ "paymentStatus": word }));
    vec![
        ask("/cafe/orders/{}/request-cancel"),
        change(Method::PUT, "/cafe/orders/{}", json!({ "status": "order_cancel_request" })),
        ask("/cafe/members/{}/withdraw"),
        ask("/rental/orders/{}/cancel"),
        ask("/restaurant/orders/{}/cancel"),
        change(Method::DELETE, "/restaurant/orders/{}", none()),
        ask("/market/reservations/{}/pay"),
        ask("/market/reservations/{}/cancel-payment"),
        ask("/market/reservations/{}/cancel"),
        change(Method::PATCH, "/market/reservations/{}", paid),
        change(Method::PATCH, "/market/reservations/{}", not_paid),
        change(Method::DELETE, "/market/reservations/{}", none()),
        post("/market/reviews", review),
    ]
}

/// What customers create under `id`.
fn customers_things(id: &str) -> Vec<(Ask, &'static str)> {
    let meal = json!({ "orderId": id, "restaurantId": 1, "restaurantMenuId": 1, "qty": 1 });
    let reservation = json!({ "reservationNo": id, "itemNo": "i1", "customerName": "김민" });
    let rental = json!({ "orderId": id, "productId": "p1", "qty": 1, "amount": 10 });
    let coffee = json!({ "orderId": id, "product": "라떼", "qty": 1, "price": 4500 });
    let lot = json!({ "deliveryId": id, "product": "사과", "qty": 50 });
    vec![
        (post("/cafe/orders", coffee), "order-exists"),
        (post("/rental/orders", rental), "order-exists"),
        (post("/restaurant/orders", meal), "order-exists"),
        (post("/market/reservations", reservation), "reservation-exists"),
        (post("/warehouse/deliveries", lot), "delivery-exists"),
    ]
}

#[tokio::test]
async fn what_is_another_customers_is_answered_like_what_is_not_there() {
    let secret = "a-secret-for-tests-that-is-long-enough-0123456789";
    let town = Town::open_with(&[("JANGTEO_AUTH_SECRETS", secret.to_owned())], &[]).await;
    let mut tokens = Vec::new();
    for (sub, role) in [("min", "customer"), ("lee", "customer"), ("kim", "manager")] {
        let token = town.run(&["token", "--sub", sub, "--role", role]).await;
        tokens.push(format!("Bearer {}", token.trim()));
    }
    let [min, lee, kim] = <[String; 3]>::try_from(tokens).unwrap();
    for (before, _) in [1, 2, 3].map(|number| changes(1).swap_remove(number)) {
        let made = before[0].send(&town.client, &[("Authorization", &kim)]).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    }
    // Both are named like the thing: so one id is another's order, reservation and membership.
    let register = post("/cafe/members", json!({ "name": "이씨" }));
    let mut made = vec![register.send(&town.client, &[("Authorization", &lee)]).await];
    for (thing, _) in customers_things("lee") {
        made.push(thing.send(&town.client, &[("Authorization", &lee)]).await);
    }
    assert!(made.iter().all(|one| one.status == StatusCode::CREATED), "{made:?}");

    let request = Uuid::from_u128(0xa11e);
    let named = request.to_string();
    let (anothers, unknown) = (customers_commands("lee"), customers_commands("nobody"));
    for (number, (anothers, unknown)) in anothers.iter().zip(&unknown).enumerate() {
        for tag in [None, Some("*"), Some("\"1\""), Some("\"2\"")] {
            let headers = [("Authorization", min.as_str()), ("X-Request-Id", &named)];
            let headers: Vec<_> =
                headers.into_iter().chain(tag.map(|tag| ("If-Match", tag))).collect();
            for is_keyed in [false, true] {
                let [of_anothers, of_unknown] =
                    ["lee", "nobody"].map(|id| format!("{id} {number} {tag:?}"));
                let with = |key| {
                    let key = is_keyed.then_some(("Idempotency-Key", key));
                    headers.iter().copied().chain(key).collect::<Vec<_>>()
                };
                let as_anothers = anothers.send(&town.client, &with(&of_anothers)).await;
                let as_unknown = unknown.send(&town.client, &with(&of_unknown)).await;
                assert_eq!(as_anothers, as_unknown, "{}", anothers.path);
                let expected = [StatusCode::NOT_FOUND, StatusCode::PRECONDITION_FAILED];
                assert!(expected.contains(&as_unknown.status), "{}: {as_unknown:?}", unknown.path);
            }
        }
    }
    for (thing, code) in customers_things("lee") {
        let taken =
            thing.send(&town.client, &[("Authorization", &min), ("X-Request-Id", &named)]).await;
        assert_eq!((taken.status, taken.body["code"].as_str()), (StatusCode::CONFLICT, Some(code)));
        let said = taken.body.as_object().unwrap().len();
        assert_eq!((said, &taken.etag), (5, &None), "it says more than that it exists: {taken:?}");
    }
    assert_eq!(town.events_of(request).await, 0);
    // They are there all the same, for whom they belong to.
    let own = customers_commands("lee");
    let cancelled = own[0].send(&town.client, &[("Authorization", &lee)]).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{cancelled:?}");
}
