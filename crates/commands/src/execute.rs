//! The only load–decide–append loop.
//!
//! States are cached with what they have seen, so that the usual command is one append and no read.
//! Commands for one stream queue up here instead of fighting in the log. What a command answered is
//! known from the stream itself: its id is in the metadata of its events.

mod seen;

pub use seen::Done;

use crate::{Error, Meta, clock::Clock, parts::Parts};
use domain::{
    Aggregate, Fact,
    stored::{self, Stored},
};
use eventlog::{
    Append, AppendError, EventLog, ExpectedVersion, LogError, Metadata, NewEvent, RecordedEvent,
    StreamName,
};
use quick_cache::sync::Cache;
use seen::Seen;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

/// States kept in memory, per aggregate type.
const CACHED_STATES: usize = 50_000;
/// How often a command is decided anew before it gives way.
const ATTEMPTS: usize = 8;
/// Events read at once.
const PAGE: usize = 500;

/// The place of one stream in the cache; its lock is the queue.
type Slot<A> = Arc<Mutex<Option<Seen<A>>>>;

/// What a command is answered with.
enum Answer<A: Aggregate> {
    Now(Done<A>),
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
}

impl<A: Aggregate> Executor<A> {
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, parts: Parts) -> Self {
        Self { log, clock, parts, cache: Cache::new(CACHED_STATES) }
    }

    /// Decides about a command and stores what was decided. The same command id again stores
    /// nothing and answers as before, however late.
    pub async fn execute(
        &self,
        id: &str,
        command: &A::Command,
        meta: &Meta,
    ) -> Result<Done<A>, Error> {
        self.parts.check(A::CATEGORY)?;
        match self.answer_in_line(id, command, meta).await? {
            Answer::Now(done) => Ok(done),
            // Read outside the line: nobody has to wait for what is told once more.
            Answer::Before { length } => self.first_time(id, meta.command_id, length).await,
        }
    }

    async fn answer_in_line(
        &self,
        id: &str,
        command: &A::Command,
        meta: &Meta,
    ) -> Result<Answer<A>, Error> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        // A state of which we are not sure after a fault, or after a cancelled request, is not
        // put back.
        let known = slot.take();
        // What was never heard of is most often new: then the log says if it is not.
        let fresh = known.is_none() && meta.may_be_repeat;
        let mut seen = known.unwrap_or_else(Seen::nothing);
        if fresh {
            self.catch_up(id, &mut seen).await?;
        }
        let outcome = self.decide(id, command, meta, &mut seen, fresh).await;
        if matches!(outcome, Ok(_) | Err(Error::Refused(_) | Error::ConcurrentChange)) {
            *slot = Some(seen);
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
    ) -> Result<Answer<A>, Error> {
        for _ in 0..ATTEMPTS {
            if let Some(&length) = seen.answered.get(&meta.command_id) {
                return Ok(Answer::Before { length });
            }
            let decided = seen.state.decide(command);
            let stores = matches!(&decided, Ok(events) if !events.is_empty());
            // Another process may have written: "no" and "already so" are said of today's state.
            if !stores && !fresh {
                fresh = true;
                if self.catch_up(id, seen).await? > 0 {
                    continue;
                }
            }
            let events = decided.map_err(|refusal| Error::Refused(refusal.into()))?;
            if events.is_empty() {
                return Ok(Answer::Now(seen.done()));
            }
            match self.append(id, seen, events, meta).await {
                Ok(facts) => {
                    let mut done = seen.done();
                    done.facts = facts;
                    return Ok(Answer::Now(done));
                }
                Err(AppendError::Conflict { .. }) => {
                    fresh = true;
                    self.catch_up(id, seen).await?;
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
            && let Some(seen) = &*slot.lock().await
        {
            return Ok(seen.state.clone());
        }
        Ok(self.load(id).await?.state)
    }

    /// The state as it is, or was at most `age` ago: for what many commands ask and few change.
    pub async fn recent(&self, id: &str, age: Duration) -> Result<A, Error> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        if let Some(seen) = &*slot
            && seen.read.is_some_and(|read| read.elapsed() < age)
        {
            return Ok(seen.state.clone());
        }
        let mut seen = slot.take().unwrap_or_else(Seen::nothing);
        self.catch_up(id, &mut seen).await?;
        let state = seen.state.clone();
        *slot = Some(seen);
        Ok(state)
    }

    /// Today's state, read from the log as far as it is not known.
    pub async fn load(&self, id: &str) -> Result<Done<A>, Error> {
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        let mut seen = slot.take().unwrap_or_else(Seen::nothing);
        self.catch_up(id, &mut seen).await?;
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

    async fn append(
        &self,
        id: &str,
        seen: &mut Seen<A>,
        events: Vec<A::Event>,
        meta: &Meta,
    ) -> Result<Vec<Fact<A::Event>>, AppendError> {
        let expected = ExpectedVersion::after(seen.length);
        let at = self.clock.now();
        let new =
            events.iter().enumerate().map(|(index, event)| new_event::<A>(event, index, meta, at));
        let append = Append::new(StreamName::new(A::CATEGORY, id), expected, new.collect())?;
        let appended = self.log.append(append).await?;
        let mut facts = Vec::with_capacity(events.len());
        for (index, event) in events.into_iter().enumerate() {
            seen.see(&event, meta.command_id, appended.position);
            facts.push(Fact {
                id: NewEvent::id_of(meta.command_id, index),
                of: id.to_owned(),
                at,
                event,
            });
        }
        Ok(facts)
    }

    /// Reads what is new; how many events that was.
    async fn catch_up(&self, id: &str, seen: &mut Seen<A>) -> Result<usize, Error> {
        let stream = StreamName::new(A::CATEGORY, id);
        let (mut new, read) = (0, Instant::now());
        loop {
            let page = self.log.read_stream(&stream, seen.length, PAGE).await;
            let page = page.map_err(Error::Unavailable)?;
            for recorded in &page {
                let event = decode::<A>(recorded)?;
                seen.see(&event, recorded.metadata.command_id, recorded.position);
            }
            new += page.len();
            if page.len() < PAGE {
                seen.read = Some(read);
                return Ok(new);
            }
        }
    }

    /// What a repeated command is answered with: the state when the stream had `length` events,
    /// and which of them were the command's.
    async fn first_time(&self, id: &str, command_id: Uuid, length: u64) -> Result<Done<A>, Error> {
        let stream = StreamName::new(A::CATEGORY, id);
        let (mut then, mut facts) = (Seen::<A>::nothing(), Vec::new());
        while then.length < length {
            let limit = PAGE.min((length - then.length) as usize);
            let page = self.log.read_stream(&stream, then.length, limit).await;
            let page = page.map_err(Error::Unavailable)?;
            if page.is_empty() {
                let gone = LogError::Foreign(format!("{stream} is shorter than it was"));
                return Err(Error::Unavailable(gone));
            }
            for recorded in page {
                let event = decode::<A>(&recorded)?;
                then.see(&event, recorded.metadata.command_id, recorded.position);
                if recorded.metadata.command_id == command_id {
                    let (id, at) = (recorded.id, recorded.metadata.at);
                    let of = stream.id().to_owned();
                    facts.push(Fact { id, of, at, event });
                }
            }
        }
        let mut done = then.done();
        (done.repeated, done.facts) = (true, facts);
        Ok(done)
    }
}

fn new_event<A: Aggregate>(
    event: &A::Event,
    index: usize,
    meta: &Meta,
    at: domain::Instant,
) -> NewEvent {
    let encoded = stored::encode::<A>(event);
    NewEvent {
        id: NewEvent::id_of(meta.command_id, index),
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        payload: encoded.payload,
        metadata: Metadata {
            command_id: meta.command_id,
            correlation_id: meta.correlation_id,
            causation_id: meta.causation_id,
            actor: meta.actor.clone(),
            at,
        },
    }
}

fn decode<A: Aggregate>(recorded: &RecordedEvent) -> Result<A::Event, Error> {
    let stored = Stored {
        category: recorded.stream.category(),
        event_type: &recorded.event_type,
        schema_version: recorded.schema_version,
        payload: &recorded.payload,
    };
    stored::decode::<A>(&stored).map_err(|source| Error::unreadable(recorded, source))
}

fn fault(error: AppendError) -> Error {
    match error {
        AppendError::Conflict { .. } => Error::ConcurrentChange,
        AppendError::TooLarge { .. } | AppendError::Empty => Error::TooLarge(error),
        AppendError::Unavailable(source) => Error::Unavailable(source),
    }
}
