//! Commands that are held to a version or to a customer, on a real log and in two processes.

use crate::world::{World, cafe, coffee, id, meta};
use commands::{
    Error, Expected, Guard, Meta, Versions,
    cafe::{Cafe, PlaceOrder},
};
use domain::{
    Aggregate, Won,
    cafe::{
        menu_item::{Command::SetPrice, MenuItem},
        order::{self, Order},
    },
    shared::Name,
};
use eventlog::StreamName;
use futures::future::join_all;
use std::sync::Arc;

/// Commands that expect the same version, at once.
const RACERS: u128 = 8;
const RACES: u128 = 40;

fn expecting<A: Aggregate>(command: u128, version: u64) -> Meta {
    let versions = Versions::OneOf(vec![version]);
    let expected = Some(Expected { category: A::CATEGORY, versions });
    Meta { guard: Guard { owner: None, expected }, ..meta(command) }
}

fn of(customer: &str, command: u128) -> Meta {
    Meta { guard: Guard { owner: Some(id(customer)), expected: None }, ..meta(command) }
}

fn set(price: i64) -> domain::cafe::menu_item::Command {
    SetPrice { price: Won::new(price).unwrap() }
}

fn latte() -> Name {
    Name::new("라떼").unwrap()
}

async fn stored(world: &World, stream: &str) -> usize {
    world.log.read_stream(&StreamName::stored(stream), 0, 5000).await.unwrap().len()
}

fn processes(world: &World) -> [Cafe; 2] {
    let gateway = commands::payment::Simulator::open(None, Default::default()).unwrap();
    [world.cafe.clone(), cafe(&world.pool, &world.log, &world.parts, Arc::new(gateway))]
}

fn coffee_of(customer: &str, order: &str) -> PlaceOrder {
    PlaceOrder { customer_id: Some(id(customer)), ..coffee(order) }
}

#[tokio::test]
async fn what_is_expected_is_compared_with_what_is_stored_wherever_it_was_stored() {
    let world = World::new().await;
    let [here, there] = processes(&world);
    here.menu_item(&latte(), set(1000), &meta(1)).await.unwrap();
    there.menu_item(&latte(), set(2000), &meta(2)).await.unwrap();
    // This process last saw version 1.
    let stale = here.menu_item(&latte(), set(3000), &expecting::<MenuItem>(3, 1)).await;
    assert!(matches!(stale, Err(Error::Stale { version: 2 })), "{stale:?}");
    let done = here.menu_item(&latte(), set(3000), &expecting::<MenuItem>(4, 2)).await.unwrap();
    assert_eq!(done.length, 3);
    // That one last saw version 2.
    let done = there.menu_item(&latte(), set(4000), &expecting::<MenuItem>(5, 3)).await.unwrap();
    assert_eq!(done.length, 4);
    let stale = there.menu_item(&latte(), set(4000), &expecting::<MenuItem>(6, 3)).await;
    assert!(matches!(stale, Err(Error::Stale { version: 4 })), "also when it is so already");
    assert_eq!(stored(&world, "cafe.menu_item-라떼").await, 4);
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_although_its_version_is_long_gone() {
    let world = World::new().await;
    world.cafe.menu_item(&latte(), set(1000), &meta(1)).await.unwrap();
    let meant = expecting::<MenuItem>(2, 1);
    let first = world.cafe.menu_item(&latte(), set(2000), &meant).await.unwrap();
    world.cafe.menu_item(&latte(), set(3000), &meta(3)).await.unwrap();
    for process in processes(&world) {
        let again = process.menu_item(&latte(), set(2000), &meant).await.unwrap();
        assert_eq!((again.length, again.position), (2, first.position));
        assert!(again.repeated);
    }
    assert_eq!(stored(&world, "cafe.menu_item-라떼").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_expect_the_same_version_exactly_one_is_done() {
    let world = World::new().await;
    let processes = processes(&world);
    world.cafe.menu_item(&latte(), set(1), &meta(1)).await.unwrap();
    for race in 1..=RACES {
        let racers = (0..RACERS).map(|racer| {
            let (cafe, number) = (processes[racer as usize % 2].clone(), race * 100 + racer);
            tokio::spawn(async move {
                let expecting = expecting::<MenuItem>(number, race as u64);
                cafe.menu_item(&latte(), set(number as i64), &expecting).await
            })
        });
        let outcomes = join_all(racers).await.into_iter().map(Result::unwrap);
        let (done, lost): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
        assert_eq!(done.len(), 1, "race {race}");
        assert_eq!(done[0].as_ref().unwrap().length, race as u64 + 1);
        for lost in lost {
            let now = race as u64 + 1;
            assert!(matches!(lost, Err(Error::Stale { version }) if version == now), "{lost:?}");
        }
    }
    assert_eq!(stored(&world, "cafe.menu_item-라떼").await as u128, 1 + RACES);
}

#[tokio::test]
async fn another_customers_order_is_unknown_and_its_id_taken() {
    let world = World::new().await;
    world.cafe.place(coffee_of("lee", "o1"), &of("lee", 1)).await.unwrap();
    let before = stored(&world, "cafe.order-o1").await;
    for process in processes(&world) {
        let cancel = order::Command::RequestCancel;
        let anothers = process.order(&id("o1"), cancel.clone(), &of("min", 2)).await;
        let unknown = process.order(&id("o2"), cancel, &of("min", 3)).await;
        assert_eq!(format!("{:?}", anothers.unwrap_err()), format!("{:?}", unknown.unwrap_err()));
        let Err(Error::Refused(taken)) = process.place(coffee_of("min", "o1"), &of("min", 4)).await
        else {
            panic!("placed");
        };
        assert_eq!((taken.code, taken.figures.len()), ("order-exists", 0));
    }
    assert_eq!((before, stored(&world, "cafe.order-o1").await), (2, 2));
    assert_eq!(stored(&world, "cafe.order-o2").await, 0);
    let own = world.cafe.order(&id("o1"), order::Command::RequestCancel, &of("lee", 5)).await;
    assert_eq!(own.unwrap().length, 3);
}

#[tokio::test]
async fn ordering_expects_only_of_the_order_and_only_at_first() {
    let world = World::new().await;
    let new = world.cafe.place(coffee("o1"), &expecting::<Order>(1, 1)).await;
    assert!(matches!(new, Err(Error::Stale { version: 0 })), "{new:?}");
    let (_, placed) = world.cafe.place(coffee("o1"), &meta(2)).await.unwrap();
    assert_eq!(placed.length, 2);
    let again = world.cafe.place(coffee("o1"), &expecting::<Order>(3, 2)).await.unwrap();
    assert_eq!(again.1.length, 2);
}
