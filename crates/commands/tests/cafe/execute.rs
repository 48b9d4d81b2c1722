//! The load–decide–append loop on a real log.

use crate::world::{World, cafe, id, meta};
use commands::Error;
use domain::{
    Won,
    cafe::{
        menu_item::Command::SetPrice,
        ticket::{Command, Status},
    },
    shared::Name,
};
use eventlog::StreamName;
use futures::future::join_all;
use std::sync::Arc;

fn receive() -> Command {
    Command::Receive {
        product: Name::new("라떼").unwrap(),
        qty: domain::Quantity::new(1).unwrap(),
        customer_id: None,
    }
}

async fn stored(world: &World, stream: &str) -> usize {
    let stream = StreamName::stored(stream);
    world.log.read_stream(&stream, 0, 1000).await.unwrap().len()
}

fn other_process(world: &World) -> commands::cafe::Cafe {
    let gateway = commands::payment::Simulator::open(None, Default::default()).unwrap();
    cafe(&world.pool, &world.log, &world.parts, Arc::new(gateway))
}

#[tokio::test]
async fn a_repeated_command_stores_nothing_and_answers_as_before() {
    let world = World::new().await;
    let ticket = id("t1");
    let first = world.cafe.ticket(&ticket, receive(), &meta(1)).await.unwrap();
    let accepted = world.cafe.ticket(&ticket, Command::Accept, &meta(2)).await.unwrap();
    world.cafe.ticket(&ticket, Command::Make, &meta(3)).await.unwrap();
    for process in [&world.cafe, &other_process(&world)] {
        let again = process.ticket(&ticket, Command::Accept, &meta(2)).await.unwrap();
        assert_eq!(again.position, accepted.position);
        assert_eq!(again.state.status(), Some(Status::Receive));
        let again = process.ticket(&ticket, receive(), &meta(1)).await.unwrap();
        assert_eq!((again.position, again.length), (first.position, 1));
    }
    assert_eq!(stored(&world, "cafe.ticket-t1").await, 3);
}

#[tokio::test]
async fn the_same_command_a_hundred_times_at_once_is_done_once() {
    let world = World::new().await;
    let processes = [world.cafe.clone(), other_process(&world)];
    let ticket = id("t1");
    let meta = meta(1);
    let repeats = (0..100).map(|n| processes[n % 2].ticket(&ticket, receive(), &meta));
    let answers = join_all(repeats).await;
    let positions: Vec<_> = answers.into_iter().map(|a| a.unwrap().position).collect();
    assert!(positions.iter().all(|&position| position == positions[0]));
    assert_eq!(stored(&world, "cafe.ticket-t1").await, 1);
}

#[tokio::test]
async fn commands_on_one_stream_queue_up_and_all_are_done() {
    let world = World::new().await;
    let processes = [world.cafe.clone(), other_process(&world)];
    let product = Name::new("라떼").unwrap();
    let prices = (1..=60).map(|price| {
        let set = SetPrice { price: Won::new(price).unwrap() };
        let process = processes[price as usize % 2].clone();
        let product = product.clone();
        async move { process.menu_item(&product, set, &meta(price as u128)).await }
    });
    let done = join_all(prices).await;
    let lost = done.iter().filter(|done| done.is_err()).count();
    let kept = stored(&world, "cafe.menu_item-라떼").await;
    assert_eq!(kept, 60 - lost, "what was answered is stored, and nothing else");
    assert!(kept > 1);
}

#[tokio::test]
async fn a_no_is_said_of_todays_state_and_not_of_a_cached_one() {
    let world = World::new().await;
    let other = other_process(&world);
    let ticket = id("t1");
    world.cafe.ticket(&ticket, receive(), &meta(1)).await.unwrap();
    // This process last saw the ticket waiting; making coffee is refused then.
    let accepted = other.ticket(&ticket, Command::Accept, &meta(2)).await;
    accepted.unwrap();
    let made = world.cafe.ticket(&ticket, Command::Make, &meta(3)).await;
    assert_eq!(made.unwrap().length, 3);
}

#[tokio::test]
async fn a_refusal_stores_nothing() {
    let world = World::new().await;
    let refused = world.cafe.ticket(&id("t1"), Command::Make, &meta(1)).await;
    let Err(Error::Refused(refused)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.code, "unknown-ticket");
    assert_eq!(stored(&world, "cafe.ticket-t1").await, 0);
}

#[tokio::test]
async fn a_paused_part_takes_no_commands_until_it_is_resumed() {
    let world = World::new().await;
    commands::parts::pause(&world.pool, "cafe.ticket", "cleaning").await.unwrap();
    world.parts.look(&world.pool).await.unwrap();
    let refused = world.cafe.ticket(&id("t1"), receive(), &meta(1)).await;
    assert!(matches!(refused, Err(Error::PartDown { part }) if part == "cafe.ticket"));
    assert!(commands::parts::resume(&world.pool, "cafe.ticket").await.unwrap());
    world.parts.look(&world.pool).await.unwrap();
    world.cafe.ticket(&id("t1"), receive(), &meta(1)).await.unwrap();
}
