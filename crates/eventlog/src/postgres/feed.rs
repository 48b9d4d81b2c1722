//! How subscribers hear of new events: from memory, when this process wrote them or its listener has
//! read what others wrote, and from the table whenever there is a gap.

mod listener;

pub(super) use listener::listen;

use super::rows;
use crate::{Delivery, Position, RecordedEvent, postgres::rows::at};
use deadpool_postgres::Pool;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    time::sleep,
};

/// Batches kept for subscribers that are a little behind; one further behind reads the table.
const KEPT_BATCHES: usize = 256;
/// Events read from the table at once.
const PAGE: i64 = 1000;

/// What is new.
#[derive(Clone, Debug)]
enum News {
    /// These events, contiguous.
    Stored(Arc<Vec<Arc<RecordedEvent>>>),
    /// The log reaches up to here.
    Head(u64),
}

/// The channel from the writer and the listener to every subscriber of this process.
#[derive(Debug)]
pub(super) struct Feed {
    news: broadcast::Sender<News>,
    mark: Mutex<Mark>,
    /// Where the log is known to end: what the listener is to look at.
    heads: watch::Sender<u64>,
}

#[derive(Debug)]
struct Mark {
    /// Everything up to here was passed on.
    passed: u64,
    /// The writer is about to pass on everything up to here.
    expected: u64,
}

impl Feed {
    pub(super) fn new(head: Position) -> Self {
        let mark = Mutex::new(Mark { passed: head.commit, expected: 0 });
        let (news, heads) = (broadcast::Sender::new(KEPT_BATCHES), watch::Sender::new(0));
        Self { news, mark, heads }
    }

    /// Passes on what is stored: contiguous, in order, committed. Whatever other processes have stored
    /// before, and nobody has heard of, is read first.
    pub(super) fn publish(&self, events: Vec<Arc<RecordedEvent>>) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        let (first, last) = (first.position.commit, last.position.commit);
        let mut mark = self.mark();
        if first <= mark.passed + 1 {
            mark.passed = mark.passed.max(last);
            // No subscriber is not an error.
            let _ = self.news.send(News::Stored(Arc::new(events)));
        } else {
            mark.expected = 0;
            drop(mark);
            self.reached(last);
        }
    }

    /// This process is about to store up to here: its own notification is no news.
    pub(super) fn expect(&self, head: u64) {
        self.mark().expected = head;
    }

    /// What was expected may not have come: the next notification counts.
    pub(super) fn forget(&self) {
        self.mark().expected = 0;
    }

    /// The log is known to reach up to here.
    fn reached(&self, head: u64) {
        self.heads.send_modify(|known| *known = head.max(*known));
    }

    /// After which position nobody has heard of anything, if the log reaching `head` is news.
    fn unheard(&self, head: u64) -> Option<u64> {
        let mut mark = self.mark();
        if head <= mark.passed.max(mark.expected) {
            return None;
        }
        if self.news.receiver_count() == 0 {
            mark.passed = head;
            return None;
        }
        Some(mark.passed)
    }

    /// Lets those who want it read everything up to here for themselves.
    fn point_at(&self, head: u64) {
        let mut mark = self.mark();
        mark.passed = mark.passed.max(head);
        let _ = self.news.send(News::Head(head));
    }

    fn mark(&self) -> MutexGuard<'_, Mark> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscription's task.
pub(super) struct Follower {
    pool: Pool,
    feed: Arc<Feed>,
    /// Delivered, or not wanted, up to here.
    at: u64,
    categories: Vec<String>,
    deliver: mpsc::Sender<Delivery>,
}

/// The subscriber is gone.
struct Gone;

impl Follower {
    pub(super) fn new(
        pool: Pool,
        feed: Arc<Feed>,
        after: Position,
        categories: Vec<String>,
        deliver: mpsc::Sender<Delivery>,
    ) -> Self {
        let at = after.commit;
        Self { pool, feed, at, categories, deliver }
    }

    pub(super) async fn run(mut self) {
        // Listening starts before reading, so that nothing falls between the two.
        let mut news = self.feed.news.subscribe();
        while self.step(&mut news).await.is_ok() {}
    }

    /// Reads the table to its end, then follows what is told until there is a gap.
    async fn step(&mut self, news: &mut broadcast::Receiver<News>) -> Result<(), Gone> {
        self.catch_up().await?;
        self.send(Delivery::CaughtUp).await?;
        loop {
            match news.recv().await {
                Ok(News::Stored(events)) if self.continues(&events) => {
                    self.deliver(&events).await?
                }
                Ok(News::Stored(_)) | Err(broadcast::error::RecvError::Lagged(_)) => return Ok(()),
                Ok(News::Head(head)) if head <= self.at => {}
                Ok(News::Head(_)) => self.catch_up().await?,
                Err(broadcast::error::RecvError::Closed) => return Err(Gone),
            }
        }
    }

    fn continues(&self, events: &[Arc<RecordedEvent>]) -> bool {
        events.first().is_none_or(|first| first.position.commit <= self.at + 1)
    }

    async fn catch_up(&mut self) -> Result<(), Gone> {
        let mut pause = Duration::from_millis(50);
        loop {
            match rows::after(&self.pool, self.at, PAGE).await {
                Ok(page) => {
                    let more = page.len() as i64 == PAGE;
                    let events: Vec<_> = page.into_iter().map(Arc::new).collect();
                    self.deliver(&events).await?;
                    if !more {
                        return Ok(());
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a subscription cannot read the log");
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// Delivers what is new of `events` and wanted.
    async fn deliver(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), Gone> {
        let fresh = events.iter().skip_while(|event| event.position.commit <= self.at);
        let wanted: Vec<_> = fresh.filter(|event| self.wants(event)).cloned().collect();
        let Some(last) = events.last() else {
            return Ok(());
        };
        if last.position.commit <= self.at {
            return Ok(());
        }
        self.at = last.position.commit;
        let ends_here = wanted.last().is_some_and(|event| event.position == last.position);
        if !wanted.is_empty() {
            self.send(Delivery::Events(wanted)).await?;
        }
        if ends_here {
            return Ok(());
        }
        self.send(Delivery::Checkpoint(at(self.at as i64))).await
    }

    fn wants(&self, event: &RecordedEvent) -> bool {
        let category = event.stream.category();
        self.categories.is_empty() || self.categories.iter().any(|wanted| wanted == category)
    }

    async fn send(&self, delivery: Delivery) -> Result<(), Gone> {
        self.deliver.send(delivery).await.map_err(|_| Gone)
    }
}
