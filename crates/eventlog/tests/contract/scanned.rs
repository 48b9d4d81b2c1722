//! What a scan gives, checked as it comes.

use crate::store::PATIENCE;
use chrono::{DateTime, Utc};
use eventlog::{EventLog, Page, Position, RecordedEvent, Scan, ScannedEvent};
use std::sync::Arc;
use tokio::time::timeout;
use uuid::Uuid;

/// A [`ScannedEvent`] that outlives its page.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned {
    pub id: Uuid,
    pub stream: String,
    pub version: u64,
    pub position: Position,
    pub event_type: String,
    pub schema_version: u16,
    pub payload: String,
    pub at: DateTime<Utc>,
}

impl Scanned {
    pub fn of(event: &RecordedEvent) -> Self {
        Self {
            id: event.id,
            stream: event.stream.as_str().to_owned(),
            version: event.version,
            position: event.position,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            payload: event.payload.clone(),
            at: event.metadata.at,
        }
    }
}

impl From<ScannedEvent<'_>> for Scanned {
    fn from(event: ScannedEvent<'_>) -> Self {
        Self {
            id: event.id,
            stream: event.stream.to_owned(),
            version: event.version,
            position: event.position,
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            payload: event.payload.to_owned(),
            at: event.at,
        }
    }
}

/// A stretch of the log.
pub async fn scan(
    log: &Arc<dyn EventLog>,
    after: Position,
    until: Position,
    categories: &[String],
) -> Vec<Scanned> {
    let mut scan = log.scan(after, until, categories.to_vec());
    rest(&mut scan, after, until).await
}

/// What is still to come of a scan that is at `reached`. Positions only grow, each event is in the
/// page that says so, and the last page is at `until`.
pub async fn rest(scan: &mut Scan, mut reached: Position, until: Position) -> Vec<Scanned> {
    let mut scanned = Vec::new();
    while let Some(page) = next(scan).await {
        let mut before = reached;
        page.each(|event| {
            assert!(event.position > before && event.position <= page.reached(), "{event:?}");
            before = event.position;
            scanned.push(Scanned::from(event));
        })
        .unwrap();
        reached = page.reached();
        assert!(reached <= until || scanned.is_empty(), "{reached} is beyond {until}");
    }
    assert!(reached >= until, "it ended at {reached}, before {until}");
    scanned
}

pub async fn next(scan: &mut Scan) -> Option<Page> {
    timeout(PATIENCE, scan.next()).await.expect("a scan goes on")
}
