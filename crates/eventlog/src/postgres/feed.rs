//! How subscribers hear of new events: from memory when this process wrote them, by `NOTIFY` when
//! another did, and from the table whenever there is a gap.

use super::rows;
use crate::{Delivery, LogError, Position, RecordedEvent, postgres::rows::at};
use deadpool_postgres::Pool;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{broadcast, mpsc},
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket, tls::NoTlsStream};

/// Batches kept for subscribers that are a little behind; one further behind reads the table.
const KEPT_BATCHES: usize = 256;
/// Events read from the table at once.
const PAGE: i64 = 1000;
/// How often the listener asks by itself, in case a notification was lost with a connection.
const ASK_EVERY: Duration = Duration::from_secs(1);

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
    /// The last position that was told.
    told: AtomicU64,
}

impl Feed {
    pub(super) fn new(head: Position) -> Self {
        Self { news: broadcast::Sender::new(KEPT_BATCHES), told: head.commit.into() }
    }

    /// Tells what this process stored: contiguous, in order, committed.
    pub(super) fn publish(&self, events: Vec<Arc<RecordedEvent>>) {
        if let Some(last) = events.last() {
            self.tell(last.position.commit);
            // No subscriber is not an error.
            let _ = self.news.send(News::Stored(Arc::new(events)));
        }
    }

    /// This process is about to store up to here: its own notification is no news.
    pub(super) fn expect(&self, head: u64) {
        self.tell(head);
    }

    /// What was expected may not have come: the next notification counts.
    pub(super) fn forget(&self) {
        self.told.store(0, Ordering::Release);
    }

    /// Tells how far the log reaches, unless that is known.
    fn reached(&self, head: u64) {
        if self.tell(head) {
            let _ = self.news.send(News::Head(head));
        }
    }

    fn tell(&self, head: u64) -> bool {
        self.told.fetch_max(head, Ordering::AcqRel) < head
    }
}

/// Listens for what other processes store, for ever.
pub(super) async fn listen(config: Config, feed: Arc<Feed>) {
    loop {
        if let Err(error) = listen_once(&config, &feed).await {
            tracing::warn!(%error, "the log's listener lost its connection");
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn listen_once(config: &Config, feed: &Feed) -> Result<(), LogError> {
    let connecting = timeout(Duration::from_secs(5), config.connect(NoTls));
    let (client, connection) =
        connecting.await.map_err(LogError::unreachable)?.map_err(LogError::unreachable)?;
    tokio::select! {
        ended = notifications(connection, feed) => ended.map_err(LogError::unreachable),
        ended = ask(&client, feed) => ended,
    }
}

async fn notifications(
    mut connection: Connection<Socket, NoTlsStream>,
    feed: &Feed,
) -> Result<(), tokio_postgres::Error> {
    while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notification(notification) = message?
            && let Ok(head) = notification.payload().parse()
        {
            feed.reached(head);
        }
    }
    Ok(())
}

/// Subscribes, and then keeps asking: this notices a dead connection as well as a lost message.
async fn ask(client: &Client, feed: &Feed) -> Result<(), LogError> {
    let listen = client.batch_execute("listen jangteo_eventlog");
    listen.await.map_err(LogError::unreachable)?;
    loop {
        let head = client.query_one("select position from eventlog.head", &[]);
        let row = timeout(Duration::from_secs(5), head)
            .await
            .map_err(LogError::unreachable)?
            .map_err(LogError::unreachable)?;
        feed.reached(row.get::<_, i64>(0) as u64);
        sleep(ASK_EVERY).await;
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
