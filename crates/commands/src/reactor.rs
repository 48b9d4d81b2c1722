//! Feeds facts to policies and executes what they ask, from a checkpoint, at least once. The ids of
//! the commands are made from the fact and the policy, so the effect is exactly once.
//!
//! A fact whose asks cannot be done now is parked with the later facts of its stream; everything
//! else goes on. See [`eventlog::consumer`].

mod handle;
mod inline;
mod one_by_one;
mod reactive;
mod retry;

pub use inline::run_inline;
pub use reactive::{Reaction, Reactive, fire};

use deadpool_postgres::Pool;
use domain::Context;
use eventlog::{
    Delivery, EventLog, Position, RecordedEvent, Subscription,
    consumer::{Consumers, Lease, ParkedEvents, Roster, Seat},
};
use handle::Effects;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How long a reactor may be silent before another takes over.
pub const LEASE: Duration = Duration::from_secs(5);
/// How long the lease is left to another, who has less to do.
const STAND_BACK: Duration = Duration::from_secs(2);
/// Facts handled before the checkpoint moves.
const BATCH: usize = 1024;
/// How long the checkpoint may stay behind, with timers and notices that wait for it.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// How often parked streams are looked at and the lease is renewed.
const TICK: Duration = Duration::from_millis(250);

/// The worker that follows one context.
pub struct Reactor<R: Reactive> {
    context: Arc<R>,
    log: Arc<dyn EventLog>,
    pool: Pool,
    consumers: Consumers,
    parked: ParkedEvents,
    parts: crate::parts::Parts,
    roster: Roster,
}

/// What the names of reactors in checkpoints begin with.
const NAMED: &str = "reactor.";

/// The consumer's name in checkpoints: `reactor.cafe`.
pub fn consumer_name(context: Context) -> String {
    format!("{NAMED}{}", context.name())
}

/// The context of a reactor, by the consumer's name.
pub fn context_of(consumer: &str) -> Option<&str> {
    consumer.strip_prefix(NAMED)
}

/// Why a reactor starts over from its checkpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
    #[error(transparent)]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Lease(#[from] eventlog::consumer::AdvanceError),
    #[error("the lease of {0} is lost")]
    Lost(String),
    #[error("the event log is not available")]
    Log(#[source] eventlog::LogError),
    #[error("the event log was shut down")]
    Closed,
}

impl Interrupted {
    /// Why what a fact leaves behind cannot be stored, when that is what it is about.
    fn refused(&self) -> Option<String> {
        match self {
            Self::Database(error) => eventlog::consumer::refused(error),
            _ => None,
        }
    }
}

/// Where a running reactor is.
struct Session {
    lease: Lease,
    /// Handled up to here; the checkpoint follows.
    handled: Position,
    /// What that leaves behind; stored with the checkpoint. Most timers that an order sets are
    /// forgotten a moment later, and never have to be stored.
    left: Effects,
    /// The facts that left it.
    since: Vec<Arc<RecordedEvent>>,
    /// Streams with parked facts.
    parked: HashSet<String>,
    written: Instant,
}

impl<R: Reactive> Reactor<R> {
    /// `roster` is that of this process.
    pub fn new(
        context: Arc<R>,
        log: Arc<dyn EventLog>,
        pool: Pool,
        parts: crate::parts::Parts,
        roster: Roster,
    ) -> Self {
        Self {
            context,
            log,
            consumers: Consumers::new(pool.clone()),
            parked: ParkedEvents::new(pool.clone()),
            pool,
            parts,
            roster,
        }
    }

    /// Works until cancelled, then gives the lease back.
    pub async fn run(self, cancel: CancellationToken) {
        let name = consumer_name(self.context.context());
        let mut pause = Duration::from_millis(100);
        while !cancel.is_cancelled() {
            let began = Instant::now();
            match self.session(&name, &cancel).await {
                Ok(()) => {
                    cancel.run_until_cancelled(sleep(STAND_BACK)).await;
                }
                Err(error) => {
                    tracing::warn!(reactor = name, %error, "interrupted; starting over from the checkpoint");
                    if began.elapsed() > LEASE {
                        pause = Duration::from_millis(100);
                    }
                    cancel.run_until_cancelled(sleep(pause)).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
    }

    /// Until it is cancelled, or another process takes over.
    async fn session(&self, name: &str, cancel: &CancellationToken) -> Result<(), Interrupted> {
        self.consumers.register(&[name]).await?;
        let seat = self.roster.join(name);
        let Some(lease) = self.acquire(name, cancel).await? else {
            return Ok(());
        };
        let mut session = Session {
            handled: lease.position,
            left: Effects::default(),
            since: Vec::new(),
            parked: self.parked.streams(name).await?,
            lease,
            written: Instant::now(),
        };
        let categories = self.context.context().parts();
        let categories = categories.iter().map(|&part| part.to_owned()).collect();
        let mut facts = self.log.subscribe(session.handled, categories);
        let worked = self.work(&mut session, &mut facts, &seat, cancel).await;
        if worked.is_ok() {
            self.consumers.release(&session.lease).await?;
        }
        worked
    }

    /// Waits for the lease; `None` when cancelled before.
    async fn acquire(
        &self,
        name: &str,
        cancel: &CancellationToken,
    ) -> Result<Option<Lease>, Interrupted> {
        while !cancel.is_cancelled() {
            if let Some(lease) = self.consumers.acquire(name, self.roster.owner(), LEASE).await? {
                return Ok(Some(lease));
            }
            cancel.run_until_cancelled(sleep(LEASE / 10)).await;
        }
        Ok(None)
    }

    async fn work(
        &self,
        session: &mut Session,
        facts: &mut Subscription,
        seat: &Seat,
        cancel: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return self.checkpoint(session).await,
                () = seat.asked_to_leave() => return self.checkpoint(session).await,
                _ = tick.tick() => self.tick(session).await?,
                delivery = facts.next() => {
                    let delivery = delivery.ok_or(Interrupted::Closed)?;
                    self.take(session, delivery, facts).await?;
                }
            }
        }
    }

    /// Handles a delivery together with those that are there already.
    async fn take(
        &self,
        session: &mut Session,
        first: Delivery,
        facts: &mut Subscription,
    ) -> Result<(), Interrupted> {
        let mut events = Vec::new();
        let mut next = Some(first);
        while let Some(delivery) = next {
            match delivery {
                Delivery::Events(more) => {
                    session.handled = more.last().map_or(session.handled, |last| last.position);
                    events.extend(more);
                }
                Delivery::Checkpoint(position) => session.handled = position,
                Delivery::CaughtUp => {}
            }
            next = (events.len() < BATCH).then(|| facts.try_next()).flatten();
        }
        session.left.merge(self.handle(&session.parked, events.clone()).await?);
        session.since.extend(events);
        if session.left.parked.is_empty() && session.written.elapsed() < CHECKPOINT_EVERY {
            return Ok(());
        }
        self.write(session).await
    }

    async fn tick(&self, session: &mut Session) -> Result<(), Interrupted> {
        self.retry(session).await?;
        self.checkpoint(session).await?;
        if session.written.elapsed() > LEASE / 5 {
            if !self.consumers.renew(&session.lease, LEASE).await? {
                return Err(Interrupted::Lost(session.lease.name.clone()));
            }
            session.written = Instant::now();
        }
        Ok(())
    }

    /// Moves the checkpoint to what is handled.
    async fn checkpoint(&self, session: &mut Session) -> Result<(), Interrupted> {
        if session.handled == session.lease.position {
            return Ok(());
        }
        self.write(session).await
    }

    /// Stores what was left behind, and the checkpoint.
    async fn write(&self, session: &mut Session) -> Result<(), Interrupted> {
        let facts = std::mem::take(&mut session.since);
        let mut effects = std::mem::take(&mut session.left);
        effects.settle();
        match self.store(session, effects).await {
            Err(error) if error.refused().is_some() => self.take_one_by_one(session, facts).await,
            stored => stored,
        }
    }

    /// Stores what facts leave behind, and the checkpoint, in one transaction.
    async fn store(&self, session: &mut Session, effects: Effects) -> Result<(), Interrupted> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        effects.store(&transaction, &session.lease.name).await?;
        if session.handled != session.lease.position {
            let (lease, to) = (&mut session.lease, session.handled);
            eventlog::consumer::advance(&transaction, lease, to, LEASE).await?;
        }
        transaction.commit().await?;
        let streams = effects.parked.iter();
        session.parked.extend(streams.map(|(event, _)| event.stream.to_string()));
        session.written = Instant::now();
        Ok(())
    }
}
