//! Who may do what: every role at every route, let in where the table says so and refused elsewhere.

use crate::{
    client::{Answer, answer},
    contract::operations,
    description::example,
    town::Town,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::{fs, path::Path};

const ROLES: [&str; 6] = ["customer", "store", "kitchen", "courier", "manager", "operator"];

#[tokio::test]
async fn every_role_is_let_in_where_the_table_says_so_and_nowhere_else() {
    let secret = "rights-are-tried-with-this-secret-0001".to_owned();
    let town = Town::open_with(&[("JANGTEO_AUTH_SECRETS", secret)], &[]).await;
    let mut tokens = vec![];
    for role in ROLES {
        let printed = town.run(&["token", "--sub", "min", "--role", role]).await;
        tokens.push((role, printed.trim().to_owned()));
    }
    for (path, method, operation) in operations().filter(|(path, ..)| !path.ends_with("/live")) {
        let send = |token: Option<&str>| {
            let request = example(&town, path, &method, operation);
            answer(match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            })
        };
        let roles = operation["x-roles"].as_array();
        let stranger = send(None).await;
        let is_refused = stranger.status == StatusCode::UNAUTHORIZED;
        assert_eq!(is_refused, roles.is_some(), "{method} {path} without a token: {stranger:?}");
        for (role, token) in &tokens {
            let may = roles.is_none_or(|roles| roles.iter().any(|one| one == role));
            let sent = send(Some(token)).await;
            assert_eq!(is_let_in(&sent), may, "{method} {path} as {role}: {sent:?}");
        }
    }
}

/// What is asked of something may still be refused, by its own rules.
fn is_let_in(answer: &Answer) -> bool {
    match answer.status {
        StatusCode::UNAUTHORIZED => false,
        StatusCode::FORBIDDEN => answer.body["code"] != "forbidden",
        _ => true,
    }
}

#[tokio::test]
async fn the_table_that_is_written_down_is_the_one_in_force() {
    let town = Town::open().await;
    let printed = town.run(&["openapi", "--rights"]).await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/security.md");
    let text = fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once("<!-- rights:begin -->\n").expect("where the table begins");
    let (written, _) = rest.split_once("<!-- rights:end -->").expect("where the table ends");
    let next = "the table of docs/security.md is what `jangteo openapi --rights` prints";
    assert!(written.trim() == printed.trim(), "{next}:\n{printed}");
}

/// A few that matter, so that not all of it comes from one place.
#[test]
fn the_table_is_as_the_business_wants_it() {
    for (method, path, roles) in [
        (Method::GET, "/cafe/menu", "customer store kitchen courier manager operator"),
        (Method::PUT, "/cafe/menu/{product}", "store manager operator"),
        (Method::POST, "/cafe/orders", "customer store manager operator"),
        (Method::GET, "/cafe/tickets", "store kitchen manager operator"),
        (Method::POST, "/market/items", "manager operator"),
        (Method::POST, "/market/reservations", "customer manager operator"),
        (Method::POST, "/rental/shipments/{orderId}/deliver", "courier manager operator"),
        (Method::POST, "/restaurant/cooks/{orderId}/complete", "kitchen manager operator"),
        (Method::GET, "/warehouse/stock", "store manager operator"),
        (Method::GET, "/notices", "operator"),
        (Method::GET, "/metrics", "operator"),
    ] {
        let (.., operation) =
            operations().find(|(at, of, _)| *at == path && *of == method).unwrap();
        let named = operation["x-roles"].as_array().unwrap().iter().filter_map(Value::as_str);
        assert_eq!(named.collect::<Vec<_>>().join(" "), roles, "{method} {path}");
    }
}
