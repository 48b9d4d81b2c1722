//! All five walkthroughs, as a user plays them.

use crate::{
    service::{Service, run},
    town::Town,
};
use std::collections::BTreeMap;
use support::stand_in::StandIn;
use tempfile::TempDir;

#[tokio::test]
async fn are_played_as_written_and_again() {
    let town = Town::open().await;
    for _ in 0..2 {
        town.run(&["demo", "--url", &town.service.url]).await;
    }
}

#[tokio::test]
async fn are_the_same_with_the_log_on_eventstoredb() {
    let stand_in = StandIn::start().await;
    let town = Town::open_with(&[("EVENTSTORE_URL", stand_in.url())], &[]).await;
    town.run(&["demo", "--url", &town.service.url]).await;
}

#[tokio::test]
async fn are_played_with_nothing_configured() {
    let files = TempDir::new().unwrap();
    let environment = BTreeMap::from([
        ("JANGTEO_LISTEN", "127.0.0.1:0".to_owned()),
        ("JANGTEO_DATA_DIR", files.path().display().to_string()),
    ]);
    for _ in 0..2 {
        let service = Service::start(&environment).await;
        let (code, printed) = run(&environment, &["demo", "--url", &service.url]).await;
        assert_eq!(code, 0, "{printed}");
        assert_eq!(service.terminate().await, Some(0));
    }
}
