//! Every fact is in the table once, whoever keeps it, and a thing finds its own.

use crate::harness::{PATIENCE, World, until};
use chrono::DateTime;
use eventlog::{
    Append, EventLog, ExpectedVersion, Metadata, NewEvent, Position, StreamName,
    consumer::Consumers,
};
use projections::{Condition, Engine, timeline::NAME};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ROWS: &str = "select count(*) from shared.timeline";

/// Something happens to a stream because of a request.
async fn happens(world: &World, category: &str, id: &str, seen: u64, request: u128) -> Position {
    let stream = StreamName::new(category, id);
    let command_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{stream}/{seen}").as_bytes());
    let event = NewEvent {
        id: NewEvent::id_of(command_id, 0),
        event_type: "cafe.Whatever".to_owned(),
        schema_version: 1,
        payload: "{}".to_owned(),
        metadata: Metadata {
            command_id,
            correlation_id: Uuid::from_u128(request),
            causation_id: None,
            actor: "test".to_owned(),
            at: DateTime::from_timestamp(1_767_225_600, 0).unwrap(),
        },
    };
    let append = Append::new(stream, ExpectedVersion::after(seen), vec![event]).unwrap();
    world.log.append(append).await.unwrap().position
}

fn keep(engine: &Engine, stop: &CancellationToken) -> JoinHandle<()> {
    let (engine, stop) = (engine.clone(), stop.clone());
    tokio::spawn(async move { engine.keep_timeline(&stop).await })
}

/// Stream and version of each fact.
async fn found(
    engine: &Engine,
    category: &str,
    id: &str,
    after: Position,
    limit: usize,
) -> Vec<String> {
    let facts = engine.timeline(category, id, after, limit).await.unwrap().unwrap();
    facts.iter().map(|fact| format!("{} {}", fact.stream, fact.version)).collect()
}

#[tokio::test]
async fn a_thing_finds_what_its_requests_led_to() {
    let world = World::new().await;
    let (engine, stop) = (world.engine(1), CancellationToken::new());
    let keeper = keep(&engine, &stop);
    happens(&world, "cafe.order", "1", 0, 10).await;
    happens(&world, "cafe.ticket", "1", 0, 10).await;
    happens(&world, "cafe.member", "1", 0, 99).await;
    // Asked of the ticket, and not known to the order.
    let accepted = happens(&world, "cafe.ticket", "1", 1, 11).await;
    happens(&world, "cafe.member", "c", 0, 20).await;
    happens(&world, "cafe.member", "c", 1, 11).await;
    let last = happens(&world, "cafe.member", "c", 2, 11).await;
    engine.wait_for(NAME, last, PATIENCE).await.unwrap();
    let all = [
        "cafe.order-1 0",
        "cafe.ticket-1 0",
        "cafe.ticket-1 1",
        "cafe.member-c 1",
        "cafe.member-c 2",
    ];
    let start = Position::START;
    for side in ["cafe.order", "cafe.ticket"] {
        assert_eq!(found(&engine, side, "1", start, 100).await, all);
    }
    assert_eq!(found(&engine, "cafe.order", "1", start, 3).await, all[..3]);
    assert_eq!(found(&engine, "cafe.order", "1", accepted, 1).await, all[3..4]);
    assert_eq!(found(&engine, "cafe.member", "1", start, 100).await, ["cafe.member-1 0"]);
    let nothing = engine.timeline("cafe.order", "2", start, 100).await.unwrap();
    assert_eq!(
        (nothing, engine.timeline("spa.bath", "1", start, 100).await.unwrap()),
        (None, None)
    );
    stop.cancel();
    keeper.await.unwrap();
    let state = Consumers::new(world.pool.clone()).state(NAME).await.unwrap().unwrap();
    assert_eq!((state.owner, state.position), (None, last));
}

#[tokio::test]
async fn its_own_streams_are_shown_before_anybody_kept_the_table() {
    let world = World::new().await;
    happens(&world, "cafe.order", "1", 0, 10).await;
    happens(&world, "cafe.member", "c", 0, 10).await;
    let shown = found(&world.engine(1), "cafe.order", "1", Position::START, 100).await;
    assert_eq!(shown, ["cafe.order-1 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keepers_that_are_killed_lose_and_double_nothing() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let (rounds, each) = (8_u32, 120_u32);
    for round in 0..rounds {
        let engine = world.engine(u128::from(round));
        let keeper = keep(&engine, &stop);
        let before = world.count(ROWS).await;
        for number in 0..each {
            happens(&world, "cafe.order", &format!("{round}-{number}"), 0, u128::from(round)).await;
        }
        until("it writes", || async { world.count(ROWS).await > before }).await;
        keeper.abort();
    }
    let engine = world.engine(99);
    let keeper = keep(&engine, &stop);
    until("it works", || async { engine.local(NAME).condition == Condition::Working }).await;
    engine.wait_for(NAME, world.log.end().await.unwrap(), PATIENCE).await.unwrap();
    assert_eq!(world.count(ROWS).await, i64::from(rounds * each));
    for round in 0..rounds {
        let of_round =
            found(&engine, "cafe.order", &format!("{round}-0"), Position::START, 1000).await;
        assert_eq!(of_round.len(), each as usize);
    }
    // From the beginning again, on a table that has it all.
    let back = "update consumers.checkpoints set commit_position = 0, prepare_position = 0
        where name = 'shared.timeline'";
    stop.cancel();
    keeper.await.unwrap();
    world.pool.get().await.unwrap().batch_execute(back).await.unwrap();
    let (again, stop) = (world.engine(100), CancellationToken::new());
    let keeper = keep(&again, &stop);
    again.wait_for(NAME, world.log.end().await.unwrap(), PATIENCE).await.unwrap();
    assert_eq!(world.count(ROWS).await, i64::from(rounds * each));
    stop.cancel();
    keeper.await.unwrap();
}
