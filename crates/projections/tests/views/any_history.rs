//! Whatever happened, a rebuild leads to the rows and the parked events that live work leads to, also
//! when hardly any row fits into memory.

use crate::harness::{World, until};
use domain::Context;
use eventlog::{
    Position,
    consumer::{Consumers, Parked, ParkedEvents},
    postgres::PostgresLog,
};
use projections::{Compared, Engine, Options, Then, registry::VIEWS};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, TestRunner},
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// From one event to the next, so that few of them are read at once: a rebuild's memory is looked at
/// after each piece of the log that it reads.
const SPACING: i64 = 9_973;
/// Rows that each view's rebuild keeps in memory.
const ROWS_IN_MEMORY: usize = 2;

/// An event of each type that there is, as the golden files have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: i16,
    payload: Value,
}

/// An event of some kind, to one of a few things, about others of them.
#[derive(Clone, Copy, Debug)]
struct Happened {
    kind: usize,
    to: u8,
    about: u8,
}

fn kinds() -> Vec<Kind> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let mut files: Vec<_> = Context::ALL
        .iter()
        .flat_map(|context| fs::read_dir(folder.join(context.name())).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

fn history(kinds: usize) -> impl Strategy<Value = Vec<Happened>> {
    let happened = (0..kinds, 0..9_u8, any::<u8>());
    vec(happened.prop_map(|(kind, to, about)| Happened { kind, to, about }), 150..400)
}

/// The same payload about other things: ids lead to the rows of views that put streams together. Some
/// of it contradicts its stream, and is parked.
fn about(payload: &Value, seed: u8) -> Value {
    let Value::Object(fields) = payload else {
        return payload.clone();
    };
    let other = |(name, value): (&String, &Value)| {
        let is_id = name.ends_with("Id") && value.is_string();
        let value = if is_id { format!("t{}", seed % 9).into() } else { value.clone() };
        (name.clone(), value)
    };
    fields.iter().map(other).collect()
}

/// Puts it on record as the log's writer would, but far apart.
async fn record(world: &World, kinds: &[Kind], history: &[Happened]) {
    let client = world.pool.get().await.unwrap();
    let insert = client
        .prepare(
            "insert into eventlog.events
             values ($1, $2, $3, $4, $5, $6, $7::text::json, $4, $4, null, 'test',
                     'epoch'::timestamptz + $1::int8 * interval '1 second')",
        )
        .await
        .unwrap();
    let mut lengths: HashMap<String, i64> = HashMap::new();
    for (number, happened) in (1..).zip(history) {
        let kind = &kinds[happened.kind];
        let stream = format!("{}-t{}", kind.category, happened.to);
        let length = lengths.entry(stream.clone()).or_default();
        let (position, id) = (number * SPACING, Uuid::from_u128(number as u128));
        let payload = about(&kind.payload, happened.about).to_string();
        let (event_type, version) = (&kind.event_type, kind.schema_version);
        client
            .execute(&insert, &[&position, &stream, &*length, &id, event_type, &version, &payload])
            .await
            .unwrap();
        *length += 1;
    }
    let head = history.len() as i64 * SPACING;
    client.execute("update eventlog.head set position = $1", &[&head]).await.unwrap();
}

/// What is parked, by view and stream, without what only says when.
async fn parked(world: &World) -> BTreeSet<(String, String, u64, String)> {
    let told = |one: Parked| (one.consumer, one.stream.to_string(), one.version, one.state);
    let parked = ParkedEvents::new(world.pool.clone()).all().await.unwrap();
    parked.into_iter().map(told).collect()
}

/// Keeps all views until they have seen everything.
async fn fold_live(world: &World, engine: &Engine, end: Position) {
    let stop = CancellationToken::new();
    let mut workers = engine.start(&Context::ALL, &stop);
    // Who waits for a view is not let through when it has parked events; here they may have.
    let consumers = Consumers::new(world.pool.clone());
    for view in VIEWS {
        until("it has seen everything", || async {
            let state = consumers.state(view.name()).await.unwrap();
            state.is_some_and(|state| state.position >= end)
        })
        .await;
    }
    stop.cancel();
    while let Some(over) = workers.join_next().await {
        over.unwrap();
    }
}

/// The rows of each view.
async fn check(kinds: &[Kind], history: &[Happened]) -> BTreeMap<&'static str, u64> {
    let world = World::new().await;
    record(&world, kinds, history).await;
    let log = Arc::new(PostgresLog::open(world.config()).await.unwrap());
    let rebuild_rows = ROWS_IN_MEMORY * VIEWS.len();
    let options = Options { batch: 50, rebuild_rows, ..Options::default() };
    let engine = Engine::new(log, world.pool.clone(), Uuid::from_u128(1), options);
    let number = history.len() as u64 * SPACING as u64;
    fold_live(&world, &engine, Position { commit: number, prepare: number }).await;
    let (before, mut rows) = (parked(&world).await, BTreeMap::new());
    for rebuilt in engine.rebuild(&VIEWS, Then::SwapIfEqual, &mut |_| {}).await.unwrap() {
        assert!(rebuilt.compared.iter().all(Compared::is_equal), "{rebuilt:?}");
        assert!(rebuilt.swapped, "{rebuilt:?}");
        assert_eq!(rebuilt.compared.map(|found| found.folded as u64), Some(rebuilt.rows));
        rows.insert(rebuilt.view, rebuilt.rows);
    }
    assert_eq!(parked(&world).await, before);
    rows
}

#[test]
fn is_rebuilt_as_it_was_folded_live() {
    let (kinds, runtime) = (kinds(), tokio::runtime::Runtime::new().unwrap());
    let most = Mutex::new(BTreeMap::new());
    let config =
        Config { cases: 6, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    let tried = TestRunner::new(config).run(&history(kinds.len()), |history| {
        let found = runtime.block_on(check(&kinds, &history));
        let mut most = most.lock().unwrap();
        for (view, rows) in found {
            let before = most.entry(view).or_default();
            *before = rows.max(*before);
        }
        Ok(())
    });
    tried.unwrap();
    // Or it would say nothing about rows that do not fit.
    let too_many = |rows: &&u64| **rows > 2 * ROWS_IN_MEMORY as u64;
    let most = most.into_inner().unwrap();
    assert!(most.values().filter(too_many).count() >= 3, "{most:?}");
}
