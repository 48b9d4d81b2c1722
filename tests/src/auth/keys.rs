//! Keys for machines: made, used and revoked.

use super::{get, guarded, post, token};
use crate::{
    cafe::coffee,
    live::listening::Listening,
    service::{Place, Service, run},
    town::Town,
};
use reqwest::StatusCode;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PATH: &str = "/cafe/tickets";

async fn created(town: &Town, arguments: &[&str]) -> String {
    let printed = town.run(&[&["key", "create"], arguments].concat()).await;
    printed.lines().find(|line| line.starts_with("jt_")).expect("a key").to_owned()
}

#[tokio::test]
async fn a_key_opens_what_its_role_may_until_it_is_revoked() {
    let town = guarded(&[]).await;
    let key = created(&town, &["--name", "till-1", "--role", "store"]).await;
    assert_eq!(get(&town, PATH, &key).await.status, StatusCode::OK);
    assert_eq!(get(&town, "/metrics", &key).await.status, StatusCode::FORBIDDEN);
    let placed = post(&town, "/cafe/orders", &key, coffee("o1")).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    let told = town.run(&["stream", "cafe.order-o1"]).await;
    assert!(!told.contains(&key), "{told}");
    let other = format!("{}A", &key[..key.len() - 1]);
    let other = if other == key { format!("{}E", &key[..key.len() - 1]) } else { other };
    assert_eq!(get(&town, PATH, &other).await.status, StatusCode::UNAUTHORIZED);

    let listed = town.run(&["key", "list"]).await;
    assert!(listed.contains("till-1 store:till-1 created ") && !listed.contains("used never"));
    assert!(!listed.contains(&key[3..]), "{listed}");
    only_its_hash_is_stored(&town, &key).await;

    town.run(&["key", "revoke", "till-1"]).await;
    let revoked = Instant::now();
    while get(&town, PATH, &key).await.status != StatusCode::UNAUTHORIZED {
        assert!(revoked.elapsed() < Duration::from_secs(5), "still believed");
        sleep(Duration::from_millis(50)).await;
    }
    let listed = town.run(&["key", "list"]).await;
    assert!(listed.contains(" revoked "), "{listed}");
}

async fn only_its_hash_is_stored(town: &Town, key: &str) {
    let client = town.database().client().await;
    let select = "select row_to_json(keys)::text as row, \
                  encode(hash, 'hex') = encode(sha256($1::text::bytea), 'hex') as is_hash from api.keys keys";
    let rows = client.query(select, &[&key]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let row: String = rows[0].get("row");
    assert!(rows[0].get::<_, bool>("is_hash"), "{row}");
    assert!(!row.contains(&key[3..]), "{row}");
}

#[tokio::test]
async fn a_name_is_in_use_once() {
    let town = guarded(&[]).await;
    let create = ["key", "create", "--name", "till-1", "--role", "store", "--sub", "minji"];
    let first = created(&town, &create[2..]).await;
    let refused = async |arguments: &[&str]| {
        let (code, told) = run(&town.environment, arguments).await;
        assert_eq!(code, 1, "{told}");
        told
    };
    assert!(refused(&create).await.contains("there is a key named till-1 already"));
    town.run(&["key", "revoke", "till-1"]).await;
    let second = created(&town, &create[2..]).await;
    assert_ne!(first, second);
    assert_eq!(get(&town, PATH, &second).await.status, StatusCode::OK);
    assert!(refused(&["key", "revoke", "till-2"]).await.contains("no key in use"));
    let boss = ["key", "create", "--name", "till-3", "--role", "boss"];
    assert!(refused(&boss).await.contains("The roles are customer"));
    assert!(town.run(&["key", "list"]).await.contains("till-1 store:minji "));
}

#[tokio::test]
async fn they_may_be_the_only_means_or_none() {
    let on = ("JANGTEO_AUTH_API_KEYS", "on".to_owned());
    let town = Town::open_with(&[on], &[]).await;
    assert_eq!(town.client.get(PATH).await.status, StatusCode::UNAUTHORIZED);
    let key = created(&town, &["--name", "ops", "--role", "operator"]).await;
    assert_eq!(get(&town, "/metrics", &key).await.status, StatusCode::OK);

    let town = guarded(&[("JANGTEO_AUTH_API_KEYS", "off".to_owned())]).await;
    let key = created(&town, &["--name", "ops", "--role", "operator"]).await;
    assert_eq!(get(&town, "/metrics", &key).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&town, "/metrics", &token("operator", "op")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_beyond_this_machine_is_served_without_a_means() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.insert("JANGTEO_LISTEN", "0.0.0.0:0".to_owned());
    let (code, told) = run(&environment, &["serve"]).await;
    assert!(code == 1 && told.contains("JANGTEO_AUTH_KEY"), "{told}");
    environment.insert("JANGTEO_AUTH_API_KEYS", "on".to_owned());
    let service = Service::start(&environment).await;
    assert_eq!(service.terminate().await, Some(0));
}

#[tokio::test]
async fn a_stream_ends_with_the_key_that_opened_it() {
    let town = guarded(&[]).await;
    let key = created(&town, &["--name", "till-1", "--role", "store"]).await;
    let mut orders =
        Listening::with(&town.client, "/cafe/order-status/live", "orderId", &key).await;
    town.run(&["key", "revoke", "till-1"]).await;
    assert_eq!(orders.next().await, None);
    let again = get(&town, "/cafe/order-status/live", &key).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}
