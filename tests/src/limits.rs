//! What a client may take: time, connections, and the form of its requests.

use crate::{
    cafe::{Cafe, coffee},
    wire::Wire,
};
use reqwest::StatusCode;
use std::{future::Future, time::Duration};
use tokio::time::{Instant, sleep};

/// The key of the service, where one is asked for.
const KEY: &str = "0123456789abcdef0123456789abcdef";

const MENU: &str = "GET /cafe/menu HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// With times that a test can wait for.
async fn hasty(more: &[(&'static str, String)]) -> Cafe {
    let mut variables = vec![
        ("JANGTEO_HEADER_TIMEOUT", "1s".to_owned()),
        ("JANGTEO_IDLE_TIMEOUT", "4s".to_owned()),
        ("JANGTEO_WRITE_TIMEOUT", "1s".to_owned()),
    ];
    variables.extend_from_slice(more);
    Cafe::open_with(&variables).await
}

fn order(id: &str, framing: &str) -> String {
    format!(
        "POST /cafe/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{framing}\r\n\r\n{}",
        coffee(id)
    )
}

fn framed(id: &str) -> String {
    order(id, &format!("Content-Length: {}", coffee(id).to_string().len()))
}

fn is_about(took: Duration, seconds: u64) -> bool {
    let [least, most] = [seconds * 900, seconds * 1000 + 2000].map(Duration::from_millis);
    (least..most).contains(&took)
}

/// Asks again until it is so, for a bounded time.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let cafe = hasty(&[]).await;
    let mut silent = Wire::connect(&cafe.service.url).await;
    let mut slow = Wire::connected(&cafe.service.url, "GET /cafe/menu HTTP/1.1\r\nHost:").await;
    let (silent, slow) = tokio::join!(silent.closed(), slow.closed());
    assert!(is_about(silent.0, 1) && is_about(slow.0, 1), "{silent:?} {slow:?}");

    let mut drips = Wire::connect(&cafe.service.url).await;
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < Duration::from_secs(6) && drips.try_send("G").await {
        sent += 1;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(sent < 40, "{sent} bytes of a head, each in time, were waited for");
}

#[tokio::test]
async fn a_connection_without_requests_is_closed_and_one_with_some_is_kept() {
    let cafe = hasty(&[]).await;
    let mut wire = Wire::connect(&cafe.service.url).await;
    // Beyond the head's time, and beyond the time after which buffers are given up.
    for _ in 0..3 {
        wire.send(MENU).await;
        assert_eq!(wire.answer().await.status, 200);
        sleep(Duration::from_millis(1600)).await;
    }
    wire.send(MENU).await;
    assert_eq!(wire.answer().await.status, 200);
    let (took, _) = wire.closed().await;
    assert!(is_about(took, 4), "{took:?}");
}

#[tokio::test]
async fn a_request_that_was_begun_before_the_connection_rested_is_answered() {
    let cafe = Cafe::open().await;
    let mut wire = Wire::connect(&cafe.service.url).await;
    let (begin, rest) = MENU.split_at(20);
    wire.send(&format!("{MENU}{begin}")).await;
    assert_eq!(wire.answer().await.status, 200);
    sleep(Duration::from_millis(2500)).await;
    wire.send(rest).await;
    assert_eq!(wire.answer().await.status, 200);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_who_reads_slowly_is_not() {
    let cafe = hasty(&[]).await;
    let document = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = {
        let mut wire = Wire::connected(&cafe.service.url, document).await;
        wire.answer().await.body.len()
    };
    // More than the system buffers for both sides.
    let asked = 16 * 1024 * 1024 / length;
    let mut stuck = Wire::narrow(&cafe.service.url).await;
    stuck.send(&document.repeat(asked)).await;
    sleep(Duration::from_secs(4)).await;
    let (_, read) = stuck.closed().await;
    assert!(read < asked * length, "{read} bytes were kept for somebody who did not read");

    let mut slow = Wire::narrow(&cafe.service.url).await;
    slow.send(&document.repeat(20)).await;
    for _ in 0..20 {
        assert_eq!(slow.answer().await.body.len(), length);
        sleep(Duration::from_millis(150)).await;
    }
}

#[tokio::test]
async fn who_listens_to_a_view_and_does_not_read_is_cut_off_and_others_are_not() {
    let cafe = hasty(&[]).await;
    let listen = "GET /cafe/order-status/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut listens = Wire::connected(&cafe.service.url, listen).await;
    let mut stuck = Wire::narrow(&cafe.service.url).await;
    stuck.send(listen).await;
    assert_eq!((listens.head().await.status, stuck.head().await.status), (200, 200));
    // More than a client's system takes in for it, and far less than ours does.
    for n in 0..100 {
        let placed = cafe.client.post("/cafe/orders", coffee(&format!("o{n}"))).await;
        assert_eq!(placed.status, StatusCode::CREATED);
    }
    sleep(Duration::from_secs(5)).await;
    let (took, _) = stuck.closed().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(listens.hears("o99").await);
}

#[tokio::test]
async fn more_connections_than_allowed_are_told_so_and_those_after_them_are_served() {
    let cafe = Cafe::open_with(&[("JANGTEO_CONNECTION_LIMIT", "4".to_owned())]).await;
    let url = &cafe.service.url;
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut wire = Wire::connected(url, MENU).await;
        assert_eq!(wire.answer().await.status, 200);
        open.push(wire);
    }
    for _ in 0..3 {
        let mut refused = Wire::connected(url, MENU).await;
        let answer = refused.answer().await;
        assert_eq!(answer.status, 503);
        assert!(answer.is_problem("too-many-connections") && answer.says_close(), "{answer:?}");
        assert_eq!(answer.headers["retry-after"], "1");
        refused.closed().await;
    }
    let mut health =
        Wire::connected(url, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(health.answer().await.status, 200);
    // Those who were there first are served all the while.
    open[0].send(MENU).await;
    assert_eq!(open[0].answer().await.status, 200);

    open.pop();
    until("a place is free", || async {
        Wire::connected(url, MENU).await.answer().await.status == 200
    })
    .await;
}

#[tokio::test]
async fn more_connections_than_can_be_told_so_are_closed_and_nobody_waits_for_them() {
    let cafe = Cafe::open_with(&[("JANGTEO_CONNECTION_LIMIT", "1".to_owned())]).await;
    let url = &cafe.service.url;
    let mut first = Wire::connected(url, MENU).await;
    assert_eq!(first.answer().await.status, 200);
    // They say nothing, and take all of the reserve.
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(Wire::connect(url).await);
    }
    let (took, read) = crowd.last_mut().unwrap().closed().await;
    assert!(took < Duration::from_secs(1) && read == 0, "{took:?}, {read} bytes");
    first.send(MENU).await;
    assert_eq!(first.answer().await.status, 200);
    // The reserve's patience is short.
    until("somebody is told again", || async {
        let mut wire = Wire::connect(url).await;
        wire.try_send(MENU).await && wire.closed().await.1 > 0
    })
    .await;
}

#[tokio::test]
async fn requests_may_be_sent_one_after_the_other_without_waiting() {
    let cafe = Cafe::open().await;
    let mut wire = Wire::connect(&cafe.service.url).await;
    let head = "HEAD /cafe/menu HTTP/1.1\r\nHost: localhost\r\n\r\n";
    wire.send(&[MENU, &framed("o1"), head, &framed("o2"), MENU].concat()).await;
    assert_eq!(wire.answer().await.status, 200);
    let placed = wire.answer().await;
    assert!(placed.status == 201 && placed.body.contains("\"o1\""), "{placed:?}");
    let head = wire.head().await;
    assert_eq!(head.status, 200);
    assert!(head.headers["content-length"].parse::<usize>().unwrap() > 0);
    let placed = wire.answer().await;
    assert!(placed.status == 201 && placed.body.contains("\"o2\""), "{placed:?}");
    assert_eq!(wire.answer().await.status, 200);
}

#[tokio::test]
async fn bodies_may_come_in_chunks_and_after_leave_was_given() {
    let cafe = Cafe::open().await;
    let mut wire = Wire::connect(&cafe.service.url).await;
    let body = coffee("o1").to_string();
    let (begin, end) = body.split_at(body.len() / 2);
    wire.send("POST /cafe/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    wire.send(&format!("{:x}\r\n{begin}\r\n", begin.len())).await;
    wire.send(&format!("{:X};a=b\r\n{end}\r\n0\r\n\r\n", end.len())).await;
    assert_eq!(wire.answer().await.status, 201);

    let body = coffee("o2").to_string();
    let length = body.len();
    wire.send(&format!("POST /cafe/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n")).await;
    assert_eq!(wire.head().await.status, 100);
    wire.send(&body).await;
    assert_eq!(wire.answer().await.status, 201);

    // Who would be refused anyway need not send it.
    wire.send("POST /cafe/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n").await;
    let refused = wire.answer().await;
    assert!(refused.status == 413 && refused.is_problem("too-large"), "{refused:?}");
    wire.closed().await;
}

#[tokio::test]
async fn what_is_no_request_gets_a_problem_document_and_the_connection_is_closed() {
    let cafe = Cafe::open().await;
    let too_long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(100_000));
    let too_large = format!("GET /cafe/menu HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(3_000_000));
    let too_many = format!("GET /cafe/menu HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for (sent, status, code) in [
        ("nonsense\r\n\r\n", 400, "malformed"),
        ("GET\r\n\r\n", 400, "malformed"),
        ("GET /cafe/menu\r\n\r\n", 400, "malformed"),
        ("GET /cafe/menu HTTP/9.9\r\n\r\n", 400, "malformed"),
        ("GET /cafe/menu HTTP/1.1 x\r\n\r\n", 400, "malformed"),
        ("G\0T /cafe/menu HTTP/1.1\r\n\r\n", 400, "malformed"),
        ("GET /cafe/menu HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "malformed"),
        ("GET /cafe/menu HTTP/1.1\r\nX: a\0b\r\n\r\n", 400, "malformed"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0", 400, "malformed"),
        (&too_long, 431, "head-too-large"),
        (&too_large, 431, "head-too-large"),
        (&too_many, 431, "head-too-large"),
    ] {
        let shown = &sent[..sent.len().min(40)];
        let mut wire = Wire::connect(&cafe.service.url).await;
        wire.try_send(sent).await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, status, "{shown:?}: {answer:?}");
        assert!(answer.is_problem(code) && answer.says_close(), "{shown:?}: {answer:?}");
        let (took, rest) = wire.closed().await;
        assert!(took < Duration::from_secs(5) && rest == 0, "{shown:?}: {took:?}, {rest} more");
    }
}

#[tokio::test]
async fn nothing_is_smuggled_behind_a_body_whose_end_is_in_doubt() {
    let cafe = Cafe::open().await;
    let length = coffee("o1").to_string().len();
    for framing in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
        format!("transfer-encoding:chunked\r\nX: y\r\nCONTENT-LENGTH:{length}"),
        format!("Content-Length: {length}\r\nContent-Length: 4"),
        format!("Content-Length: {length}, {length}"),
        format!("Content-Length: +{length}"),
        format!("Content-Length: -1\r\nX: {length}"),
        "Content-Length: 99999999999999999999".to_owned(),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        format!("Transfer-Encoding : chunked\r\nContent-Length: {length}"),
        format!("Content-Length: {length}\r\n Transfer-Encoding: chunked"),
    ] {
        let mut wire = Wire::connect(&cafe.service.url).await;
        let smuggled = framed("smuggled");
        wire.try_send(&format!("{}\r\n{smuggled}", order("o1", &framing))).await;
        let answer = wire.answer().await;
        assert!(answer.status == 400 && answer.is_problem("malformed"), "{framing:?}: {answer:?}");
        assert!(answer.says_close(), "{framing:?}: {answer:?}");
        assert_eq!(wire.closed().await.1, 0, "{framing:?}: something else was answered");
    }
    assert_eq!(cafe.client.get("/cafe/order-status").await.body, serde_json::json!([]));
    // Two lengths that agree are one.
    let twice = order("o2", &format!("Content-Length: {length}\r\nContent-Length: {length}"));
    assert_eq!(Wire::connected(&cafe.service.url, &twice).await.answer().await.status, 201);
}

#[tokio::test]
async fn a_stop_ends_idle_connections_at_once_and_a_request_under_way_with_its_answer() {
    let cafe = Cafe::open().await;
    let url = &cafe.service.url;
    let mut idle = Wire::connected(url, MENU).await;
    assert_eq!(idle.answer().await.status, 200);
    let mut silent = Wire::connect(url).await;
    let body = coffee("o1").to_string();
    let begun = order("o1", &format!("Content-Length: {}\r\nExpect: 100-continue", body.len()));
    let mut sending = Wire::connected(url, begun.trim_end_matches(&body)).await;
    assert_eq!(sending.head().await.status, 100);
    cafe.service.signal("TERM").await;
    let (idle, silent) = tokio::join!(idle.closed(), silent.closed());
    assert!(idle.0.max(silent.0) < Duration::from_secs(1), "{idle:?} {silent:?}");
    sending.send(&body).await;
    let answer = sending.answer().await;
    assert!(answer.status == 201 && answer.says_close(), "{answer:?}");
    sending.closed().await;
    assert_eq!(cafe.service.ended().await, Some(0));
}

#[tokio::test]
async fn a_client_that_keeps_asking_is_told_that_its_connection_ends_with_the_service() {
    let cafe = Cafe::open().await;
    let mut answered = 0;
    while let Ok(answer) = cafe.client.try_get("/cafe/menu").await {
        assert_eq!(answer.status, StatusCode::OK);
        answered += 1;
        if answered == 20 {
            cafe.service.signal("TERM").await;
        }
    }
    assert!(answered >= 20, "{answered}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_and_changes_nothing() {
    let cafe = hasty(&[("JANGTEO_BODY_TIMEOUT", "3s".to_owned())]).await;
    let whole = framed("o1");
    let (begin, rest) = whole.split_at(whole.len() - 20);
    let mut stalls = Wire::connected(&cafe.service.url, begin).await;
    let mut drips = Wire::connected(&cafe.service.url, begin).await;
    let began = Instant::now();
    let stalled = async {
        let answer = stalls.answer().await;
        (answer, began.elapsed(), stalls.closed().await.1)
    };
    let dripped = async {
        for byte in rest.split("").take(19) {
            if !drips.try_send(byte).await || began.elapsed() > Duration::from_secs(3) {
                break;
            }
            sleep(Duration::from_millis(300)).await;
        }
        (drips.answer().await, began.elapsed(), drips.closed().await.1)
    };
    let (stalled, dripped) = tokio::join!(stalled, dripped);
    for ((answer, took, rest), seconds) in [(stalled, 1), (dripped, 3)] {
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(answer.is_problem("too-slow") && answer.says_close(), "{answer:?}");
        assert!(is_about(took, seconds) && rest == 0, "{took:?}, {rest} bytes more");
    }
    assert_eq!(cafe.client.get("/cafe/order-status").await.body, serde_json::json!([]));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_however_it_comes() {
    let cafe = Cafe::open().await;
    let large = "x".repeat(300 * 1024);
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let [known, unknown] =
        [format!("Content-Length: {}", large.len()), "Transfer-Encoding: chunked".to_owned()];
    for (framing, body) in [(known, &large), (unknown, &chunk)] {
        let mut wire = Wire::connect(&cafe.service.url).await;
        wire.send(&format!("POST /cafe/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{framing}\r\n\r\n")).await;
        wire.send(body).await;
        let answer = wire.answer().await;
        assert!(answer.status == 413 && answer.is_problem("too-large"), "{framing}: {answer:?}");
        // All of it was read, so the connection can go on.
        wire.send(MENU).await;
        assert_eq!(wire.answer().await.status, 200, "{framing}");
    }
}

#[tokio::test]
async fn who_asks_too_often_is_refused_until_a_moment_later_but_always_told_of_health() {
    let cafe = Cafe::open_with(&[
        ("JANGTEO_AUTH_KEY", KEY.to_owned()),
        ("JANGTEO_RATE_LIMIT", "1:3".to_owned()),
    ])
    .await;
    let ask = menu_with(KEY);
    let health = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut wire = Wire::connect(&cafe.service.url).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        wire.send(&ask).await;
        let answer = wire.answer().await;
        statuses.push(answer.status);
        if answer.status != 200 {
            assert!(answer.status == 429 && answer.is_problem("too-many-requests"), "{answer:?}");
            assert_eq!(answer.headers["retry-after"], "1");
        }
        wire.send(health).await;
        assert_eq!(wire.answer().await.status, 200);
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    sleep(Duration::from_millis(1100)).await;
    wire.send(&ask).await;
    assert_eq!(wire.answer().await.status, 200);
}

/// A key of its own for each.
async fn api_key(cafe: &Cafe, name: &str) -> String {
    let (code, printed) = cafe.run(&["key", "create", "--name", name, "--role", "customer"]).await;
    assert_eq!(code, 0, "{printed}");
    printed.lines().find(|line| line.starts_with("jt_")).unwrap().to_owned()
}

fn menu_with(token: &str) -> String {
    format!("GET /cafe/menu HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
}

#[tokio::test]
async fn one_who_asks_too_often_takes_nothing_from_another_at_the_same_address() {
    let cafe = Cafe::open_with(&[
        ("JANGTEO_AUTH_KEY", KEY.to_owned()),
        ("JANGTEO_RATE_LIMIT", "1:3".to_owned()),
    ])
    .await;
    let (greedy, modest) = (api_key(&cafe, "greedy").await, api_key(&cafe, "modest").await);
    let mut wire = Wire::connect(&cafe.service.url).await;
    let mut refused = 0;
    for _ in 0..10 {
        wire.send(&menu_with(&greedy)).await;
        refused += usize::from(wire.answer().await.status == 429);
    }
    assert!(refused > 0);
    for token in [&modest, KEY] {
        wire.send(&menu_with(token)).await;
        assert_eq!(wire.answer().await.status, 200);
    }
}

#[tokio::test]
async fn who_tries_many_keys_is_not_listened_to_and_known_keys_open_all_the_same() {
    let cafe = Cafe::open_with(&[("JANGTEO_AUTH_KEY", KEY.to_owned())]).await;
    let new = api_key(&cafe, "new").await;
    let mut wire = Wire::connect(&cafe.service.url).await;
    let mut statuses = Vec::new();
    for n in 0..13 {
        wire.send(&menu_with(&format!("guess-{n}"))).await;
        let answer = wire.answer().await;
        statuses.push(answer.status);
        if answer.status == 429 {
            assert!(answer.is_problem("too-many-failed-logins"), "{answer:?}");
            assert!(answer.headers["retry-after"].parse::<u32>().unwrap() <= 6, "{answer:?}");
        }
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[12], 429, "{statuses:?}");
    // One more that is right and was never seen is not looked at either.
    wire.send(&menu_with(&new)).await;
    assert_eq!(wire.answer().await.status, 429);
    wire.send(&menu_with(KEY)).await;
    assert_eq!(wire.answer().await.status, 200);
    until("the new key is looked at", || async {
        Wire::connected(&cafe.service.url, &menu_with(&new)).await.answer().await.status == 200
    })
    .await;
}
