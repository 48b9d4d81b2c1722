use super::{
    ledger::Answer,
    once::{is_final, still_running},
    *,
};
use axum::http::StatusCode;

fn print(method: Method, path: &str, body: &'static str) -> Uuid {
    fingerprint(&method, path, &Bytes::from_static(body.as_bytes()))
}

#[test]
fn a_fingerprint_is_of_method_path_and_body() {
    let one = print(Method::POST, "/cafe/orders", "{}");
    assert_eq!(one, print(Method::POST, "/cafe/orders", "{}"));
    for other in [
        print(Method::PUT, "/cafe/orders", "{}"),
        print(Method::POST, "/cafe/orders?a=1", "{}"),
        print(Method::POST, "/cafe/orders", "{ }"),
        print(Method::POST, "/cafe/orders{}", ""),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn a_command_id_is_of_caller_key_and_request() {
    let id = |caller: &str, key: &str, request| {
        let (caller, key) = (caller.to_owned(), key.to_owned());
        command_id(&Keyed { slot: Slot { caller, key }, fingerprint: Uuid::from_u128(request) })
    };
    let one = id("local", "a", 1);
    assert_eq!(one.to_string(), "232219fc-ad4c-54c9-9611-1154c6978c58");
    for other in [id("key", "a", 1), id("local", "b", 1), id("local", "a", 2)] {
        assert_ne!(one, other);
    }
}

#[test]
fn a_key_is_short_printable_and_there_once() {
    let of = |values: &[&[u8]]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, axum::http::HeaderValue::from_bytes(value).unwrap());
        }
        key_of(&headers).map_err(|problem| problem.status().as_u16())
    };
    assert_eq!(of(&[]), Ok(None));
    assert_eq!(of(&[b"order 1"]), Ok(Some("order 1".to_owned())));
    assert_eq!(of(&[&[b'x'; 255]]).map(|key| key.map(|key| key.len())), Ok(Some(255)));
    for wrong in [
        vec![&b""[..]],
        vec![&[b'x'; 256][..]],
        vec!["열쇠".as_bytes()],
        vec![b"a\tb"],
        vec![b"a", b"a"],
    ] {
        assert_eq!(of(&wrong), Err(400));
    }
}

#[test]
fn only_an_answer_that_a_repeat_cannot_better_is_kept() {
    let answer = |problem: Problem| Answer {
        status: problem.status(),
        headers: problem.into_response().headers().clone(),
        body: Bytes::new(),
    };
    assert!(is_final(&answer(Problem::unknown("unknown-order", "none"))));
    assert!(is_final(&answer(Problem::new(StatusCode::CONFLICT, "already-received", "so"))));
    assert!(!is_final(&answer(still_running())));
    assert!(!is_final(&answer(Problem::internal())));
}
