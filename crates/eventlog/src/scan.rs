//! Reading a stretch of the log in bulk, for whoever folds all of it.

use crate::{Delivery, LogError, Position, RecordedEvent, Subscription};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use tokio::{sync::mpsc, task::AbortHandle};
use uuid::Uuid;

/// How many pages may wait for whoever reads them.
pub(crate) const QUEUED_PAGES: usize = 8;

/// An event that is on record, without what only its writer needs. Borrowed from its [`Page`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedEvent<'a> {
    pub id: Uuid,
    /// The stream's name.
    pub stream: &'a str,
    /// Its place in the stream, counted from 0.
    pub version: u64,
    /// Its place in the log.
    pub position: Position,
    /// `<context>.<Event>`.
    pub event_type: &'a str,
    pub schema_version: u16,
    /// JSON.
    pub payload: &'a str,
    pub at: DateTime<Utc>,
}

/// Pages as an engine reads them, to be looked into event by event.
pub(crate) trait Rows: Send + Sync {
    /// Shows each event, in log order.
    fn each(&self, show: &mut dyn FnMut(ScannedEvent<'_>)) -> Result<(), LogError>;
}

/// Some events in log order. There may be none: then it says how far the log was looked through.
pub struct Page {
    rows: Box<dyn Rows>,
    reached: Position,
}

impl Page {
    pub(crate) fn new(rows: impl Rows + 'static, reached: Position) -> Self {
        Self { rows: Box::new(rows), reached }
    }

    /// Shows each event, in log order. Fails when one cannot be read as an event at all.
    pub fn each(&self, mut show: impl FnMut(ScannedEvent<'_>)) -> Result<(), LogError> {
        self.rows.each(&mut show)
    }

    /// Every wanted event up to here is in this page or in one before it.
    pub fn reached(&self) -> Position {
        self.reached
    }
}

/// A running scan. Dropping it stops the task behind it.
pub struct Scan {
    pages: mpsc::Receiver<Page>,
    task: AbortHandle,
}

impl Scan {
    pub(crate) fn new(pages: mpsc::Receiver<Page>, task: AbortHandle) -> Self {
        Self { pages, task }
    }

    /// What a subscription delivers until it is at `until`, for an engine without a faster way.
    pub(crate) fn of(subscription: Subscription, until: Position) -> Self {
        let (queue, pages) = mpsc::channel(QUEUED_PAGES);
        let task = tokio::spawn(pass_on(subscription, until, queue)).abort_handle();
        Self::new(pages, task)
    }

    /// The next page. `None` after the one that reached the end of the stretch, or when the log was
    /// shut down before.
    pub async fn next(&mut self) -> Option<Page> {
        self.pages.recv().await
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut subscription: Subscription, until: Position, queue: mpsc::Sender<Page>) {
    let mut reached = Position::START;
    while reached < until {
        let page = match subscription.next().await {
            Some(Delivery::Events(mut events)) => {
                reached = events.last().map_or(reached, |last| last.position);
                events.retain(|event| event.position <= until);
                Page::new(events, reached.min(until))
            }
            Some(Delivery::Checkpoint(position)) => {
                reached = position;
                Page::new(Vec::new(), reached.min(until))
            }
            Some(Delivery::CaughtUp) => {
                reached = until;
                Page::new(Vec::new(), until)
            }
            None => return,
        };
        if queue.send(page).await.is_err() {
            return;
        }
    }
}

impl Rows for Vec<Arc<RecordedEvent>> {
    fn each(&self, show: &mut dyn FnMut(ScannedEvent<'_>)) -> Result<(), LogError> {
        for event in self {
            show(ScannedEvent {
                id: event.id,
                stream: event.stream.as_str(),
                version: event.version,
                position: event.position,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                payload: &event.payload,
                at: event.metadata.at,
            });
        }
        Ok(())
    }
}
