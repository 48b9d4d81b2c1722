//! The log as a file: between engines, cut off, damaged, and into a log that has other events.

use crate::store::{PATIENCE, Store, append, fill as fill_stream};
use eventlog::{
    Delivery, EventLog, ExpectedVersion, Position, RecordedEvent,
    archive::{ArchiveError, Header, Reader, TableRow, Writer, fill},
};
use serde_json::{Map, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

/// More than stand between two checksums.
const MANY: usize = 12_345;

async fn all(log: &Arc<dyn EventLog>) -> Vec<RecordedEvent> {
    let mut deliveries = log.subscribe(Position::START, Vec::new());
    let mut events = Vec::new();
    loop {
        match timeout(PATIENCE, deliveries.next()).await.unwrap().unwrap() {
            Delivery::Events(more) => events.extend(more.iter().map(|event| (**event).clone())),
            Delivery::Checkpoint(_) => {}
            Delivery::CaughtUp => return events,
        }
    }
}

/// All but where they are.
fn unplaced(events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
    let unplaced = |event| RecordedEvent { position: Position::START, ..event };
    events.into_iter().map(unplaced).collect()
}

fn header() -> Header {
    Header::new(Uuid::from_u128(1), "2026-01-02T03:04:05Z".parse().unwrap())
}

/// Some streams, of which one has appends of several events.
async fn some(store: &Store) -> Arc<dyn EventLog> {
    let log = store.open().await;
    for id in ["1", "2"] {
        fill_stream(&log, store, &store.stream(id), 5).await;
        let events = store.events(&format!("several {id}"), 3);
        append(&log, &store.stream(id), ExpectedVersion::Exact(4), events).await.unwrap();
    }
    log
}

async fn archived(log: &Arc<dyn EventLog>, file: &Path) -> (u64, u64) {
    let mut writer = Writer::open(file, &header()).unwrap();
    for event in all(log)
        .await
        .iter()
        .filter(|event| event.position > writer.last())
        .cloned()
        .collect::<Vec<_>>()
    {
        writer.event(&event).unwrap();
    }
    let row = Map::from_iter([("name".to_owned(), json!("x"))]);
    writer.row(TableRow { table: "some.table".to_owned(), row }).unwrap();
    writer.finish().unwrap()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moves_from_engine_to_engine_and_back() {
    let (first, second, third) =
        (Store::postgres().await, Store::stand_in().await, Store::postgres().await);
    let (log, folder) = (some(&first).await, Folder::new());
    let (there, back) = (folder.file("there"), folder.file("back"));
    assert_eq!(archived(&log, &there).await, (16, 1));
    let (on_stand_in, again) = (second.open().await, third.open().await);
    let filled = fill(&*on_stand_in, &there, &[], &mut |_| {}).await.unwrap();
    assert_eq!((filled.events, filled.appended), (16, 16));
    archived(&on_stand_in, &back).await;
    fill(&*again, &back, &[], &mut |_| {}).await.unwrap();
    assert_eq!(unplaced(all(&on_stand_in).await), unplaced(all(&log).await));
    assert_eq!(all(&again).await, all(&log).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn says_where_each_position_of_the_old_log_is_in_the_new_one() {
    let (from, to, folder) = (Store::postgres().await, Store::stand_in().await, Folder::new());
    let (log, new) = (some(&from).await, to.open().await);
    archived(&log, &folder.file("a")).await;
    let old: Vec<_> = all(&log).await.iter().map(|event| event.position).collect();
    let beyond = Position { commit: 1000, prepare: 1000 };
    let asked: Vec<_> = [&[Position::START], &old[..], &[beyond]].concat();
    let filled = fill(&*new, &folder.file("a"), &asked, &mut |_| {}).await.unwrap();
    let now: Vec<_> = all(&new).await.iter().map(|event| event.position).collect();
    let found: Vec<_> = asked.iter().map(|old| filled.position(*old).unwrap()).collect();
    let last = *now.last().unwrap();
    assert_eq!(found, [&[Position::START], &now[..], &[last]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_interrupted_goes_on() {
    let (from, to, folder) = (Store::stand_in().await, Store::postgres().await, Folder::new());
    let log = from.open().await;
    for id in 0..MANY / 5 {
        let events = from.events(&format!("{id}"), 5);
        let stream = from.stream(&id.to_string());
        append(&log, &stream, ExpectedVersion::NoStream, events).await.unwrap();
    }
    let (whole, cut) = (folder.file("whole"), folder.file("cut"));
    archived(&log, &whole).await;
    // Wherever it is cut off, continuing gives the same file.
    let bytes = fs::read(&whole).unwrap();
    for length in [0, 10, 500, bytes.len() / 2, bytes.len() - 500, bytes.len() - 1] {
        fs::write(&cut, &bytes[..length]).unwrap();
        if length > 0 {
            assert!(matches!(
                Reader::check(&cut),
                Err(ArchiveError::CutOff { .. } | ArchiveError::Damaged { .. })
            ));
        }
        archived(&log, &cut).await;
        assert!(fs::read(&cut).unwrap() == bytes, "cut off at {length}");
    }
    assert!(matches!(Writer::open(&whole, &header()), Err(ArchiveError::Complete { .. })));
    // An import that got half of it.
    let new = to.open().await;
    for event in all(&log).await.chunks(5).take(400) {
        let events = from.events(event[0].stream.id(), 5);
        append(&new, &event[0].stream, ExpectedVersion::NoStream, events).await.unwrap();
    }
    let filled = fill(&*new, &whole, &[], &mut |_| {}).await.unwrap();
    assert_eq!((filled.events, filled.appended), (MANY as u64, MANY as u64 - 2000));
    let filled = fill(&*new, &whole, &[], &mut |_| {}).await.unwrap();
    assert_eq!((filled.events, filled.appended), (MANY as u64, 0));
    assert_eq!(unplaced(all(&new).await), unplaced(all(&log).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_is_refused_before_anything_is_stored() {
    let (from, to, folder) = (Store::postgres().await, Store::postgres().await, Folder::new());
    let (log, new, file) = (some(&from).await, to.open().await, folder.file("a"));
    archived(&log, &file).await;
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    let without = |gone: usize| {
        let kept = lines.iter().enumerate().filter(|(line, _)| *line != gone);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let changed = whole.replacen("\"index\":2", "\"index\":3", 1);
    let others = [without(0), without(3), changed, "no archive\n".to_owned(), String::new()];
    for text in others {
        fs::write(&file, &text).unwrap();
        let refused = fill(&*new, &file, &[], &mut |_| {}).await.unwrap_err();
        assert!(
            matches!(refused, ArchiveError::Damaged { .. } | ArchiveError::CutOff { .. }),
            "{refused:?}"
        );
    }
    assert_eq!(new.end().await.unwrap(), Position::START);
    // Nor is a file that is something else written over.
    fs::write(&file, "a letter\nto somebody\n").unwrap();
    assert!(matches!(Writer::open(&file, &header()), Err(ArchiveError::Damaged { .. })));
    assert_eq!(fs::read_to_string(&file).unwrap(), "a letter\nto somebody\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_other_events_is_left_alone() {
    let (from, to, folder) = (Store::postgres().await, Store::postgres().await, Folder::new());
    let (log, new) = (some(&from).await, some(&to).await);
    archived(&log, &folder.file("a")).await;
    let before = all(&new).await;
    let refused = fill(&*new, &folder.file("a"), &[], &mut |_| {}).await.unwrap_err();
    assert!(matches!(refused, ArchiveError::OtherLog { number: 1, .. }), "{refused:?}");
    assert_eq!(all(&new).await, before);
}
