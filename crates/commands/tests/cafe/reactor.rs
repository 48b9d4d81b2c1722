//! The reactor on a real log: asynchronous, in order, exactly once in effect.

use crate::world::{World, coffee, id, meta};
use commands::{
    cafe::Cafe,
    payment::{Simulator, simulator::Behaviour},
    reactor::{Reactive, Reactor},
};
use domain::cafe::{
    order::{self, Status},
    ticket,
};
use eventlog::{
    Append, ExpectedVersion, Metadata, NewEvent, StreamName,
    consumer::{Consumers, ParkedEvents, Roster},
};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(world: &World, cafe: &Cafe) -> Self {
        Self::with(world, Arc::new(cafe.clone()))
    }

    pub fn with(world: &World, context: Arc<impl Reactive>) -> Self {
        let reactor = Reactor::new(
            context,
            world.log.clone(),
            world.pool.clone(),
            world.parts.clone(),
            Roster::new(world.pool.clone(), Uuid::from_u128(7)),
        );
        let cancel = CancellationToken::new();
        let task = tokio::spawn(reactor.run(cancel.clone()));
        Self { cancel, task }
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

/// Waits, for a bounded time, until an order has a status.
async fn becomes(cafe: &Cafe, order: &str, status: Status) {
    let order = id(order);
    let reached = async {
        while cafe.load_order(&order).await.unwrap().state.status() != status {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(20), reached).await;
    assert!(in_time.is_ok(), "{order} never became {}", status.as_str());
}

#[tokio::test]
async fn a_paid_order_reaches_the_store_and_the_stores_answer_the_customer() {
    let world = World::new().await;
    let running = Running::start(&world, &world.cafe);
    let (order, _) = world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    opened(&world, "o1").await;
    let accept = ticket::Command::Accept;
    world.cafe.ticket(&order, accept, &meta(2)).await.unwrap();
    becomes(&world.cafe, "o1", Status::OrderReceived).await;
    running.stop().await;
}

#[tokio::test]
async fn starting_over_from_the_beginning_changes_nothing() {
    let simulator = Arc::new(Simulator::open(None, Behaviour::default()).unwrap());
    let world = World::with(simulator.clone()).await;
    let running = Running::start(&world, &world.cafe);
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    opened(&world, "o1").await;
    let reject = ticket::Command::Reject { reason: None };
    world.cafe.ticket(&id("o1"), reject, &meta(2)).await.unwrap();
    refunded(&world, "o1").await;
    running.stop().await;
    let end = world.log.end().await.unwrap();

    let client = world.pool.get().await.unwrap();
    let reset = "update consumers.checkpoints set commit_position = 0, prepare_position = 0";
    client.execute(reset, &[]).await.unwrap();
    // A process that has nothing cached.
    let cafe = crate::world::cafe(&world.pool, &world.log, &world.parts, simulator.clone());
    let running = Running::start(&world, &cafe);
    caught_up(&world, end).await;
    running.stop().await;
    assert_eq!(world.log.end().await.unwrap(), end);
    assert_eq!(simulator.charges().unwrap().len(), 1);
}

#[tokio::test]
async fn what_asks_a_paused_part_waits_in_order_and_the_rest_flows() {
    let world = World::new().await;
    let running = Running::start(&world, &world.cafe);
    let follow =
        tokio::spawn(world.parts.clone().follow(world.pool.clone(), running.cancel.clone()));
    commands::parts::pause(&world.pool, "cafe.ticket", "").await.unwrap();
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    let cancel = order::Command::RequestCancel;
    world.cafe.order(&id("o1"), cancel, &meta(2)).await.unwrap();
    let end = world.log.end().await.unwrap();
    caught_up(&world, end).await;
    let parked = ParkedEvents::new(world.pool.clone()).all().await.unwrap();
    let states: Vec<_> = parked.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["waiting", "behind"]);

    commands::parts::resume(&world.pool, "cafe.ticket").await.unwrap();
    becomes(&world.cafe, "o1", Status::OrderCancel).await;
    refunded(&world, "o1").await;
    // The ticket was opened before the wish to cancel was decided.
    assert_eq!(
        types(&world, "cafe.ticket-o1").await,
        ["cafe.TicketOpened", "cafe.OrderCancelConfirmed"]
    );
    running.stop().await;
    follow.await.unwrap();
}

#[tokio::test]
async fn an_event_that_cannot_be_read_parks_its_stream_and_nothing_else() {
    let world = World::new().await;
    append_foreign(&world, "cafe.ticket-bad").await;
    let running = Running::start(&world, &world.cafe);
    world.cafe.place(coffee("o1"), &meta(1)).await.unwrap();
    opened(&world, "o1").await;
    let parked = ParkedEvents::new(world.pool.clone());
    eventually("parked", async || !parked.all().await.unwrap().is_empty()).await;
    let of_bad = parked.all().await.unwrap();
    assert_eq!(of_bad.len(), 1);
    assert_eq!(
        (of_bad[0].stream.as_str(), of_bad[0].state.as_str()),
        ("cafe.ticket-bad", "poison")
    );
    let bad = of_bad[0].stream.clone();
    assert!(parked.skip(&of_bad[0].consumer, &bad, "written by hand").await.unwrap());
    assert!(parked.all().await.unwrap().is_empty());
    running.stop().await;
}

async fn append_foreign(world: &World, stream: &str) {
    let command_id = Uuid::from_u128(99);
    let event = NewEvent {
        id: NewEvent::id_of(command_id, 0),
        event_type: "cafe.NobodyKnows".into(),
        schema_version: 1,
        payload: "null".into(),
        metadata: Metadata {
            command_id,
            correlation_id: command_id,
            causation_id: None,
            actor: "test".into(),
            at: chrono::DateTime::UNIX_EPOCH,
        },
    };
    let stream = StreamName::stored(stream);
    let append = Append::new(stream, ExpectedVersion::NoStream, vec![event]);
    world.log.append(append.unwrap()).await.unwrap();
}

async fn types(world: &World, stream: &str) -> Vec<String> {
    let stream = StreamName::stored(stream);
    let read = world.log.read_stream(&stream, 0, 100);
    read.await.unwrap().into_iter().map(|event| event.event_type).collect()
}

/// Waits, for a bounded time, until a condition holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = timeout(Duration::from_secs(20), reached).await;
    assert!(in_time.is_ok(), "never: {what}");
}

pub async fn opened(world: &World, order: &str) {
    let stream = format!("cafe.ticket-{order}");
    eventually("the ticket is open", async || !types(world, &stream).await.is_empty()).await;
}

async fn refunded(world: &World, order: &str) {
    let stream = format!("cafe.order-{order}");
    let last = async || types(world, &stream).await.last().cloned();
    eventually("refunded", async || last().await.as_deref() == Some("cafe.Refunded")).await;
}

pub async fn caught_up(world: &World, end: eventlog::Position) {
    let consumers = Consumers::new(world.pool.clone());
    eventually("the reactor has caught up", async || {
        let state = consumers.state("reactor.cafe").await.unwrap();
        state.is_some_and(|state| state.position >= end)
    })
    .await;
}
