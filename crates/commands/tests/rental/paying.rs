//! The fee: charged once, whatever the gateway does, and given back once.

use crate::world::{Mood, World, eventually, id, meta, qty, ten};
use commands::reactor::Reactive;
use domain::rental::{bill, order, policies::Ask, shipment};
use std::collections::BTreeMap;

const BILL: &str = "rental.bill-o1";

fn refunded(world: &World) -> BTreeMap<String, i64> {
    world.gateway.refunded()
}

fn once() -> BTreeMap<String, i64> {
    BTreeMap::from([("rental-o1".to_owned(), 10)])
}

/// Rented, with the fee asked for and the gateway not asked yet.
async fn asked_for() -> World {
    let world = World::new().await;
    world.rental.request(ten("o1"), &meta(1)).await.unwrap();
    let charge = bill::Command::Charge {
        amount: domain::Won::new(10).unwrap(),
        product_id: id("2"),
        qty: qty(10),
    };
    world.rental.bill(&id("o1"), charge, &meta(2)).await.unwrap();
    world
}

async fn perform(world: &World, ask: Ask, command: u128) -> bool {
    world.rental.perform(&ask, &meta(command)).await.is_ok()
}

fn collect() -> Ask {
    Ask::Collect { order: id("o1") }
}

#[tokio::test]
async fn a_gateway_that_is_gone_is_asked_again_and_charges_once() {
    let world = asked_for().await;
    world.gateway.becomes(Mood::Gone);
    assert!(!perform(&world, collect(), 3).await);
    assert_eq!(world.types(BILL).await, ["FeeRequested"]);
    world.gateway.becomes(Mood::Well);
    assert!(perform(&world, collect(), 3).await);
    assert!(perform(&world, collect(), 3).await);
    assert_eq!(world.types(BILL).await, ["FeeRequested", "FeeReceived"]);
    assert_eq!(world.gateway.charged(), ["rental-o1"]);
    assert!(refunded(&world).is_empty());
}

#[tokio::test]
async fn a_charge_nobody_heard_of_is_found() {
    let world = asked_for().await;
    world.gateway.becomes(Mood::Mute);
    assert!(!perform(&world, collect(), 3).await);
    world.gateway.becomes(Mood::Well);
    assert!(perform(&world, collect(), 3).await);
    assert_eq!(world.types(BILL).await, ["FeeRequested", "FeeReceived"]);
    assert_eq!(world.gateway.charged(), ["rental-o1"]);
}

#[tokio::test]
async fn a_charge_that_surfaces_after_the_cancellation_is_given_back_once() {
    for late in [collect(), Ask::WatchLateCharge { order: id("o1") }] {
        let world = asked_for().await;
        world.gateway.becomes(Mood::Mute);
        assert!(!perform(&world, collect(), 3).await);
        world.rental.bill(&id("o1"), bill::Command::Refund, &meta(4)).await.unwrap();
        world.gateway.becomes(Mood::Well);
        assert!(perform(&world, late.clone(), 3).await);
        assert!(perform(&world, late, 3).await);
        let expected = ["FeeRequested", "FeeCancelled", "FeeRefundCompleted"];
        assert_eq!(world.types(BILL).await, expected);
        assert_eq!(refunded(&world), once());
    }
}

#[tokio::test]
async fn a_fee_that_was_never_charged_is_not_given_back() {
    let world = asked_for().await;
    world.rental.bill(&id("o1"), bill::Command::Refund, &meta(3)).await.unwrap();
    assert!(perform(&world, collect(), 4).await);
    assert!(perform(&world, Ask::WatchLateCharge { order: id("o1") }, 5).await);
    assert_eq!(world.types(BILL).await, ["FeeRequested", "FeeCancelled"]);
    assert!(world.gateway.charged().is_empty() && refunded(&world).is_empty());
}

#[tokio::test]
async fn a_declined_fee_cancels_the_order_and_releases_the_stock() {
    let world = World::new().await;
    world.gateway.becomes(Mood::Declines);
    let running = world.start();
    world.rental.request(ten("o1"), &meta(1)).await.unwrap();
    world.becomes("rental.order-o1", "RentalCancellationOccured").await;
    world.free(100).await;
    assert_eq!(world.types(BILL).await, ["FeeRequested", "FeeDeclined"]);
    assert_eq!(world.types("rental.shipment-o1").await, ["DeliveryStopped"]);
    assert!(refunded(&world).is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_refund_waits_for_the_gateway_and_happens_once() {
    let world = World::new().await;
    let running = world.start();
    world.rental.request(ten("o1"), &meta(1)).await.unwrap();
    world.becomes("rental.shipment-o1", "DeliveryStarted").await;
    world.gateway.becomes(Mood::Gone);
    world.rental.order(&id("o1"), order::Command::Cancel, &meta(2)).await.unwrap();
    world.becomes("rental.shipment-o1", "RetrieveStarted").await;
    world.becomes(BILL, "RefundRequested").await;
    assert!(refunded(&world).is_empty());
    world.gateway.becomes(Mood::Well);
    world.becomes(BILL, "FeeRefundCompleted").await;
    assert_eq!(refunded(&world), once());
    // Cancelling again is already so.
    world.rental.order(&id("o1"), order::Command::Cancel, &meta(3)).await.unwrap();
    let retrieved = shipment::Command::CompleteRetrieval;
    world.rental.shipment(&id("o1"), retrieved, &meta(4)).await.unwrap();
    world.free(100).await;
    eventually("one refund", async || refunded(&world) == once()).await;
    running.stop().await;
}
