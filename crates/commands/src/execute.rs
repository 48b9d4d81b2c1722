//! The only load–decide–append loop.
//!
//! States are cached with what they have seen, so that the usual command is one append and no read.
//! Commands for one stream queue up here instead of fighting in the log. When others wait behind a
//! command, it does not keep them until it is stored: they are decided upon what it leads to, and
//! stored behind it or not at all. Nobody is answered before what the answer builds upon is stored.
//! What a command answered is known from the stream itself: its id is in the metadata of its events.

mod appending;
mod reading;
mod seen;

pub use seen::Done;

use crate::{
    Error, Meta,
    clock::Clock,
    outcomes::{self, Tally},
    parts::Parts,
    stages,
};
use appending::Stored;
use domain::Aggregate;
use eventlog::{AppendError, EventLog, trace::Span};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use seen::Seen;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// States kept in memory, per aggregate type.
const CACHED_STATES: usize = 50_000;
/// The part of them for what was asked for again and again. The rest is for what is new, which most
/// often comes soon again.
const CACHED_LONG: f64 = 0.5;
/// How often a command is decided anew before it gives way.
const ATTEMPTS: usize = 8;
/// Events read at once.
const PAGE: usize = 500;

/// The place of one stream in the cache; its lock is the queue.
type Slot<A> = Arc<Mutex<Option<Seen<A>>>>;

/// What a command is answered with.
enum Answer<A: Aggregate> {
    Now(Done<A>),
    /// When it is stored.
    Then(Stored<A>),
    /// It was answered before, when the stream had so many events afterwards.
    Before {
        length: u64,
    },
}

/// Executes the commands of one aggregate type.
pub struct Executor<A: Aggregate> {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    parts: Parts,
    cache: Cache<String, Slot<A>>,
    tally: Tally<A>,
}

impl<A: Aggregate> Executor<A> {
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, parts: Parts) -> Self {
        Self { log, clock, parts, cache: cache(), tally: Tally::new() }
    }

    /// Decides about a command and stores what was decided. The same command id again stores
    /// nothing and answers as before, however late.
    pub async fn execute(
        &self,
        id: &str,
        command: &A::Command,
        meta: &Meta,
    ) -> Result<Done<A>, Error> {
        let Meta { correlation_id, command_id, .. } = *meta;
        let name = || format!("{} {}", A::CATEGORY, outcomes::name(command));
        let mut span = Span::of_command(correlation_id, command_id, name);
        let outcome = self.try_to(id, command, meta).await;
        let counted = self.tally.count(command, &outcome);
        if counted != outcomes::STORED {
            span.be_another();
        }
        span.say("jangteo.outcome", counted);
        outcome
    }

    async fn try_to(&self, id: &str, command: &A::Command, meta: &Meta) -> Result<Done<A>, Error> {
        self.parts.check(A::CATEGORY)?;
        for _ in 0..ATTEMPTS {
            match self.answer_in_line(id, command, meta).await? {
                Answer::Now(done) => return Ok(done),
                // Read outside the line: nobody has to wait for what is told once more.
                Answer::Before { length } => {
                    return self.first_time(id, meta.command_id, length).await;
                }
                Answer::Then(stored) => match stored.done().await {
                    Err(AppendError::Conflict { .. }) => {}
                    done => return done.map_err(fault),
                },
            }
        }
        Err(Error::ConcurrentChange)
    }

    async fn answer_in_line(
        &self,
        id: &str,
        command: &A::Command,
        meta: &Meta,
    ) -> Result<Answer<A>, Error> {
        let slot = self.slot(id);
        let mut known = stages::QUEUE.waiting(slot.lock()).await;
        // A state of which we are not sure after a fault, or after a cancelled request, is not
        // put back.
        let seen = known.take().filter(|seen| !seen.is_lost());
        // What was never heard of is most often new: then the log says if it is not.
        let fresh = seen.is_none() && meta.may_be_repeat;
        let mut seen = seen.unwrap_or_else(Seen::nothing);
        if fresh {
            self.catch_up(id, &mut seen).await?;
        }
        // The cache and this command have it, and whoever waits.
        let others_wait = || Arc::strong_count(&slot) > 2;
        let outcome = self.decide(id, command, meta, &mut seen, fresh, others_wait).await;
        let said = matches!(
            outcome,
            Ok(_) | Err(Error::Refused(_) | Error::Stale { .. } | Error::ConcurrentChange)
        );
        if said {
            *known = Some(seen);
        }
        outcome
    }

    async fn decide(
        &self,
        id: &str,
        command: &A::Command,
        meta: &Meta,
        seen: &mut Seen<A>,
        mut fresh: bool,
        others_wait: impl Fn() -> bool,
    ) -> Result<Answer<A>, Error> {
        for _ in 0..ATTEMPTS {
            if let Some(&length) = seen.answered.get(&meta.command_id) {
                if seen.settle().await {
                    return Ok(Answer::Before { length });
                }
                self.begin_anew(id, seen).await?;
                continue;
            }
            let decided =
                stages::DECIDE.on(|| meta.guard.decide(command, id, &seen.state, seen.length));
            let stores = matches!(&decided, Ok(events) if !events.is_empty());
            // "No", "stale" and "already so" are said of what is stored, and another process may have
            // written: they are said of today's state.
            if !stores && !fresh {
                fresh = true;
                if self.refresh(id, seen).await? {
                    continue;
                }
            }
            let events = decided?;
            if events.is_empty() {
                return Ok(Answer::Now(seen.done()));
            }
            let stored = match others_wait() {
                true => self.submit(id, seen, events, meta).await.map(Answer::Then),
                false => self.append(id, seen, events, meta).await.map(Answer::Now),
            };
            match stored {
                Ok(answer) => return Ok(answer),
                Err(AppendError::Conflict { .. }) => {
                    fresh = true;
                    self.refresh(id, seen).await?;
                }
                Err(error) => return Err(fault(error)),
            }
        }
        Err(Error::ConcurrentChange)
    }

    /// A state that may be a moment old: the cached one, if there is one. For what never changes.
    pub async fn known(&self, id: &str) -> Result<A, Error> {
        let cached = self.cache.get(id);
        if let Some(slot) = cached
            && let Some(seen) = &mut *slot.lock().await
            && seen.settle().await
        {
            return Ok(seen.state.clone());
        }
        Ok(self.load(id).await?.state)
    }

    /// The state as it is, or was at most `age` ago: for what many commands ask and few change.
    pub async fn recent(&self, id: &str, age: Duration) -> Result<A, Error> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        if let Some(seen) = &mut *slot
            && seen.read.is_some_and(|read| read.elapsed() < age)
            && seen.settle().await
        {
            return Ok(seen.state.clone());
        }
        let mut seen = slot.take().unwrap_or_else(Seen::nothing);
        self.refresh(id, &mut seen).await?;
        let state = seen.state.clone();
        *slot = Some(seen);
        Ok(state)
    }

    /// Today's state, read from the log as far as it is not known.
    pub async fn load(&self, id: &str) -> Result<Done<A>, Error> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        let mut seen = slot.take().unwrap_or_else(Seen::nothing);
        self.refresh(id, &mut seen).await?;
        let done = seen.done();
        *slot = Some(seen);
        Ok(done)
    }

    fn slot(&self, id: &str) -> Slot<A> {
        let made: Result<_, std::convert::Infallible> =
            self.cache.get_or_insert_with(id, || Ok(Slot::default()));
        match made {
            Ok(slot) => slot,
            Err(never) => match never {},
        }
    }
}

fn cache<A: Aggregate>() -> Cache<String, Slot<A>> {
    let options = OptionsBuilder::new()
        .estimated_items_capacity(CACHED_STATES)
        .weight_capacity(CACHED_STATES as u64)
        .hot_allocation(CACHED_LONG)
        .build();
    let (hash, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
    // The options lack nothing.
    options.map_or_else(
        |_| Cache::new(CACHED_STATES),
        |options| Cache::with_options(options, UnitWeighter, hash, lifecycle),
    )
}

fn fault(error: AppendError) -> Error {
    match error {
        AppendError::Conflict { .. } => Error::ConcurrentChange,
        AppendError::TooLarge { .. } | AppendError::Empty => Error::TooLarge(error),
        AppendError::Unavailable(source) => Error::Unavailable(source),
    }
}
