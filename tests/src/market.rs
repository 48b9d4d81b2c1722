//! The market, from outside.

use crate::{
    cafe::Cafe as House,
    client::{Answer, Client, answer, try_answer},
    gateway::Gateway,
    service::{Place, Service, run},
};
use futures::{StreamExt, future::join_all, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const VIEWS: [&str; 4] =
    ["market.item_info", "market.reservations", "market.payments", "market.reviews"];

async fn registered(client: &Client, item: &str) {
    let body = json!({ "itemNo": item, "itemName": "Camera", "itemPrice": "100" });
    let answer = client.post("/market/items", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

fn reservation(reservation: &str, item: &str) -> Value {
    json!({ "reservationNo": reservation, "itemNo": item, "customerId": reservation,
        "customerName": "YoungEunSong", "itemPrice": 100, "phone": "010-1234-5678" })
}

async fn reserve(client: &Client, number: &str, item: &str) -> Answer {
    client.post("/market/reservations", reservation(number, item)).await
}

/// Reserves, and waits for the item.
async fn confirmed(client: &Client, number: &str, item: &str) {
    let reserved = reserve(client, number, item).await;
    assert_eq!(
        (reserved.status, &reserved.body["reservationStatus"]),
        (StatusCode::CREATED, &json!("Requested"))
    );
    shows(client, number, "reservationStatus", "Confirmed").await;
}

async fn shows(client: &Client, reservation: &str, field: &str, word: &str) -> Answer {
    client.becomes(&format!("/market/reservations/{reservation}"), field, word).await
}

async fn item_shows(client: &Client, item: &str, field: &str, word: &str) -> Answer {
    client.becomes(&format!("/market/items/{item}"), field, word).await
}

async fn ask(client: &Client, reservation: &str, what: &str) -> Answer {
    client.post(&format!("/market/reservations/{reservation}/{what}"), json!({})).await
}

async fn paid(client: &Client, reservation: &str) {
    let paid = ask(client, reservation, "pay").await;
    assert_eq!(
        (paid.status, &paid.body["paymentStatus"]),
        (StatusCode::OK, &json!("Paid")),
        "{paid:?}"
    );
}

/// Lends the item, or takes it back.
async fn hand(client: &Client, item: &str, what: &str, reservation: &str) -> Answer {
    let path = format!("/market/items/{item}/{what}");
    client.post(&path, json!({ "reservationNo": reservation })).await
}

/// Reserved, paid, lent and returned.
async fn rented_once(client: &Client, number: &str, item: &str) {
    confirmed(client, number, item).await;
    paid(client, number).await;
    for what in ["lend", "return"] {
        let handed = hand(client, item, what, number).await;
        assert_eq!(handed.status, StatusCode::OK, "{handed:?}");
    }
    let path = format!("/market/reservations/{number}");
    client
        .until(&path, "asked for a review", |one| one.body["reviewRequestedAt"].is_string())
        .await;
}

fn review(reservation: &str, score: i64) -> Value {
    json!({ "reservationNo": reservation, "customerId": reservation,
        "customerName": "YoungEunSong", "score": score })
}

fn is(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{answer:?}");
}

async fn staff(house: &House, arguments: &[&str]) {
    let (code, printed) = house.run(arguments).await;
    assert_eq!(code, 0, "{printed}");
}

/// Each view holds what the log says, row for row.
async fn views_fit_the_log(environment: &BTreeMap<&'static str, String>) {
    for view in VIEWS {
        let (code, printed) = run(environment, &["verify", view]).await;
        assert_eq!(code, 0, "{printed}");
    }
}

/// How often money was taken, and how often it went back.
async fn moved(gateway: &Gateway) -> (usize, usize) {
    let charges = gateway.charges().await;
    let taken = charges.values().filter(|one| one["status"] == "approved").count();
    (taken, charges.values().filter(|one| one["refunded"] == true).count())
}

#[tokio::test]
async fn the_walkthrough_is_played_as_written_and_again() {
    let house = House::open().await;
    for _ in 0..2 {
        staff(&house, &["demo", "market", "--url", &house.service.url]).await;
    }
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn the_short_forms_and_aliases_of_the_original_system_work() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "1").await;
    confirmed(client, "1", "1").await;
    let patch = async |path: &str, body: Value| {
        answer(client.request(Method::PATCH, path).json(&body)).await
    };
    let pay = |word: &str| json!({ "paymentStatus": word, "itemName": "anything" });
    let paid = patch("/market/reservations/1", pay("Paid")).await;
    assert_eq!((paid.status, &paid.body["paymentStatus"]), (StatusCode::OK, &json!("Paid")));
    let back = patch("/market/reservations/1", pay("NotPaid")).await;
    assert_eq!((back.status, &back.body["paymentStatus"]), (StatusCode::OK, &json!("Refunded")));
    is(
        &patch("/market/reservations/1", pay("Free")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid-value",
    );
    let lend =
        json!({ "reservationNo": 1, "itemStatus": "NotRentable", "rentalStatus": "Renting" });
    is(&patch("/market/items/1", lend).await, StatusCode::CONFLICT, "not-paid");
    let cancelled = answer(client.request(Method::DELETE, "/market/reservations/1")).await;
    assert_eq!(
        (cancelled.status, &cancelled.body["reservationStatus"]),
        (StatusCode::OK, &json!("Cancelled"))
    );
    item_shows(client, "1", "itemStatus", "Rentable").await;
    for (alias, name) in [("itemInfoes", "item-info"), ("reviewInfoes", "reviews")] {
        let (alias, name) = (format!("/market/{alias}"), format!("/market/{name}"));
        assert_eq!(client.get(&alias).await.body, client.get(&name).await.body);
    }
    let deleted = answer(client.request(Method::DELETE, "/market/items/1")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let gone = |answer: &Answer| answer.status == StatusCode::NOT_FOUND;
    client.until("/market/items/1", "gone", gone).await;
    assert_eq!(client.get("/market/item-info").await.body, json!([]));
}

#[tokio::test]
async fn of_two_hundred_reservations_at_once_one_is_confirmed_and_no_other_can_be_paid() {
    let gateway = Gateway::start(&[]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    registered(client, "i1").await;
    let numbers: Vec<_> = (0..200).map(|n| format!("r{n}")).collect();
    let taken = join_all(numbers.iter().map(|number| reserve(client, number, "i1"))).await;
    assert!(taken.iter().all(|one| one.status == StatusCode::CREATED), "{taken:?}");
    let decided = |answer: &Answer| answer.body.as_array().is_some_and(|list| list.len() == 199);
    let rejected = "/market/reservations?limit=1000&reservationStatus=Rejected";
    client.until(rejected, "all but one rejected", decided).await;
    let of = async |status: &str| {
        let path = format!("/market/reservations?limit=1000&reservationStatus={status}");
        client.get(&path).await.body.as_array().cloned().unwrap()
    };
    let (winners, losers) = (of("Confirmed").await, of("Rejected").await);
    assert_eq!((winners.len(), losers.len()), (1, 199));
    assert!(losers.iter().all(|one| one["rejectReason"] == "item-held"), "{losers:?}");

    let payments = join_all(numbers.iter().map(|number| ask(client, number, "pay"))).await;
    let (ok, refused): (Vec<_>, Vec<_>) =
        payments.into_iter().partition(|one| one.status == StatusCode::OK);
    assert_eq!(ok.len(), 1);
    assert_eq!(ok[0].body["reservationNo"], winners[0]["reservationNo"]);
    for one in &refused {
        is(one, StatusCode::CONFLICT, "already-rejected");
    }
    assert_eq!(gateway.charges().await.len(), 1, "nobody else was charged");
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn with_the_item_side_down_reservations_are_taken_and_decided_when_it_is_back() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    staff(&house, &["pause", "market.item"]).await;
    for number in ["r1", "r2", "r3"] {
        assert_eq!(reserve(client, number, "i1").await.status, StatusCode::CREATED);
    }
    let register = json!({ "itemName": "Tent", "itemPrice": 1 });
    is(&client.post("/market/items", register).await, StatusCode::SERVICE_UNAVAILABLE, "part-down");
    is(&ask(client, "r1", "pay").await, StatusCode::CONFLICT, "not-confirmed");
    // The wish of the first is decided later, too.
    let asked = ask(client, "r1", "cancel").await;
    assert_eq!(
        (asked.status, &asked.body["cancelRequested"]),
        (StatusCode::OK, &json!(true)),
        "{asked:?}"
    );
    item_shows(client, "i1", "itemStatus", "Rentable").await;

    staff(&house, &["resume", "market.item"]).await;
    let decided = |answer: &Answer| answer.body == json!([]);
    let requested = "/market/reservations?reservationStatus=Requested";
    client.until(requested, "all decided", decided).await;
    // It held the item and gave it back, or somebody else was first.
    let called_off = |answer: &Answer| {
        ["Cancelled", "Rejected"].map(Value::from).contains(&answer.body["reservationStatus"])
    };
    client.until("/market/reservations/r1", "called off", called_off).await;
    let confirmed = client.get("/market/reservations?reservationStatus=Confirmed").await;
    let confirmed = confirmed.body.as_array().cloned().unwrap();
    let shown = client.get("/market/items/i1").await;
    match confirmed.as_slice() {
        // While the first one held it the others asked in vain.
        [] => assert_eq!(shown.body["itemStatus"], "Rentable"),
        [one] => assert_eq!(shown.body["reservationNo"], one["reservationNo"]),
        more => panic!("{more:?}"),
    }
}

#[tokio::test]
async fn with_the_item_side_down_one_reservation_makes_it_not_rentable_when_it_is_back() {
    let house = House::open().await;
    registered(&house.client, "i1").await;
    staff(&house, &["pause", "market.item"]).await;
    let reserved = reserve(&house.client, "r1", "i1").await;
    assert_eq!(reserved.status, StatusCode::CREATED);
    staff(&house, &["resume", "market.item"]).await;
    item_shows(&house.client, "i1", "itemStatus", "NotRentable").await;
    shows(&house.client, "r1", "reservationStatus", "Confirmed").await;
}

#[tokio::test]
async fn with_the_item_side_down_a_review_is_refused_and_nothing_is_stored() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    rented_once(client, "r1", "i1").await;
    staff(&house, &["pause", "market.item"]).await;
    let down = client.post("/market/reviews", review("r1", 5)).await;
    is(&down, StatusCode::SERVICE_UNAVAILABLE, "part-down");
    assert!(down.retry_after.is_some());
    let (_, printed) = house.run(&["stream", "market.review-r1"]).await;
    assert!(!printed.contains("ReviewSubmitted"), "{printed}");
    staff(&house, &["resume", "market.item"]).await;
    let registered = client.post("/market/reviews", review("r1", 5)).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
    let position = registered.position.unwrap();
    let items = client.get_at("/market/items", &position).await;
    assert_eq!((items.status, items.body), (StatusCode::OK, json!([])));
    let reviews = client.get_at("/market/reviews", &position).await;
    assert_eq!(reviews.body[0]["score"], 5);
}

#[tokio::test]
async fn with_every_worker_stopped_reservations_are_taken_and_no_review_is() {
    let place = Place::new().await;
    let mut environment = place.environment();
    let whole = Service::start(&environment).await;
    let client = Client::new(&whole.url);
    registered(&client, "i1").await;
    registered(&client, "i2").await;
    rented_once(&client, "r1", "i1").await;
    assert_eq!(whole.terminate().await, Some(0));

    let api = Service::start_with(&environment, &["--role", "api"]).await;
    let client = Client::new(&api.url);
    assert_eq!(reserve(&client, "r2", "i2").await.status, StatusCode::CREATED);
    let down = client.post("/market/reviews", review("r1", 5)).await;
    is(&down, StatusCode::SERVICE_UNAVAILABLE, "part-down");
    is(&ask(&client, "r2", "pay").await, StatusCode::SERVICE_UNAVAILABLE, "part-down");
    let (_, printed) = run(&environment, &["stream", "market.review-r1"]).await;
    assert!(!printed.contains("ReviewSubmitted"), "{printed}");

    let files = tempfile::TempDir::new().unwrap();
    environment.insert("JANGTEO_DATA_DIR", files.path().display().to_string());
    environment.insert("JANGTEO_ROLE", "worker".to_owned());
    environment.insert("JANGTEO_CONTEXTS", "market".to_owned());
    let _worker = Service::start(&environment).await;
    item_shows(&client, "i2", "itemStatus", "NotRentable").await;
    // The item has decided; that is enough.
    paid(&client, "r2").await;
    let registered = client.post("/market/reviews", review("r1", 5)).await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
}

#[tokio::test]
async fn with_the_gateway_down_nothing_is_charged_and_it_can_be_paid_later() {
    let gateway = Gateway::start(&[]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    registered(client, "i1").await;
    confirmed(client, "r1", "i1").await;
    let address = gateway.kill().await;
    let refused = ask(client, "r1", "pay").await;
    is(&refused, StatusCode::SERVICE_UNAVAILABLE, "payment-unavailable");
    assert!(refused.retry_after.is_some());
    assert_eq!(refused.body["reservationNo"], "r1");
    shows(client, "r1", "paymentStatus", "NotPaid").await;
    is(&hand(client, "i1", "lend", "r1").await, StatusCode::CONFLICT, "not-paid");

    let gateway = Gateway::start_at(&address, &[]).await;
    let later = client
        .until("/market/payments?reservationNo=r1", "closed", |one| {
            one.body[0]["failure"] != json!(null)
        })
        .await;
    assert_eq!(later.body[0]["paymentStatus"], "NotPaid");
    paid(client, "r1").await;
    shows(client, "r1", "paymentStatus", "Paid").await;
    assert_eq!(moved(&gateway).await, (1, 0));
}

#[tokio::test]
async fn what_is_declined_stays_unpaid() {
    let gateway = Gateway::start(&["--decline", "1"]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    registered(client, "i1").await;
    confirmed(client, "r1", "i1").await;
    for _ in 0..2 {
        let declined = ask(client, "r1", "pay").await;
        is(&declined, StatusCode::PAYMENT_REQUIRED, "payment-declined");
    }
    shows(client, "r1", "paymentStatus", "NotPaid").await;
    let charges = gateway.charges().await;
    assert_eq!(charges.keys().collect::<Vec<_>>(), ["market-r1", "market-r1:2"]);
}

#[tokio::test]
async fn money_goes_back_once_before_lending_and_never_after() {
    let gateway = Gateway::start(&[]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    registered(client, "i1").await;
    confirmed(client, "r1", "i1").await;
    paid(client, "r1").await;
    for _ in 0..2 {
        let back = ask(client, "r1", "cancel-payment").await;
        assert_eq!(
            (back.status, &back.body["paymentStatus"]),
            (StatusCode::OK, &json!("Refunded")),
            "{back:?}"
        );
    }
    assert_eq!(moved(&gateway).await, (1, 1));
    paid(client, "r1").await;
    for _ in 0..2 {
        let cancelled = ask(client, "r1", "cancel").await;
        assert_eq!(
            (cancelled.status, &cancelled.body["reservationStatus"]),
            (StatusCode::OK, &json!("Cancelled")),
            "{cancelled:?}"
        );
    }
    shows(client, "r1", "paymentStatus", "Refunded").await;
    assert_eq!(moved(&gateway).await, (2, 2));
    let row = item_shows(client, "i1", "paymentStatus", "Refunded").await;
    assert_eq!(
        (&row.body["itemStatus"], &row.body["customerId"], &row.body["reservationStatus"]),
        (&json!("Rentable"), &Value::Null, &json!("Cancelled"))
    );
    is(&ask(client, "r1", "pay").await, StatusCode::CONFLICT, "already-cancelled");

    confirmed(client, "r2", "i1").await;
    paid(client, "r2").await;
    assert_eq!(hand(client, "i1", "lend", "r2").await.status, StatusCode::OK);
    for what in ["cancel", "cancel-payment"] {
        is(&ask(client, "r2", what).await, StatusCode::CONFLICT, "already-lent");
    }
    assert_eq!(moved(&gateway).await, (3, 2));
    views_fit_the_log(&house.environment).await;
}

#[tokio::test]
async fn only_the_holder_gets_the_item_and_only_the_renter_reviews_it_once() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    confirmed(client, "r1", "i1").await;
    reserve(client, "r2", "i1").await;
    shows(client, "r2", "reservationStatus", "Rejected").await;
    is(&hand(client, "i1", "lend", "r1").await, StatusCode::CONFLICT, "not-paid");
    paid(client, "r1").await;
    is(&hand(client, "i1", "lend", "r2").await, StatusCode::CONFLICT, "not-the-holder");
    is(&hand(client, "i1", "return", "r1").await, StatusCode::CONFLICT, "not-lent");
    is(&hand(client, "i9", "lend", "r1").await, StatusCode::NOT_FOUND, "unknown-item");
    is(&ask(client, "r2", "cancel").await, StatusCode::CONFLICT, "already-rejected");
    let delete = || answer(client.request(Method::DELETE, "/market/items/i1"));
    is(&delete().await, StatusCode::CONFLICT, "item-held");
    let submit = |body: Value| client.post("/market/reviews", body);
    is(&submit(review("r1", 5)).await, StatusCode::CONFLICT, "not-returned");
    is(&submit(review("r9", 5)).await, StatusCode::NOT_FOUND, "unknown-reservation");
    for what in ["lend", "lend", "return", "return"] {
        assert_eq!(hand(client, "i1", what, "r1").await.status, StatusCode::OK);
    }
    confirmed(client, "r3", "i1").await;
    is(&submit(review("r1", 5)).await, StatusCode::CONFLICT, "item-held");
    let (_, printed) = house.run(&["stream", "market.review-r1"]).await;
    assert!(!printed.contains("ReviewSubmitted"), "{printed}");
    assert_eq!(ask(client, "r3", "cancel").await.status, StatusCode::OK);
    let mut others = review("r1", 5);
    others["customerId"] = json!("r2");
    is(&submit(others).await, StatusCode::CONFLICT, "not-the-renter");
    is(&submit(review("r1", 6)).await, StatusCode::UNPROCESSABLE_ENTITY, "invalid-value");
    let first = submit(review("r1", 5)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let again = submit(review("r1", 5)).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    is(&submit(review("r1", 4)).await, StatusCode::CONFLICT, "already-reviewed");
    reserve(client, "r4", "i1").await;
    let late = shows(client, "r4", "reservationStatus", "Rejected").await;
    assert_eq!(late.body["rejectReason"], "item-deleted");
}

#[tokio::test]
async fn what_a_request_says_is_checked() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    let items = |body: Value| client.post("/market/items", body);
    let reservations = |body: Value| client.post("/market/reservations", body);
    let other = json!({ "itemNo": "i1", "itemName": "Tent", "itemPrice": 100 });
    is(&items(other).await, StatusCode::CONFLICT, "item-exists");
    let free = json!({ "itemName": "Tent", "itemPrice": 0 });
    is(&items(free).await, StatusCode::UNPROCESSABLE_ENTITY, "invalid-value");
    let nameless = json!({ "itemPrice": 1 });
    is(&items(nameless).await, StatusCode::BAD_REQUEST, "malformed");
    let mut cheap = reservation("r1", "i1");
    cheap["itemPrice"] = json!(90);
    let cheap = reservations(cheap).await;
    is(&cheap, StatusCode::UNPROCESSABLE_ENTITY, "price-changed");
    assert_eq!(cheap.body["field"], "itemPrice");
    let mut typo = reservation("r1", "i1");
    typo["itemNumber"] = json!("i1");
    is(&reservations(typo).await, StatusCode::BAD_REQUEST, "malformed");
    assert_eq!(client.get("/market/reservations/r1").await.status, StatusCode::NOT_FOUND);
    confirmed(client, "r1", "i1").await;
    let again = reserve(client, "r1", "i1").await;
    assert_eq!(
        (again.status, &again.body["reservationStatus"]),
        (StatusCode::CREATED, &json!("Requested"))
    );
    registered(client, "i2").await;
    is(&reserve(client, "r1", "i2").await, StatusCode::CONFLICT, "reservation-exists");
    is(&ask(client, "r9", "cancel").await, StatusCode::NOT_FOUND, "unknown-reservation");
    reserve(client, "r2", "nothing").await;
    let unknown = shows(client, "r2", "reservationStatus", "Rejected").await;
    assert_eq!(unknown.body["rejectReason"], "unknown-item");
}

#[tokio::test]
async fn cancelling_and_lending_at_once_has_one_outcome_and_the_money_fits_it() {
    let gateway = Gateway::start(&[]).await;
    let house = House::open_with(&[("PAYMENT_URL", gateway.url.clone())]).await;
    let client = &house.client;
    let races = join_all((0..60).map(|n| race(client, n))).await;
    let lent = races.iter().filter(|&&lent| lent).count();
    let charges = gateway.charges().await;
    let kept = charges.values().filter(|one| one["refunded"] == false).count();
    assert_eq!((charges.len(), kept), (60, lent));
    println!("{lent} lent, {} cancelled", races.len() - lent);
    views_fit_the_log(&house.environment).await;
}

/// Pays, then lends and cancels, one way or the other, at the same moment. Whether it was lent.
async fn race(client: &Client, n: usize) -> bool {
    let (number, item) = (format!("r{n}"), format!("i{n}"));
    registered(client, &item).await;
    confirmed(client, &number, &item).await;
    paid(client, &number).await;
    let cancel = if n.is_multiple_of(2) { "cancel" } else { "cancel-payment" };
    let (lent, cancelled) =
        tokio::join!(hand(client, &item, "lend", &number), ask(client, &number, cancel));
    let is_lent = lent.status == StatusCode::OK;
    assert_eq!(cancelled.status == StatusCode::OK, !is_lent, "{lent:?} {cancelled:?}");
    match is_lent {
        true => is(&cancelled, StatusCode::CONFLICT, "already-lent"),
        false => assert_eq!(lent.status, StatusCode::CONFLICT, "{lent:?}"),
    }
    let (field, word) = match is_lent {
        true => ("rentalStatus", "Renting"),
        false => ("paymentStatus", "Refunded"),
    };
    shows(client, &number, field, word).await;
    is_lent
}

#[tokio::test]
async fn killed_amid_payments_each_is_paid_or_given_back_once() {
    let gateway =
        Gateway::start(&["--latency", "0..20ms", "--hang", "0.05", "--fail", "0.1"]).await;
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("PAYMENT_URL", gateway.url.clone());
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    let numbers: Vec<_> = (0..80).map(|n| n.to_string()).collect();
    join_all(numbers.iter().map(async |n| {
        registered(&client, n).await;
        confirmed(&client, n, n).await;
    }))
    .await;

    let (answered, mut answers) = tokio::sync::watch::channel(0);
    let post = |client: &Client, number: &str, what: &str| {
        let path = format!("/market/reservations/{number}/{what}");
        try_answer(client.request(Method::POST, &path).json(&json!({})))
    };
    let payments = stream::iter(&numbers).map(|number| {
        let (client, answered) = (client.clone(), &answered);
        async move {
            let paid = post(&client, number, "pay").await;
            let is_paid = paid.is_ok_and(|paid| paid.status == StatusCode::OK);
            if is_paid && number.ends_with(['0', '3', '6']) {
                // Killed or not, the answer is looked for afterwards.
                let _ = post(&client, number, "cancel").await;
            }
            if is_paid && number.ends_with(['1', '4']) {
                let _ = post(&client, number, "cancel-payment").await;
            }
            answered.send_modify(|count| *count += 1);
        }
    });
    let killing = async {
        answers.wait_for(|&count| count >= 30).await.unwrap();
        service.kill().await;
    };
    tokio::join!(payments.buffer_unordered(16).collect::<Vec<_>>(), killing);

    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    money_fits(&client, &gateway).await;
    views_fit_the_log(&environment).await;
}

/// Waits until what the gateway holds is what the payments say.
async fn money_fits(client: &Client, gateway: &Gateway) {
    let held = |charges: &BTreeMap<String, Value>, number: &str| {
        let of = |key: &str| {
            let key = key.strip_prefix("market-").unwrap();
            key.split(':').next().unwrap() == number
        };
        let kept = |one: &Value| one["status"] == "approved" && one["refunded"] != true;
        charges.iter().filter(|(key, one)| of(key) && kept(one)).count()
    };
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(100);
    loop {
        let payments = client.get("/market/payments?limit=1000").await.body;
        let payments = payments.as_array().cloned().unwrap();
        let charges = gateway.charges().await;
        let open = payments.iter().filter(|one| {
            let under_way = one["approvedAt"].is_null() && one["failedAt"].is_null();
            let paid = usize::from(one["paymentStatus"] == "Paid");
            under_way || held(&charges, one["reservationNo"].as_str().unwrap()) != paid
        });
        let open: Vec<_> = open.collect();
        if open.is_empty() {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "money does not fit: {open:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_renter_is_told_of_each_step_by_text_message() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    rented_once(client, "r1", "i1").await;
    let told = |answer: &Answer| {
        let rows = answer.body.as_array().cloned().unwrap_or_default();
        let texts: Vec<_> = rows.iter().filter_map(|row| row["text"].as_str()).collect();
        let wanted = [
            "예약 신청을",
            "예약이 확정",
            "100원 결제가",
            "대여가 시작",
            "반납이 완료",
            "리뷰를 남겨",
        ];
        wanted.iter().all(|wanted| texts.iter().filter(|text| text.contains(wanted)).count() == 1)
    };
    client.until("/notices?channel=sms", "told", told).await;
}

#[tokio::test]
async fn a_reservations_timeline_tells_of_its_payment_and_review_without_names() {
    let house = House::open().await;
    let client = &house.client;
    registered(client, "i1").await;
    rented_once(client, "r1", "i1").await;
    let all = |answer: &Answer| {
        let rows = answer.body.as_array().cloned().unwrap_or_default();
        let types: Vec<_> = rows.iter().filter_map(|row| row["type"].as_str()).collect();
        let wanted = ["market.Reserved", "market.PaymentApproved", "market.ReviewRequested"];
        wanted.iter().all(|wanted| types.contains(wanted))
    };
    let timeline = client.until("/market/reservations/r1/timeline", "all of it", all).await;
    assert!(!timeline.body.to_string().contains("YoungEunSong"), "{timeline:?}");
}
