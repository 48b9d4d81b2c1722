//! Each event shows exactly once, whoever is killed, paused or in each other's way.

use crate::harness::{PATIENCE, Tally, Worker, World, pool, until, working};
use crate::rebuild::differing;
use domain::cafe::order::{self, Order};
use eventlog::{EventLog, consumer::Consumers};
use projections::{ReadModel, cafe::order_status::OrderStatus};
use std::{path::PathBuf, time::Duration};
use support::proxy::{Proxy, Upstream};
use tokio_postgres::config::Host;

const ORDERS: usize = 150;

async fn place_orders(world: &World, prefix: &str) {
    for number in 0..ORDERS {
        let id = format!("{prefix}{number}");
        world.order(&id).await;
        world.append::<Order>(&id, 2, &[order::Event::OrderAccepted]).await;
    }
}

async fn all_show_once(world: &World) {
    let end = world.log.end().await.unwrap();
    let reader = world.engine(99);
    // In between, nobody may hold the lease.
    until("all is folded", || async { reader.wait_for(Tally::NAME, end, PATIENCE).await.is_ok() })
        .await;
    assert_eq!(world.count("select count(*) from test.tally where events <> 3").await, 0);
    assert_eq!(differing::<Tally>(&world.engine(99)).await, [""; 0]);
}

#[tokio::test]
async fn a_view_follows_the_log() {
    let world = World::new().await;
    let engine = world.engine(1);
    let before = world.order("before").await;
    let worker = Worker::of::<OrderStatus>(&engine).await;
    engine.wait_for(OrderStatus::NAME, before, PATIENCE).await.unwrap();
    let after = world.order("after").await;
    engine.wait_for(OrderStatus::NAME, after, PATIENCE).await.unwrap();
    for id in ["before", "after"] {
        let row = world.row::<OrderStatus>(id).await.unwrap();
        assert_eq!(row.status.0, order::Status::PaySuccess);
    }
    worker.stop().await;
    let state = Consumers::new(world.pool.clone()).state(OrderStatus::NAME).await.unwrap().unwrap();
    assert_eq!((state.owner, state.position), (None, after));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_lose_and_double_nothing() {
    let world = World::new().await;
    let kills = async {
        for round in 0..12 {
            let (one, other) = (world.engine(2 * round), world.engine(2 * round + 1));
            let workers = (Worker::of::<Tally>(&one).await, Worker::of::<Tally>(&other).await);
            let seen = world.count("select coalesce(sum(events), 0)::bigint from test.tally").await;
            let select = "select coalesce(sum(events), 0)::bigint from test.tally";
            until("some worker folds", || async {
                world.count(select).await > seen || seen == 3 * ORDERS as i64
            })
            .await;
            workers.0.kill().await;
            workers.1.kill().await;
        }
    };
    tokio::join!(kills, place_orders(&world, "o"));
    let last = world.engine(100);
    let worker = Worker::of::<Tally>(&last).await;
    all_show_once(&world).await;
    worker.stop().await;
}

/// Two processes that are configured as the same owner take the lease from each other all the time.
#[tokio::test(flavor = "multi_thread")]
async fn workers_that_fight_for_the_lease_double_nothing() {
    let world = World::new().await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(Worker::of::<Tally>(&world.engine(1)).await);
    }
    place_orders(&world, "o").await;
    all_show_once(&world).await;
    for worker in workers {
        worker.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_worker_that_lost_its_lease_cannot_write() {
    let world = World::new().await;
    let proxy = Proxy::start(server(&world)).await;
    let paused = world.engine_on(pool(&through(&proxy, &world)), 1);
    let first = Worker::of::<Tally>(&paused).await;
    let position = world.order("o1").await;
    paused.wait_for(Tally::NAME, position, PATIENCE).await.unwrap();

    proxy.black_hole();
    world.append::<Order>("o1", 2, &[order::Event::OrderAccepted]).await;
    let other = world.engine(2);
    let second = Worker::of::<Tally>(&other).await;
    working::<Tally>(&other).await;
    place_orders(&world, "while-paused").await;
    proxy.pass();
    place_orders(&world, "afterwards").await;
    all_show_once(&world).await;
    second.stop().await;

    let position = world.order("o2").await;
    paused.wait_for(Tally::NAME, position, PATIENCE).await.unwrap();
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_after_its_database_was_away() {
    let world = World::new().await;
    let proxy = Proxy::start(server(&world)).await;
    let engine = world.engine_on(pool(&through(&proxy, &world)), 1);
    let worker = Worker::of::<Tally>(&engine).await;
    working::<Tally>(&engine).await;
    proxy.refuse();
    place_orders(&world, "o").await;
    until("it says so", || async {
        matches!(engine.local(Tally::NAME).condition, projections::Condition::Degraded(_))
    })
    .await;
    proxy.pass();
    all_show_once(&world).await;
    worker.stop().await;
}

#[tokio::test]
async fn another_takes_over_when_the_first_is_gone() {
    let world = World::new().await;
    let (one, other) = (world.engine(1), world.engine(2));
    let first = Worker::of::<Tally>(&one).await;
    working::<Tally>(&one).await;
    let second = Worker::of::<Tally>(&other).await;
    until("the second stands by", || async {
        other.local(Tally::NAME).condition == projections::Condition::Standby
    })
    .await;
    first.kill().await;
    let position = world.order("o1").await;
    tokio::time::timeout(
        crate::harness::SHORT_LEASE + Duration::from_secs(1),
        other.wait_for(Tally::NAME, position, PATIENCE),
    )
    .await
    .expect("within the lease and a second")
    .unwrap();
    second.stop().await;
}

fn server(world: &World) -> Upstream {
    let config = world.config();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match &config.get_hosts()[0] {
        Host::Unix(folder) => {
            Upstream::from(PathBuf::from(folder).join(format!(".s.PGSQL.{port}")))
        }
        Host::Tcp(host) => Upstream::from(std::net::SocketAddr::new(host.parse().unwrap(), port)),
    }
}

fn through(proxy: &Proxy, world: &World) -> tokio_postgres::Config {
    let direct = world.config();
    let mut config = tokio_postgres::Config::new();
    config.host(proxy.address().ip().to_string()).port(proxy.address().port());
    config.user(direct.get_user().unwrap()).dbname(direct.get_dbname().unwrap());
    config
}
