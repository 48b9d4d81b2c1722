//! What was delivered is in stock when the delivery is answered, and soon after a crash.

use crate::world::{World, id, meta, qty};
use commands::{
    Error,
    warehouse::{Deliver, Warehouse},
};
use domain::{
    shared::Name,
    warehouse::{delivery, stock_item},
};

fn warehouse(world: &World) -> Warehouse {
    Warehouse::new(world.log.clone(), world.clock.clone(), world.parts.clone())
}

fn tv() -> Name {
    Name::new("TV").unwrap()
}

fn deliver(delivery: &str) -> Deliver {
    Deliver {
        delivery_id: Some(id(delivery)),
        product: tv(),
        qty: qty(10),
        customer_id: Some(id("c1")),
    }
}

fn request() -> delivery::Command {
    delivery::Command::RequestDelivery { product: tv(), qty: qty(10), customer_id: Some(id("c1")) }
}

fn stock_in() -> stock_item::Command {
    stock_item::Command::StockIn {
        delivery_id: id("d1"),
        qty: qty(10),
        customer_id: Some(id("c1")),
    }
}

/// One delivery is one lot, and delivered.
async fn is_complete(world: &World) {
    assert_eq!(world.types("warehouse.delivery-d1").await, ["DeliveryRequested", "Delivered"]);
    assert_eq!(world.types("warehouse.stock_item-TV").await, ["InStock"]);
}

#[tokio::test]
async fn a_delivery_is_in_stock_when_it_is_answered() {
    let world = World::new().await;
    let warehouse = warehouse(&world);
    let (delivery, done) = warehouse.deliver(deliver("d1"), &meta(1)).await.unwrap();
    assert_eq!(delivery, id("d1"));
    assert!(done.state.delivered());
    assert_eq!(warehouse.load_stock(&tv()).await.unwrap().state.on_hand(), 10);
    is_complete(&world).await;
    world.settle(&warehouse).await;
    is_complete(&world).await;
}

#[tokio::test]
async fn the_same_delivery_again_is_in_stock_once() {
    let world = World::new().await;
    let warehouse = warehouse(&world);
    for command in [1, 1, 2] {
        warehouse.deliver(deliver("d1"), &meta(command)).await.unwrap();
    }
    is_complete(&world).await;
    world.settle(&warehouse).await;
    world.forget().await;
    world.settle(&self::warehouse(&world)).await;
    is_complete(&world).await;
}

#[tokio::test]
async fn a_crash_before_the_stock_is_made_good() {
    let world = World::new().await;
    let dies = warehouse(&world);
    dies.delivery(&id("d1"), request(), &meta(1)).await.unwrap();
    world.settle(&warehouse(&world)).await;
    is_complete(&world).await;
}

#[tokio::test]
async fn a_crash_after_the_stock_is_made_good() {
    let world = World::new().await;
    let dies = warehouse(&world);
    dies.delivery(&id("d1"), request(), &meta(1)).await.unwrap();
    dies.stock_item(&tv(), stock_in(), &meta(2)).await.unwrap();
    world.settle(&warehouse(&world)).await;
    is_complete(&world).await;
}

#[tokio::test]
async fn whoever_asks_again_after_a_crash_is_answered_when_it_is_in_stock() {
    for command in [1, 3] {
        let world = World::new().await;
        let dies = warehouse(&world);
        dies.delivery(&id("d1"), request(), &meta(1)).await.unwrap();
        let (_, done) = warehouse(&world).deliver(deliver("d1"), &meta(command)).await.unwrap();
        assert!(done.state.delivered());
        is_complete(&world).await;
        world.settle(&warehouse(&world)).await;
        is_complete(&world).await;
    }
}

#[tokio::test]
async fn nothing_is_stored_while_the_stock_is_paused() {
    let world = World::new().await;
    let warehouse = warehouse(&world);
    let running = world.work(&warehouse).await;
    for part in ["warehouse.stock_item", "warehouse.delivery"] {
        world.pause(part).await;
        let refused = warehouse.deliver(deliver("d1"), &meta(1)).await;
        assert!(matches!(refused, Err(Error::PartDown { part: down }) if down == part));
        world.resume(part).await;
    }
    assert!(world.types("warehouse.delivery-d1").await.is_empty());
    warehouse.deliver(deliver("d1"), &meta(1)).await.unwrap();
    running.stop().await;
    is_complete(&world).await;
}

#[tokio::test]
async fn nothing_is_stored_while_nobody_works() {
    let world = World::new().await;
    let warehouse = warehouse(&world);
    world.parts.look(&world.pool).await.unwrap();
    let refused = warehouse.deliver(deliver("d1"), &meta(1)).await;
    assert!(matches!(refused, Err(Error::PartDown { part }) if part == "warehouse.stock_item"));
    assert!(world.types("warehouse.delivery-d1").await.is_empty());
    let running = world.work(&warehouse).await;
    warehouse.deliver(deliver("d1"), &meta(1)).await.unwrap();
    running.stop().await;
    is_complete(&world).await;
}

#[tokio::test]
async fn each_change_is_told_once_to_whom_it_concerns() {
    let world = World::new().await;
    let warehouse = warehouse(&world);
    warehouse.deliver(deliver("d1"), &meta(1)).await.unwrap();
    let nobodys = Deliver { delivery_id: Some(id("d2")), customer_id: None, ..deliver("d2") };
    warehouse.deliver(nobodys, &meta(2)).await.unwrap();
    let command = stock_item::Command::Ship { shipment_id: id("s1"), qty: qty(12), lot: None };
    warehouse.stock_item(&tv(), command, &meta(3)).await.unwrap();
    world.settle(&warehouse).await;
    world.forget().await;
    world.settle(&warehouse).await;
    let mut told: Vec<_> = world.notices().await.into_iter().map(|(to, _)| to).collect();
    told.sort();
    // Asked for and stocked in, each; shipped from both lots; and the first is closed.
    assert_eq!(told, ["c1", "c1", "c1", "c1", "warehouse", "warehouse", "warehouse"]);
}
