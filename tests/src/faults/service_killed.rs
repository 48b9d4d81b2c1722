//! The processes that do everything are killed, and started again.

use super::{
    is_well_again,
    load::Load,
    scene::{Scene, free_address},
};
use crate::{
    cafe::coffee,
    client::Client,
    service::{Place, Service},
};
use reqwest::StatusCode;
use std::collections::VecDeque;
use tokio::time::Instant;

#[tokio::test]
async fn what_it_acknowledged_is_there_once_and_what_it_began_comes_to_its_end() {
    let scene = Scene::open().await;
    let address = free_address();
    let mut process = scene.start_at(address).await;
    let load = Load::start(&[&process.service.url]).await;
    for _ in 0..2 {
        load.goes_on(150).await;
        process.service.kill().await;
        process = scene.start_at(address).await;
        is_well_again(&process.client, Instant::now()).await;
    }
    load.goes_on(100).await;
    scene.holds(&load.end().await, &process.client).await;
}

/// Two on one database, each killed in turn: their clients go to the other with the same key.
#[tokio::test]
async fn whoever_asks_the_other_with_the_same_key_has_one_effect() {
    let scene = Scene::open().await;
    let mut processes = VecDeque::new();
    for address in [free_address(), free_address()] {
        processes.push_back((address, scene.start_at(address).await));
    }
    let load = Load::start(&[&processes[0].1.service.url, &processes[1].1.service.url]).await;
    for _ in 0..2 {
        load.goes_on(100).await;
        let (address, killed) = processes.pop_front().expect("two");
        killed.service.kill().await;
        load.goes_on(50).await;
        let started = scene.start_at(address).await;
        is_well_again(&started.client, Instant::now()).await;
        processes.push_back((address, started));
    }
    scene.holds(&load.end().await, &processes[0].1.client).await;
}

#[tokio::test]
async fn asked_to_end_it_ends_and_loses_nothing() {
    let place = Place::new().await;
    let environment = place.environment();
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    assert_eq!(client.post("/cafe/orders", coffee("o1")).await.status, StatusCode::CREATED);
    assert_eq!(service.terminate().await, Some(0));
    let service = Service::start(&environment).await;
    let client = Client::new(&service.url);
    client.becomes("/cafe/tickets/o1", "status", "order_get").await;
}
