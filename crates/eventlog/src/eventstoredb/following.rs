//! Subscriptions to `$all`.
//!
//! One task reads the client's subscription and subscribes again when it breaks, from the pair of
//! the last event or checkpoint it has passed on; the client's own retry can run hot for ever. A
//! second task gathers what is ready into deliveries, so that the first never has to drop a half-done
//! `next`, which would close the subscription.
//!
//! Checkpoints of some servers lie: one that is not a position, or not ahead, is passed over. And
//! an event is never skipped on the word of a checkpoint, only when it has been delivered before.

use super::{
    connection::{CallError, Connection},
    encoding::{decode, is_system, sound},
    guard::Guard,
};
use crate::{Delivery, LogError, Position, RecordedEvent, Subscription};
use eventstore::{
    ResolvedEvent, StreamPosition, SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tracing::{debug, warn};

/// The most events in one delivery, and how far the reading task runs ahead of the gathering one.
const BATCH: usize = 512;

/// How many deliveries wait for the subscriber.
const DELIVERIES: usize = 2;

/// How many events the server looks at before it sends a page or a checkpoint. Its own default of
/// 32 makes it slow to find the few that match.
const WINDOW: u32 = 1000;

/// How long the server may take to confirm a subscription.
const CONFIRM_LIMIT: Duration = Duration::from_secs(10);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) fn subscribe(
    connection: Connection,
    after: Position,
    categories: &[String],
) -> Subscription {
    let (items, read) = mpsc::channel(BATCH);
    let (deliveries, gathered) = mpsc::channel(DELIVERIES);
    let follower = Follower {
        connection,
        categories: categories.to_vec(),
        delivered: (after != Position::START).then_some(after),
        told: (after != Position::START).then_some(after),
        resume: (after != Position::START).then_some(after),
        items,
    };
    let task = tokio::spawn(async move {
        // Ends with this task, whichever way that ends.
        let mut reading = JoinSet::new();
        reading.spawn(follower.run());
        gather(read, deliveries).await;
    });
    Subscription::new(gathered, task.abort_handle())
}

/// The categories are not for the server to filter: it would tell only now and then how far it has
/// looked, and until then nobody could know that a view shows all there is up to a position.
fn filter() -> SubscriptionFilter {
    SubscriptionFilter::on_stream_name().max(WINDOW).exclude_system_events()
}

enum Item {
    Event(Arc<RecordedEvent>),
    Checkpoint(Position),
    CaughtUp,
}

/// The subscriber has gone.
struct Unheard;

struct Follower {
    connection: Connection,
    /// What the subscriber asked for; everything when empty.
    categories: Vec<String>,
    /// The last event passed on, or where the subscriber said it was.
    delivered: Option<Position>,
    /// How far the subscriber has been told to be.
    told: Option<Position>,
    /// Where to subscribe again: `delivered`, or a later checkpoint. `None` is the beginning.
    resume: Option<Position>,
    items: Sender<Item>,
}

impl Follower {
    async fn run(mut self) -> Result<(), Unheard> {
        let mut pause = FIRST_PAUSE;
        loop {
            let (begun, resumed) = (Instant::now(), self.resume);
            let error = self.follow().await?;
            if self.resume != resumed || begun.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            warn!(%error, resume = ?self.resume, "a subscription broke; subscribing again");
            if error.is_final() {
                // The server may not take a checkpoint of its own for a position.
                self.resume = self.delivered;
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// One subscription, until it breaks.
    async fn follow(&mut self) -> Result<CallError, Unheard> {
        let begun = Instant::now();
        let lease = match self.connection.lease() {
            Ok(lease) => lease,
            Err(error) => return Ok(error),
        };
        let options = SubscribeToAllOptions::default().filter(filter()).position(self.start());
        let guard = Guard::new();
        let mut subscription = lease.client.subscribe_to_all(&options).await;
        let mut confirmed = false;
        loop {
            let next = guard.run(subscription.next_subscription_event());
            let next = if confirmed {
                next.await
            } else {
                let late = Err(CallError::TimedOut(CONFIRM_LIMIT));
                timeout(CONFIRM_LIMIT, next).await.unwrap_or(late)
            };
            match next.and_then(|next| Ok(next?)) {
                Ok(event) => {
                    confirmed = true;
                    self.pass_on(event).await?;
                }
                Err(error) => {
                    self.connection.note(lease.generation, begun, Some(&error));
                    return Ok(error);
                }
            }
        }
    }

    fn start(&self) -> StreamPosition<eventstore::Position> {
        self.resume.map_or(StreamPosition::Start, |position| {
            StreamPosition::Position(eventstore::Position {
                commit: position.commit,
                prepare: position.prepare,
            })
        })
    }

    async fn pass_on(&mut self, event: SubscriptionEvent) -> Result<(), Unheard> {
        match event {
            SubscriptionEvent::EventAppeared(event) => self.event(event).await,
            SubscriptionEvent::Checkpoint(position) => match sound(position) {
                Some(position) => self.checkpoint(position).await,
                None => Ok(()),
            },
            SubscriptionEvent::CaughtUp => self.send(Item::CaughtUp).await,
            SubscriptionEvent::Confirmed(_)
            | SubscriptionEvent::FirstStreamPosition(_)
            | SubscriptionEvent::LastStreamPosition(_)
            | SubscriptionEvent::LastAllPosition(_)
            | SubscriptionEvent::FellBehind => Ok(()),
        }
    }

    async fn event(&mut self, event: ResolvedEvent) -> Result<(), Unheard> {
        let Some(event) = event.link.or(event.event) else {
            return Ok(());
        };
        let Some(position) = sound(event.position) else {
            return Ok(());
        };
        if Some(position) <= self.delivered {
            debug!(%position, "an event came again");
            return Ok(());
        }
        if is_system(&event) || !self.wants(&event.stream_id) {
            return self.checkpoint(position).await;
        }
        match decode(&event) {
            Ok(event) => {
                self.delivered = Some(position);
                self.told = self.told.max(Some(position));
                self.resume = self.resume.max(Some(position));
                self.send(Item::Event(Arc::new(event))).await
            }
            Err(LogError::Foreign(what)) => {
                warn!(what, "passed over an event of another program");
                self.checkpoint(position).await
            }
            Err(LogError::Unreachable(_)) => Ok(()),
        }
    }

    fn wants(&self, stream: &str) -> bool {
        let category = stream.split_once('-').map_or(stream, |(category, _)| category);
        self.categories.is_empty() || self.categories.iter().any(|wanted| wanted == category)
    }

    async fn checkpoint(&mut self, position: Position) -> Result<(), Unheard> {
        self.resume = self.resume.max(Some(position));
        if Some(position) <= self.told {
            return Ok(());
        }
        self.told = Some(position);
        self.send(Item::Checkpoint(position)).await
    }

    async fn send(&self, item: Item) -> Result<(), Unheard> {
        self.items.send(item).await.map_err(|_| Unheard)
    }
}

/// Until nobody listens.
async fn gather(mut read: Receiver<Item>, deliveries: Sender<Delivery>) {
    let mut items = Vec::with_capacity(BATCH);
    while read.recv_many(&mut items, BATCH).await > 0 {
        for delivery in batches(items.drain(..)) {
            if deliveries.send(delivery).await.is_err() {
                return;
            }
        }
    }
}

/// The same in fewer deliveries, in order.
fn batches(items: impl Iterator<Item = Item>) -> Vec<Delivery> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    for item in items {
        match (item, deliveries.last_mut()) {
            (Item::Event(event), Some(Delivery::Events(events))) => events.push(event),
            (Item::Event(event), _) => deliveries.push(Delivery::Events(vec![event])),
            (Item::Checkpoint(position), Some(Delivery::Checkpoint(last))) => *last = position,
            (Item::Checkpoint(position), _) => deliveries.push(Delivery::Checkpoint(position)),
            (Item::CaughtUp, _) => deliveries.push(Delivery::CaughtUp),
        }
    }
    deliveries
}
