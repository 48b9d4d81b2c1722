//! Facts that this program handles wrong: each waits with its stream, and nothing else does.

use crate::{
    reactor::{Running, caught_up, eventually, opened},
    world::{World, coffee, meta},
};
use async_trait::async_trait;
use commands::{
    Error, Meta,
    cafe::Cafe,
    notices::{Channel, Notice},
    reactor::{Reaction, Reactive},
};
use domain::{
    Context, Event, Fact,
    cafe::{self, policies::Ask},
};
use eventlog::{
    RecordedEvent, StreamName,
    consumer::{Consumers, Hold, ParkedEvents, park},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

const REACTOR: &str = "reactor.cafe";

/// The café with mistakes in it, until they are mended.
struct Clumsy {
    cafe: Cafe,
    mended: AtomicBool,
}

impl Clumsy {
    fn new(world: &World) -> Arc<Self> {
        Arc::new(Self { cafe: world.cafe.clone(), mended: AtomicBool::new(false) })
    }

    fn errs(&self, id: &str, mistake: &str) -> bool {
        id == mistake && !self.mended.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Reactive for Clumsy {
    type Ask = Ask;

    fn context(&self) -> Context {
        Context::Cafe
    }

    async fn react(&self, fact: &Fact<Event>, request: Uuid) -> Result<Reaction<Ask>, Error> {
        assert!(!self.errs(&fact.of, "panics"), "a mistake in a policy");
        let mut reaction = self.cafe.react(fact, request).await?;
        let is_order = matches!(fact.event, Event::Cafe(cafe::Event::Order(_)));
        if is_order && self.errs(&fact.of, "unstorable") {
            reaction.notices.push(Notice {
                fact_id: fact.id,
                channel: Channel::Sms,
                recipient: domain::testing::personal("010-1234-5678"),
                body: "no text of PostgreSQL: \0".to_owned(),
            });
        }
        Ok(reaction)
    }

    async fn perform(&self, ask: &Ask, meta: &Meta) -> Result<Vec<Fact<Event>>, Error> {
        let stumbles =
            matches!(ask, Ask::Ticket { id, .. } if self.errs(id.as_str(), "panics-later"));
        assert!(!stumbles, "a mistake in what a policy asks");
        self.cafe.perform(ask, meta).await
    }
}

async fn order(world: &World, id: &str, command: u128) {
    world.cafe.place(coffee(id), &meta(command)).await.unwrap();
}

/// Stream, version, state and reason of what is parked.
async fn parked(world: &World) -> Vec<(String, u64, String, String)> {
    let all = ParkedEvents::new(world.pool.clone()).all().await.unwrap();
    let told = all.into_iter();
    told.map(|one| (one.stream.to_string(), one.version, one.state, one.reason)).collect()
}

async fn retry(world: &World, stream: &str) -> bool {
    let table = ParkedEvents::new(world.pool.clone());
    table.retry(REACTOR, &StreamName::stored(stream)).await.unwrap()
}

#[tokio::test]
async fn a_panic_parks_its_stream_and_nothing_else() {
    let world = World::new().await;
    let clumsy = Clumsy::new(&world);
    order(&world, "panics", 1).await;
    order(&world, "panics-later", 2).await;
    order(&world, "good", 3).await;
    let running = Running::with(&world, clumsy.clone());
    opened(&world, "good").await;
    caught_up(&world, world.log.end().await.unwrap()).await;
    let told = parked(&world).await;
    let told: Vec<_> = told
        .iter()
        .map(|(of, version, state, reason)| {
            (of.as_str(), *version, state.as_str(), reason.as_str())
        })
        .collect();
    let behind = "an earlier event of the stream is parked";
    assert_eq!(
        told,
        [
            ("cafe.order-panics", 0, "poison", "panicked: a mistake in a policy"),
            ("cafe.order-panics", 1, "behind", behind),
            ("cafe.order-panics-later", 1, "poison", "panicked: a mistake in what a policy asks"),
        ]
    );

    clumsy.mended.store(true, Ordering::SeqCst);
    assert!(retry(&world, "cafe.order-panics").await);
    assert!(retry(&world, "cafe.order-panics-later").await);
    opened(&world, "panics").await;
    opened(&world, "panics-later").await;
    eventually("nothing is parked", async || parked(&world).await.is_empty()).await;
    running.stop().await;
}

#[tokio::test]
async fn what_the_database_refuses_parks_its_stream_and_nothing_else() {
    let world = World::new().await;
    let clumsy = Clumsy::new(&world);
    for (command, id) in (1..).zip(["good", "unstorable", "last"]) {
        order(&world, id, command).await;
    }
    let end = world.log.end().await.unwrap();
    let running = Running::with(&world, clumsy.clone());
    caught_up(&world, end).await;
    opened(&world, "good").await;
    opened(&world, "last").await;
    let refused = |told: &[(String, u64, String, String)]| {
        assert_eq!((told[0].0.as_str(), told[0].1), ("cafe.order-unstorable", 0));
        assert_eq!(told[0].2, "poison");
        assert!(told[0].3.contains("0x00"), "{told:?}");
        assert!(told[1..].iter().all(|one| one.0 == told[0].0 && one.2 == "behind"), "{told:?}");
    };
    refused(&parked(&world).await);

    assert!(retry(&world, "cafe.order-unstorable").await);
    let attempts = "select count(*) from consumers.parked where attempts > 0 and state = 'poison'";
    eventually("it was tried again", async || count(&world, attempts).await == 1).await;
    refused(&parked(&world).await);
    clumsy.mended.store(true, Ordering::SeqCst);
    assert!(retry(&world, "cafe.order-unstorable").await);
    eventually("nothing is parked", async || parked(&world).await.is_empty()).await;
    opened(&world, "unstorable").await;
    running.stop().await;
}

/// As it is when the one before is skipped while a new event arrives.
#[tokio::test]
async fn an_event_behind_nothing_is_tried() {
    let world = World::new().await;
    order(&world, "o1", 1).await;
    let events = world.log.read_stream(&StreamName::stored("cafe.order-o1"), 1, 1).await.unwrap();
    park_and_pass(&world, &events[0], &Hold::Behind).await;
    let running = Running::with(&world, Clumsy::new(&world));
    opened(&world, "o1").await;
    eventually("nothing is parked", async || parked(&world).await.is_empty()).await;
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_the_log_lost_waits_for_a_person_alone() {
    let world = World::new().await;
    order(&world, "o1", 1).await;
    let events = world.log.read_stream(&StreamName::stored("cafe.order-o1"), 0, 1).await.unwrap();
    let lost = RecordedEvent { stream: StreamName::stored("cafe.order-lost"), ..events[0].clone() };
    let hold = Hold::Retry { after: std::time::Duration::ZERO, reason: "again".to_owned() };
    park_and_pass(&world, &lost, &hold).await;
    let running = Running::with(&world, Clumsy::new(&world));
    order(&world, "o2", 2).await;
    opened(&world, "o2").await;
    let state = async || parked(&world).await.into_iter().next().map(|one| one.2);
    eventually("it is poison", async || state().await.as_deref() == Some("poison")).await;
    running.stop().await;
}

/// As if the reactor had come to the log's end and parked this one event.
async fn park_and_pass(world: &World, event: &RecordedEvent, hold: &Hold) {
    Consumers::new(world.pool.clone()).register(&[REACTOR]).await.unwrap();
    let client = world.pool.get().await.unwrap();
    park(&client, REACTOR, &event.place(), hold).await.unwrap();
    let end = world.log.end().await.unwrap();
    let pass = "update consumers.checkpoints set commit_position = $1, prepare_position = $2";
    client.execute(pass, &[&(end.commit as i64), &(end.prepare as i64)]).await.unwrap();
}

async fn count(world: &World, select: &str) -> i64 {
    world.pool.get().await.unwrap().query_one(select, &[]).await.unwrap().get(0)
}
