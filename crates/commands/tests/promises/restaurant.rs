//! An order is cancelled when its cooking is, and soon after a crash.

use crate::world::{World, id, meta, qty};
use commands::{
    Error,
    restaurant::{PlaceOrder, Restaurant},
};
use domain::{
    restaurant::{CancelReason, MenuId, cook, delivery, menu, order},
    shared::Name,
};

fn restaurant(world: &World) -> Restaurant {
    Restaurant::new(world.log.clone(), world.clock.clone(), world.parts.clone())
}

fn bibimbap() -> MenuId {
    MenuId::new("1.1").unwrap()
}

fn an_order(order: &str, count: i64) -> PlaceOrder {
    PlaceOrder {
        order_id: Some(id(order)),
        menu: bibimbap(),
        customer_id: id("c1"),
        qty: qty(count),
    }
}

/// A restaurant with five portions and an order of one.
async fn with_an_order(world: &World) -> Restaurant {
    let restaurant = restaurant(world);
    let name = Name::new("비빔밥").unwrap();
    let add = menu::Command::Add { name, price: None, stock: qty(5) };
    restaurant.menu(&bibimbap(), add, &meta(100)).await.unwrap();
    restaurant.place(an_order("o1", 1), &meta(101)).await.unwrap();
    restaurant
}

async fn stock(restaurant: &Restaurant) -> i64 {
    restaurant.load_menu(&bibimbap()).await.unwrap().state.stock()
}

/// Everything says so, once, and the portion is back.
async fn is_cancelled(world: &World, restaurant: &Restaurant) {
    assert_eq!(world.types("restaurant.order-o1").await, ["Ordered", "OrderCancelled"]);
    assert_eq!(world.types("restaurant.delivery-o1").await, ["ShippedCancelled"]);
    let cook = world.types("restaurant.cook-o1").await;
    assert_eq!(cook.iter().filter(|event| *event == "CookCancelled").count(), 1);
    assert_eq!(stock(restaurant).await, 5);
}

#[tokio::test]
async fn an_order_reaches_the_kitchen_and_the_courier() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    world.settle(&restaurant).await;
    assert_eq!(stock(&restaurant).await, 4);
    restaurant.cook(&id("o1"), cook::Command::Complete, &meta(1)).await.unwrap();
    world.settle(&restaurant).await;
    let complete = delivery::Command::Complete;
    restaurant.delivery(&id("o1"), complete, &meta(2)).await.unwrap();
    let refused = restaurant.cancel(&id("o1"), &meta(3)).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.code == "already-cooked"));
    assert_eq!(world.types("restaurant.order-o1").await, ["Ordered"]);
}

#[tokio::test]
async fn cancelling_is_answered_when_the_order_and_the_cooking_are_cancelled() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    world.settle(&restaurant).await;
    for command in [1, 1, 2] {
        let done = restaurant.cancel(&id("o1"), &meta(command)).await.unwrap();
        assert_eq!(done.state.status(), Some(order::Status::Cancelled));
    }
    assert_eq!(world.types("restaurant.cook-o1").await, ["CookReceived", "CookCancelled"]);
    assert_eq!(world.types("restaurant.order-o1").await, ["Ordered", "OrderCancelled"]);
    world.settle(&restaurant).await;
    is_cancelled(&world, &restaurant).await;
    world.forget().await;
    world.settle(&self::restaurant(&world)).await;
    is_cancelled(&world, &restaurant).await;
}

#[tokio::test]
async fn cancelling_before_the_kitchen_saw_the_order_wins() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    restaurant.cancel(&id("o1"), &meta(1)).await.unwrap();
    world.settle(&restaurant).await;
    assert_eq!(world.types("restaurant.cook-o1").await, ["CookCancelled"]);
    is_cancelled(&world, &restaurant).await;
}

#[tokio::test]
async fn a_crash_before_the_order_is_cancelled_is_made_good() {
    let world = World::new().await;
    let dies = with_an_order(&world).await;
    let cancel = cook::Command::Cancel { menu: bibimbap(), reason: CancelReason::Cancelled };
    dies.cook(&id("o1"), cancel, &meta(1)).await.unwrap();
    let restaurant = restaurant(&world);
    world.settle(&restaurant).await;
    is_cancelled(&world, &restaurant).await;
}

#[tokio::test]
async fn whoever_asks_again_after_a_crash_is_answered_when_the_order_is_cancelled() {
    for command in [1, 2] {
        let world = World::new().await;
        let dies = with_an_order(&world).await;
        let cancel = cook::Command::Cancel { menu: bibimbap(), reason: CancelReason::Cancelled };
        dies.cook(&id("o1"), cancel, &meta(1)).await.unwrap();
        let restaurant = restaurant(&world);
        let done = restaurant.cancel(&id("o1"), &meta(command)).await.unwrap();
        assert_eq!(done.state.status(), Some(order::Status::Cancelled));
        world.settle(&restaurant).await;
        is_cancelled(&world, &restaurant).await;
    }
}

#[tokio::test]
async fn nothing_is_cancelled_while_the_kitchen_is_paused() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    let running = world.work(&restaurant).await;
    for part in ["restaurant.cook", "restaurant.order"] {
        world.pause(part).await;
        let refused = restaurant.cancel(&id("o1"), &meta(1)).await;
        assert!(matches!(refused, Err(Error::PartDown { part: down }) if down == part));
        world.resume(part).await;
    }
    assert_eq!(world.types("restaurant.order-o1").await, ["Ordered"]);
    running.stop().await;
    let cook = world.types("restaurant.cook-o1").await;
    assert!(!cook.iter().any(|event| event == "CookCancelled"), "{cook:?}");
}

#[tokio::test]
async fn nothing_is_cancelled_while_nobody_works() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    world.parts.look(&world.pool).await.unwrap();
    let refused = restaurant.cancel(&id("o1"), &meta(1)).await;
    assert!(matches!(refused, Err(Error::PartDown { part }) if part == "restaurant.cook"));
    assert_eq!(world.types("restaurant.order-o1").await, ["Ordered"]);
    assert!(world.types("restaurant.cook-o1").await.is_empty());
}

#[tokio::test]
async fn too_few_portions_cancel_the_order_everywhere() {
    let world = World::new().await;
    let restaurant = with_an_order(&world).await;
    world.settle(&restaurant).await;
    restaurant.place(an_order("o2", 5), &meta(1)).await.unwrap();
    world.settle(&restaurant).await;
    assert_eq!(world.types("restaurant.order-o2").await, ["Ordered", "OrderQtyOverCancelled"]);
    assert_eq!(world.types("restaurant.cook-o2").await, ["CookCancelled"]);
    assert_eq!(world.types("restaurant.delivery-o2").await, ["ShippedCancelled"]);
    assert_eq!(stock(&restaurant).await, 4);
    let done = restaurant.cancel(&id("o2"), &meta(2)).await.unwrap();
    assert_eq!(done.state.status(), Some(order::Status::QtyOver));
    let told = world.notices().await;
    assert!(told.iter().any(|(to, text)| to == "c1" && text.contains("재고가 부족하여")));
}

#[tokio::test]
async fn what_is_not_on_the_menu_cannot_be_ordered() {
    let world = World::new().await;
    let restaurant = restaurant(&world);
    let refused = restaurant.place(an_order("o1", 1), &meta(1)).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.code == "unknown-menu"));
    let refused = restaurant.cancel(&id("o1"), &meta(2)).await;
    assert!(matches!(refused, Err(Error::Refused(why)) if why.code == "unknown-order"));
}
