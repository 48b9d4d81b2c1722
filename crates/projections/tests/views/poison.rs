//! Every way in which an event cannot become rows: it waits with its stream, in order, and nothing
//! else does.

use crate::{
    harness::{PATIENCE, TallyRow, Worker, World, opened, paid, selected, until},
    rebuild::rebuild,
};
use domain::{
    Aggregate, Event, Fact,
    cafe::{
        order::{self, Order},
        ticket::Ticket,
    },
};
use eventlog::{
    EventLog, Position, StreamName,
    consumer::{Hold, Parked, ParkedEvents, park},
};
use projections::{ReadModel, cafe::order_status::OrderStatus};

/// Counts the events of orders and tickets, and of a context that there is not, with mistakes.
struct Careless;

impl ReadModel for Careless {
    const NAME: &'static str = "test.careless";
    const CATEGORIES: &'static [&'static str] = &[Order::CATEGORY, Ticket::CATEGORY, "spa.bath"];
    const FILTERS: &'static [&'static str] = &[];
    type Row = TallyRow;

    fn keys(fact: &Fact<Event>) -> Vec<String> {
        assert!(fact.of != "no-keys", "a mistake in keys");
        vec![fact.of.clone()]
    }

    fn fold(row: Option<TallyRow>, fact: &Fact<Event>) -> Option<TallyRow> {
        assert!(fact.of != "no-fold", "a mistake in fold");
        let events = row.map_or(0, |row| row.events) + 1;
        let id = if fact.of == "stray" { "elsewhere".to_owned() } else { fact.of.clone() };
        Some(TallyRow { id, events })
    }
}

async fn world() -> World {
    let world = World::new().await;
    let table = "create table test.careless (
        id text collate \"C\" primary key check (id <> 'refused'), events bigint not null)";
    world.pool.get().await.unwrap().batch_execute(table).await.unwrap();
    world
}

async fn parked(world: &World) -> Vec<Parked> {
    ParkedEvents::new(world.pool.clone()).all().await.unwrap()
}

fn raw(event_type: &str, payload: &str) -> Vec<(String, String)> {
    vec![(event_type.to_owned(), payload.to_owned())]
}

/// One stream for each way, each with an event behind; the reason that is given for the first.
async fn poison(world: &World) -> Vec<(&'static str, &'static str)> {
    world.append_raw(Order::CATEGORY, "shape", 0, raw("cafe.OrderSelected", "[1]")).await;
    world.append_raw(Order::CATEGORY, "type", 0, raw("cafe.Nonsense", "{}")).await;
    world.append_raw("spa.bath", "1", 0, raw("spa.Filled", "{}")).await;
    for id in ["no-keys", "no-fold", "refused", "stray"] {
        world.append::<Ticket>(id, 0, &[opened()]).await;
        world.append::<Ticket>(id, 1, &[opened()]).await;
    }
    for id in ["shape", "type"] {
        world.append::<Order>(id, 1, &[order::Event::OrderCancelRequested]).await;
    }
    world.append_raw("spa.bath", "1", 1, raw("spa.Emptied", "{}")).await;
    vec![
        ("cafe.order-shape", "does not have the shape"),
        ("cafe.order-type", "does not have the shape"),
        ("cafe.ticket-no-fold", "panicked: a mistake in fold"),
        ("cafe.ticket-no-keys", "panicked: a mistake in keys"),
        ("cafe.ticket-refused", "violates check constraint"),
        ("cafe.ticket-stray", "another key"),
        ("spa.bath-1", "no aggregate of this program is named"),
    ]
}

#[tokio::test]
async fn whatever_is_wrong_parks_its_stream_only_and_in_order() {
    let world = world().await;
    world.append::<Order>("good", 0, &[selected()]).await;
    let expected = poison(&world).await;
    let end = world.append::<Order>("good", 1, &[paid()]).await;
    let engine = world.engine(1);
    let worker = Worker::of::<Careless>(&engine).await;
    engine.wait_for(Careless::NAME, end, PATIENCE).await.unwrap();
    let parked = parked(&world).await;
    assert_eq!(parked.len(), 2 * expected.len(), "{parked:#?}");
    for ((stream, reason), pair) in expected.iter().zip(parked.chunks(2)) {
        let states = pair.iter().map(|one| (one.stream.as_str(), one.version, &*one.state));
        assert!(states.eq([(*stream, 0, "poison"), (*stream, 1, "behind")]), "{pair:#?}");
        assert!(pair[0].reason.contains(reason), "{pair:#?}");
    }
    assert_eq!(world.count("select count(*) from test.careless").await, 1);
    assert_eq!(world.count("select events from test.careless where id = 'good'").await, 2);
    worker.stop().await;
}

/// The database takes one row of many no more in bulk than alone; with many, that shows when they
/// are moved out of memory.
#[tokio::test]
async fn a_rebuild_parks_what_live_work_parks() {
    for others in [1, 100] {
        let world = world().await;
        poison(&world).await;
        for number in 0..others {
            world.order(&format!("good{number:03}")).await;
        }
        let end = world.append::<Order>("good000", 2, &[order::Event::OrderCancelRequested]).await;
        let engine = world.engine(1);
        let worker = Worker::of::<Careless>(&engine).await;
        engine.wait_for(Careless::NAME, end, PATIENCE).await.unwrap();
        let told = |all: Vec<Parked>| -> Vec<_> {
            all.into_iter().map(|one| (one.stream, one.version, one.state)).collect()
        };
        let live = told(parked(&world).await);
        let rebuilt = rebuild::<Careless>(&engine).await.unwrap();
        assert_eq!(rebuilt.rows, others);
        assert_eq!(told(parked(&world).await), live);
        let rows = "select count(*) from test.careless where events = 2";
        assert_eq!(world.count(rows).await, others as i64 - 1);
        assert_eq!(world.count("select events from test.careless where id = 'good000'").await, 3);
        worker.stop().await;
    }
}

/// Another version of this program may have written it.
#[tokio::test]
async fn a_row_that_cannot_be_read_parks_what_would_change_it() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let written = world.order("o1").await;
    engine.wait_for(OrderStatus::NAME, written, PATIENCE).await.unwrap();
    let client = world.pool.get().await.unwrap();
    let garble = "update cafe.order_status set status = 'boiled' where order_id = 'o1'";
    client.execute(garble, &[]).await.unwrap();
    world.append::<Order>("o1", 2, &[order::Event::OrderCancelRequested]).await;
    let end = world.order("o2").await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    let parked = parked(&world).await;
    assert_eq!(parked.len(), 1, "{parked:#?}");
    assert_eq!((parked[0].stream.as_str(), parked[0].version), ("cafe.order-o1", 2));
    assert!(parked[0].reason.contains("boiled"), "{parked:#?}");
    worker.stop().await;
}

#[tokio::test]
async fn an_event_that_the_log_lost_waits_for_a_person_alone() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let written = world.order("o1").await;
    engine.wait_for(OrderStatus::NAME, written, PATIENCE).await.unwrap();
    worker.stop().await;
    let stream = StreamName::new(Order::CATEGORY, "o1");
    let mut lost = world.log.read_stream(&stream, 1, 1).await.unwrap().remove(0);
    (lost.version, lost.position) = (9, Position::START);
    let hold = Hold::Retry { after: std::time::Duration::ZERO, reason: "again".to_owned() };
    park(&world.pool.get().await.unwrap(), OrderStatus::NAME, &lost.place(), &hold).await.unwrap();
    let worker = Worker::of::<OrderStatus>(&engine).await;
    until("it is poison", || async { parked(&world).await[0].state == "poison" }).await;
    let end = world.order("o2").await;
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    assert!(parked(&world).await[0].reason.contains("not have this event"));
    worker.stop().await;
}
