//! The saga on a real log: the stock check that is waited for, what is carried on after a crash at
//! each step, and that doing all of it again changes nothing.

use crate::world::{World, id, meta, qty, ten};
use commands::{Error, rental::RequestRental};
use domain::rental::{
    inventory,
    order::{self, CancelledBy, Request, Status},
    shipment,
};
use futures::future::join_all;

fn request() -> order::Command {
    let RequestRental { product_id, qty, amount, customer_id, .. } = ten("o1");
    let product_name = domain::shared::Name::new("MACBOOK").unwrap();
    let unit_fee = None;
    order::Command::Request(Request {
        product_id,
        product_name,
        qty,
        amount,
        unit_fee,
        customer_id,
    })
}

fn code(error: Error) -> &'static str {
    match error {
        Error::Refused(refused) => refused.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_comes_back_with_its_stock_reserved() {
    let world = World::new().await;
    let (order, done) = world.rental.request(ten("o1"), &meta(1)).await.unwrap();
    assert_eq!((order, done.state.status()), (id("o1"), Status::Confirmed));
    assert_eq!(world.types("rental.order-o1").await, ["RentalRequested", "StockConfirmed"]);
    world.free(90).await;
    // Nobody has charged or sent anything: that is for the reactor.
    assert!(world.types("rental.bill-o1").await.is_empty());
}

#[tokio::test]
async fn asked_again_it_answers_as_before_and_stores_nothing() {
    let world = World::new().await;
    let (_, first) = world.rental.request(ten("o1"), &meta(1)).await.unwrap();
    let end = world.log.end().await.unwrap();
    for (process, command) in
        [(&world.rental, 1), (&world.another_process(), 1), (&world.rental, 2)]
    {
        let (_, again) = process.request(ten("o1"), &meta(command)).await.unwrap();
        assert_eq!(again.position, first.position);
    }
    assert_eq!(world.log.end().await.unwrap(), end);
}

#[tokio::test]
async fn more_than_there_is_is_refused_and_on_record_as_cancelled() {
    let world = World::new().await;
    let much = RequestRental { qty: qty(110), ..ten("o1") };
    for _ in 0..2 {
        let refused = world.rental.request(much.clone(), &meta(1)).await.unwrap_err();
        assert_eq!(code(refused), "out-of-stock");
    }
    let order = world.rental.load_order(&id("o1")).await.unwrap().state;
    assert_eq!(order.cancelled_by(), Some(CancelledBy::Shortage));
    let running = world.start();
    world.caught_up().await;
    running.stop().await;
    world.free(100).await;
    for stream in ["rental.bill-o1", "rental.shipment-o1"] {
        assert!(world.types(stream).await.is_empty(), "{stream}");
    }
    assert!(world.gateway.charged().is_empty());
}

#[tokio::test]
async fn an_unknown_product_or_a_paused_stock_stores_nothing() {
    let world = World::new().await;
    let unknown = RequestRental { product_id: id("9"), ..ten("o1") };
    assert_eq!(code(world.rental.request(unknown, &meta(1)).await.unwrap_err()), "unknown-product");
    commands::parts::pause(&world.pool, "rental.inventory", "").await.unwrap();
    world.parts.look(&world.pool).await.unwrap();
    let down = world.rental.request(ten("o1"), &meta(2)).await;
    assert!(matches!(down, Err(Error::PartDown { part }) if part == "rental.inventory"));
    assert!(world.types("rental.order-o1").await.is_empty());
}

#[tokio::test]
async fn of_a_hundred_and_fifty_at_once_exactly_a_hundred_are_confirmed() {
    let world = World::new().await;
    let processes = [world.rental.clone(), world.another_process()];
    let requests = (0..150u128).map(|n| {
        let rental = RequestRental { qty: qty(1), ..ten(&format!("o{n}")) };
        let process = processes[n as usize % 2].clone();
        async move {
            // What is lost to a concurrent change may be sent again.
            loop {
                match process.request(rental.clone(), &meta(n)).await {
                    Err(Error::ConcurrentChange) => continue,
                    answered => return answered,
                }
            }
        }
    });
    let answers = join_all(requests).await;
    let confirmed = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(confirmed, 100);
    let refused = answers.into_iter().filter_map(Result::err).map(code);
    assert!(refused.into_iter().all(|code| code == "out-of-stock"));
    let stock = world.another_process().load_inventory(&id("2")).await.unwrap().state;
    assert_eq!((stock.left(), stock.held()), (0, 100));
}

/// What is on record when the process dies after some of the steps of a request.
async fn died_after(world: &World, steps: usize) {
    let rental = &world.rental;
    rental.order(&id("o1"), request(), &meta(1)).await.unwrap();
    if steps > 1 {
        // Not under the id that the policy will give it: the aggregate alone knows it is done.
        let reserve = inventory::Command::Reserve { order_id: id("o1"), qty: qty(10) };
        rental.inventory(&id("2"), reserve, &meta(2)).await.unwrap();
    }
    if steps > 2 {
        rental.order(&id("o1"), order::Command::ConfirmStock, &meta(3)).await.unwrap();
    }
}

#[tokio::test]
async fn a_crash_after_any_step_of_a_request_is_carried_on() {
    for steps in 1..=3 {
        let world = World::new().await;
        died_after(&world, steps).await;
        let running = world.start();
        world.becomes("rental.shipment-o1", "DeliveryStarted").await;
        world.caught_up().await;
        running.stop().await;
        assert_eq!(world.types("rental.order-o1").await, ["RentalRequested", "StockConfirmed"]);
        world.free(90).await;
        assert_eq!(world.gateway.charged(), ["rental-o1"]);
    }
}

#[tokio::test]
async fn a_crash_before_the_stock_check_is_carried_on_by_the_repeated_request() {
    let world = World::new().await;
    world.rental.order(&id("o1"), request(), &meta(1)).await.unwrap();
    let (_, done) = world.another_process().request(ten("o1"), &meta(1)).await.unwrap();
    assert_eq!(done.state.status(), Status::Confirmed);
    world.free(90).await;
}

#[tokio::test]
async fn a_cancellation_that_overtakes_the_stock_lets_it_go_again() {
    let world = World::new().await;
    world.rental.order(&id("o1"), request(), &meta(1)).await.unwrap();
    world.rental.order(&id("o1"), order::Command::Cancel, &meta(2)).await.unwrap();
    let running = world.start();
    world.becomes("rental.order-o1", "StockDeclined").await;
    world.free(100).await;
    world.caught_up().await;
    running.stop().await;
    assert!(world.types("rental.bill-o1").await.is_empty());
    assert!(world.gateway.charged().is_empty());
}

/// One order that is cancelled, one that is found short, one that is delivered.
async fn a_full_life(world: &World) {
    for (command, order) in [(1, "o1"), (2, "o2"), (3, "o3")] {
        world.rental.request(ten(order), &meta(command)).await.unwrap();
        world.becomes(&format!("rental.shipment-{order}"), "DeliveryStarted").await;
    }
    world.rental.order(&id("o1"), order::Command::Cancel, &meta(4)).await.unwrap();
    world.rental.report_shortage(&id("o2"), qty(3), &meta(5)).await.unwrap();
    world.rental.shipment(&id("o3"), shipment::Command::Deliver, &meta(6)).await.unwrap();
    for (command, order) in [(7, "o1"), (8, "o2")] {
        world.becomes(&format!("rental.shipment-{order}"), "RetrieveStarted").await;
        world.becomes(&format!("rental.bill-{order}"), "FeeRefundCompleted").await;
        let retrieved = shipment::Command::CompleteRetrieval;
        world.rental.shipment(&id(order), retrieved, &meta(command)).await.unwrap();
    }
    world.becomes("rental.order-o3", "RentalCompleted").await;
    world.free(87).await;
}

#[tokio::test]
async fn every_way_a_rental_can_go_ends_with_stock_and_money_where_they_belong() {
    let world = World::new().await;
    let running = world.start();
    a_full_life(&world).await;
    running.stop().await;
    let stock = world.another_process().load_inventory(&id("2")).await.unwrap().state;
    assert_eq!((stock.left(), stock.held()), (87, 10));
    let refunded = world.gateway.refunded();
    let keys: Vec<_> = refunded.keys().map(String::as_str).collect();
    assert_eq!(keys, ["rental-o1", "rental-o2"]);
    assert_eq!(world.gateway.charged(), ["rental-o1", "rental-o2", "rental-o3"]);
    let late = world.rental.load_order(&id("o2")).await.unwrap().state;
    assert_eq!(late.cancelled_by(), Some(CancelledBy::Shortage));
}

#[tokio::test]
async fn starting_over_from_the_beginning_changes_nothing() {
    let world = World::new().await;
    let running = world.start();
    a_full_life(&world).await;
    world.caught_up().await;
    running.stop().await;
    let (end, refunded) = (world.log.end().await.unwrap(), world.gateway.refunded());
    world.back_to_the_beginning().await;
    let running = world.start();
    world.caught_up().await;
    running.stop().await;
    assert_eq!(world.log.end().await.unwrap(), end);
    assert_eq!(world.gateway.refunded(), refunded);
}

#[tokio::test]
async fn what_asks_a_paused_part_waits_and_goes_on() {
    for part in ["rental.bill", "rental.shipment", "rental.order", "rental.inventory"] {
        let world = World::new().await;
        let running = world.start();
        let follow =
            tokio::spawn(world.parts.clone().follow(world.pool.clone(), running.cancel.clone()));
        if matches!(part, "rental.bill" | "rental.shipment") {
            commands::parts::pause(&world.pool, part, "").await.unwrap();
            world.rental.request(ten("o1"), &meta(1)).await.unwrap();
        } else {
            world.rental.request(ten("o1"), &meta(1)).await.unwrap();
            world.becomes("rental.shipment-o1", "DeliveryStarted").await;
            world.rental.order(&id("o1"), order::Command::Cancel, &meta(2)).await.unwrap();
            world.becomes("rental.shipment-o1", "RetrieveStarted").await;
            commands::parts::pause(&world.pool, part, "").await.unwrap();
            let retrieved = shipment::Command::CompleteRetrieval;
            world.rental.shipment(&id("o1"), retrieved, &meta(3)).await.unwrap();
        }
        world.caught_up().await;
        commands::parts::resume(&world.pool, part).await.unwrap();
        match part {
            "rental.bill" | "rental.shipment" => {
                world.becomes("rental.shipment-o1", "DeliveryStarted").await;
            }
            _ => world.free(100).await,
        }
        running.stop().await;
        follow.await.unwrap();
    }
}
