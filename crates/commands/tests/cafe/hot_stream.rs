//! Many commands for one stream at once, from two processes with a writer each.

use crate::world::{TestClock, World, meta};
use commands::{Error, Executor, parts::Parts};
use domain::{
    Aggregate, Id, Quantity,
    rental::inventory::{Command, Event, Inventory},
    shared::Name,
    stored::{self, Stored},
};
use eventlog::{EventLog, RecordedEvent, StreamName, postgres::PostgresLog};
use futures::future::join_all;
use std::{collections::BTreeMap, sync::Arc};

const STOCK: i64 = 100;
const ASKED: u128 = 300;

fn reserve(order: u128) -> Command {
    let order_id = Id::new(format!("o{order}")).unwrap();
    Command::Reserve { order_id, qty: Quantity::new(1).unwrap() }
}

async fn register(stock: &Executor<Inventory>) {
    let product_name = Name::new("Camera").unwrap();
    let qty = Quantity::new(STOCK).unwrap();
    let register = Command::Register { product_name, qty, unit_fee: None };
    stock.execute("p1", &register, &meta(1_000_000)).await.unwrap();
}

/// Until there is an answer: somebody else may have been faster for too long.
async fn reserved(stock: &Executor<Inventory>, order: u128) -> Vec<Event> {
    loop {
        match stock.execute("p1", &reserve(order), &meta(order)).await {
            Ok(done) => return done.facts.into_iter().map(|fact| fact.event).collect(),
            Err(Error::ConcurrentChange) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn all(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let stream = StreamName::new(Inventory::CATEGORY, "p1");
    log.read_stream(&stream, 0, 1000).await.unwrap()
}

fn event(recorded: &RecordedEvent) -> Event {
    let stored = Stored {
        category: recorded.stream.category(),
        event_type: &recorded.event_type,
        schema_version: recorded.schema_version,
        payload: &recorded.payload,
    };
    stored::decode::<Inventory>(&stored).unwrap()
}

async fn processes(world: &World, count: usize) -> Vec<Arc<Executor<Inventory>>> {
    let mut processes = Vec::new();
    for _ in 0..count {
        let log = Arc::new(PostgresLog::open(world.config()).await.unwrap());
        let clock = Arc::new(TestClock::default());
        processes.push(Arc::new(Executor::new(log, clock, Parts::default())));
    }
    processes
}

/// Each decision was made upon what stands before it in the stream, and each was answered with what
/// was stored.
async fn ask_at_once(world: &World, processes: &[Arc<Executor<Inventory>>]) {
    register(&processes[0]).await;
    let asking = (0..ASKED).map(|order| {
        let stock = processes[order as usize % processes.len()].clone();
        tokio::spawn(async move { (order, reserved(&stock, order).await) })
    });
    let answered: BTreeMap<u128, Vec<Event>> =
        join_all(asking).await.into_iter().map(Result::unwrap).collect();
    let mut left = STOCK;
    let mut known = BTreeMap::new();
    for recorded in all(&*world.log).await.iter().skip(1) {
        let event = event(recorded);
        match &event {
            Event::StockReserved { left: after, .. } => {
                left = {
                    assert_eq!(*after, left - 1, "version {}", recorded.version);
                    *after
                }
            }
            Event::InventoryStockShortage { left: none, .. } => assert_eq!((*none, left), (0, 0)),
            other => panic!("{other:?}"),
        }
        let order = recorded.metadata.command_id.as_u128();
        known.entry(order).or_insert_with(Vec::new).push(event);
    }
    assert_eq!(left, 0);
    assert_eq!(known, answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_process_all_are_decided_in_line_and_stored_as_answered() {
    let world = World::new().await;
    ask_at_once(&world, &processes(&world, 1).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_none_builds_upon_what_the_other_has_overtaken() {
    let world = World::new().await;
    ask_at_once(&world, &processes(&world, 2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_leaves_the_others_to_be_answered_rightly() {
    let world = World::new().await;
    let stock = processes(&world, 1).await.remove(0);
    register(&stock).await;
    let asking: Vec<_> = (0..ASKED)
        .map(|order| {
            let stock = stock.clone();
            tokio::spawn(async move { reserved(&stock, order).await })
        })
        .collect();
    for given_up in asking.iter().step_by(3) {
        given_up.abort();
    }
    for (order, asked) in asking.into_iter().enumerate() {
        let first = asked.await.ok();
        // Asked again, it is done by now, once, and answered as before.
        let again = reserved(&stock, order as u128).await;
        assert_eq!(again.len(), 1);
        assert_eq!(first.unwrap_or_else(|| again.clone()), again);
    }
    let stored = all(&*world.log).await;
    assert_eq!(stored.len() as u128, 1 + ASKED);
    assert_eq!(stored.iter().filter(|one| one.event_type.ends_with("StockReserved")).count(), 100);
}
