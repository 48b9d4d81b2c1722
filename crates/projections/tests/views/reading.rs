//! Reading, and waiting until what was written shows.

use crate::harness::{PATIENCE, Tally, TallyRow, Worker, World, opened, working};
use chrono::DateTime;
use domain::{
    Context,
    cafe::{menu_item::MenuItem, ticket::Ticket},
};
use eventlog::{EventLog, Position, consumer::Followers};
use futures::{StreamExt, stream::FuturesUnordered};
use projections::{
    Compared, Error, Lookups, NotReached, ReadModel, Then,
    cafe::order_status::OrderStatus,
    query::{self, Page},
    registry, timeline,
};
use std::{collections::BTreeSet, time::Duration};
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_view_that_nobody_keeps_says_so_soon() {
    let world = World::new().await;
    let position = world.order("o1").await;
    let asked =
        world.engine(1).wait_for(OrderStatus::NAME, position, Duration::from_secs(3600)).await;
    assert!(matches!(asked, Err(NotReached::Unowned { at: Position::START, .. })), "{asked:?}");
}

#[tokio::test]
async fn a_position_to_come_is_waited_for_and_no_longer_than_asked() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    working::<OrderStatus>(&engine).await;
    let client = world.pool.get().await.unwrap();
    client
        .batch_execute("begin; lock table cafe.order_status in access exclusive mode")
        .await
        .unwrap();
    let position = world.order("o1").await;
    let asked = engine.wait_for(OrderStatus::NAME, position, SHORT).await;
    assert!(matches!(asked, Err(NotReached::Late { .. })), "{asked:?}");
    client.batch_execute("rollback").await.unwrap();
    engine.wait_for(OrderStatus::NAME, position, PATIENCE).await.unwrap();
    worker.stop().await;
}

#[tokio::test]
async fn a_position_that_never_was_is_not_waited_for() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let end = world.order("o1").await;
    let beyond = Position { commit: end.commit + 1, prepare: end.prepare + 1 };
    let asked = engine.wait_for(OrderStatus::NAME, beyond, Duration::from_secs(3600)).await;
    assert!(matches!(asked, Err(NotReached::Beyond { end: at }) if at == end), "{asked:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_process_without_workers_waits_for_those_of_another() {
    let world = World::new().await;
    let (keeper, reader) = (world.engine(1), world.engine(2));
    let worker = Worker::of::<OrderStatus>(&keeper).await;
    working::<OrderStatus>(&keeper).await;
    for number in 0..5 {
        let id = format!("o{number}");
        let position = world.order(&id).await;
        reader.wait_for(OrderStatus::NAME, position, PATIENCE).await.unwrap();
        assert!(world.row::<OrderStatus>(&id).await.is_some());
    }
    worker.stop().await;
}

/// A command on a ticket answers with a position that the orders' view reaches as well.
#[tokio::test]
async fn positions_of_other_categories_are_reached() {
    let world = World::new().await;
    let (keeper, reader) = (world.engine(1), world.engine(2));
    let worker = Worker::of::<OrderStatus>(&keeper).await;
    working::<OrderStatus>(&keeper).await;
    let position = world.append::<Ticket>("t1", 0, &[opened()]).await;
    keeper.wait_for(OrderStatus::NAME, position, PATIENCE).await.unwrap();
    reader.wait_for(OrderStatus::NAME, position, PATIENCE).await.unwrap();
    worker.stop().await;
}

#[tokio::test]
async fn those_who_ask_together_are_each_answered_for_themselves() {
    let world = World::new().await;
    let rows =
        "insert into test.tally select 'o' || number, number from generate_series(1, 700) number;
                alter table test.tally alter events drop not null;
                insert into test.tally values ('bad', null)";
    world.pool.get().await.unwrap().batch_execute(rows).await.unwrap();
    let lookups = Lookups::new(world.pool.clone());
    let ask = async |number: i64| match number {
        0 => {
            let bad = lookups.get::<Tally>("bad").await;
            assert!(matches!(bad.as_ref().map_err(|error| &**error), Err(Error::Database(_))));
        }
        number => {
            // Some ask for the same.
            let even = number - number % 2;
            let id = format!("o{even}");
            let found = lookups.get::<Tally>(&id).await.unwrap();
            let row = TallyRow { id, events: even };
            assert_eq!(found, (1..=700).contains(&even).then_some(row));
        }
    };
    let asking: FuturesUnordered<_> = (0..1000).map(ask).collect();
    asking.collect::<Vec<()>>().await;
}

#[tokio::test]
async fn a_lookup_that_fails_fails_for_all_who_share_it_and_not_for_the_next() {
    let world = World::new().await;
    let lookups = Lookups::new(world.pool.clone());
    let client = world.pool.get().await.unwrap();
    client.batch_execute("alter table test.tally rename to elsewhere").await.unwrap();
    let asking: FuturesUnordered<_> =
        (0..50).map(async |_| lookups.get::<Tally>("o1").await.is_err()).collect();
    assert!(asking.all(async |failed| failed).await);
    client.batch_execute("alter table test.elsewhere rename to tally").await.unwrap();
    assert_eq!(lookups.get::<Tally>("o1").await.unwrap(), None);
}

#[tokio::test]
async fn lists_are_filtered_and_come_page_by_page() {
    let world = World::new().await;
    let engine = world.engine(1);
    let worker = Worker::of::<OrderStatus>(&engine).await;
    let mut end = Position::START;
    for id in ["b", "a", "C", "d-1", "d.1"] {
        end = world.order(id).await;
    }
    engine.wait_for(OrderStatus::NAME, end, PATIENCE).await.unwrap();
    let mut page =
        Page { filters: vec![("customerId".into(), "c1".into())], limit: 2, ..Page::default() };
    let mut found = Vec::new();
    loop {
        let rows = query::list::<OrderStatus>(&world.pool, &page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page.after = Some(last.order_id.clone());
        found.extend(rows.into_iter().map(|row| row.order_id));
    }
    assert_eq!(found, ["C", "a", "b", "d-1", "d.1"]);

    page.after = None;
    page.filters.push(("status".into(), "made".into()));
    assert_eq!(query::list::<OrderStatus>(&world.pool, &page).await.unwrap(), []);
    page.filters = vec![("price".into(), "2000".into())];
    assert!(matches!(
        query::list::<OrderStatus>(&world.pool, &page).await,
        Err(Error::UnknownFilter { .. })
    ));
    worker.stop().await;
}

#[tokio::test]
async fn all_views_of_a_context_are_kept_and_compare() {
    let world = World::new().await;
    let engine = world.engine(1);
    let stop = CancellationToken::new();
    let mut workers = engine.start(&[Context::Cafe], &stop);
    world.order("o1").await;
    world.append::<Ticket>("o1", 0, &[opened()]).await;
    let price = domain::cafe::menu_item::Event::PriceSet { price: domain::Won::new(2000).unwrap() };
    world.append::<MenuItem>("아이스 아메리카노", 0, &[price]).await;
    let end = world.log.end().await.unwrap();
    let of_the_cafe = |name: &str| name.starts_with("cafe.");
    let views: Vec<_> =
        registry::VIEWS.into_iter().filter(|view| of_the_cafe(view.name())).collect();
    for view in &views {
        engine.wait_for(view.name(), end, PATIENCE).await.unwrap();
    }
    for then in [Then::Compare, Then::SwapIfEqual, Then::Swap] {
        for rebuilt in engine.rebuild(&views, then, &mut |_| {}).await.unwrap() {
            assert!(rebuilt.compared.iter().all(Compared::is_equal), "{rebuilt:?}");
            assert_eq!(rebuilt.swapped, then != Then::Compare, "{rebuilt:?}");
        }
    }
    let followers = Followers::new(world.log.clone(), world.pool.clone());
    let standings = followers.standings(DateTime::UNIX_EPOCH).await.unwrap();
    let names: BTreeSet<&str> = standings.followers.iter().map(|one| one.follower()).collect();
    let kept = views.iter().map(|view| view.name()).chain([timeline::NAME]);
    assert_eq!(names, kept.collect());
    stop.cancel();
    while let Some(over) = workers.join_next().await {
        over.unwrap();
    }
    assert!(matches!(registry::named("cafe.nothing"), Err(Error::UnknownView(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_may_migrate_at_the_same_time() {
    let database = support::postgres::Database::create().await;
    let pool = crate::harness::pool(&database.config());
    let migrations = (0..4).map(|_| projections::migrate(&pool));
    for migrated in futures::future::join_all(migrations).await {
        migrated.unwrap();
    }
}
