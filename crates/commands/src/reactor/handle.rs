//! One batch of facts: streams side by side, the facts of a stream in order.

use super::{Interrupted, Reaction, Reactive, Reactor, reactive::meta_of};
use crate::{
    Error,
    guarded::guarded,
    notices::{self, Notice},
    timers::{self, Timer},
};
use deadpool_postgres::Transaction;
use domain::{Event, Fact, stored::Stored};
use eventlog::{
    Causes, LogError, Metadata, RecordedEvent, StreamName,
    consumer::{Hold, park},
    trace::{Kind, Span, is_collected, within},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// Streams handled side by side.
const STREAMS: usize = 64;
/// How long until what failed is tried again, the first time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a batch leaves behind, to be stored with the checkpoint.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub set: Vec<Timer>,
    pub cancel: Vec<String>,
    pub notices: Vec<Notice>,
    /// Those of them whose traces are collected, each with its request.
    pub traced: Vec<(Uuid, Uuid)>,
    pub parked: Vec<(Arc<RecordedEvent>, Hold)>,
}

impl Effects {
    /// Nothing but a fact that waits.
    pub(super) fn parking(event: Arc<RecordedEvent>, hold: Hold) -> Self {
        Self { parked: vec![(event, hold)], ..Self::default() }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.set.extend(other.set);
        self.cancel.extend(other.cancel);
        self.notices.extend(other.notices);
        self.traced.extend(other.traced);
        self.parked.extend(other.parked);
    }

    /// A timer that is set and forgotten before either is stored was never needed.
    pub(super) fn settle(&mut self) {
        let forgotten: HashSet<&String> = self.cancel.iter().collect();
        let (mut needless, mut set) = (HashSet::new(), Vec::new());
        for timer in std::mem::take(&mut self.set) {
            if forgotten.contains(&timer.key) {
                needless.insert(timer.key);
            } else {
                set.push(timer);
            }
        }
        self.set = set;
        self.cancel.retain(|key| !needless.contains(key));
    }

    pub(super) async fn store(
        &self,
        transaction: &Transaction<'_>,
        consumer: &str,
    ) -> Result<(), tokio_postgres::Error> {
        timers::set(transaction, &self.set).await?;
        timers::cancel(transaction, &self.cancel).await?;
        notices::enqueue(transaction, &self.notices).await?;
        notices::follow(transaction, &self.traced).await?;
        for (event, hold) in &self.parked {
            park(transaction, consumer, &event.place(), hold).await?;
        }
        Ok(())
    }
}

impl<R: Reactive> Reactor<R> {
    /// Handles facts, parking what cannot be done now. `parked` are the streams to stand behind.
    pub(super) async fn handle(
        &self,
        parked: &HashSet<String>,
        events: Vec<Arc<RecordedEvent>>,
    ) -> Result<Effects, Interrupted> {
        let mut streams: HashMap<StreamName, Vec<Arc<RecordedEvent>>> = HashMap::new();
        for event in events {
            streams.entry(event.stream.clone()).or_default().push(event);
        }
        let mut handling: Vec<BoxFuture<'_, _>> = Vec::with_capacity(streams.len());
        for (stream, events) in streams {
            let behind = parked.contains(stream.as_str());
            handling.push(self.handle_stream(events, behind).boxed());
        }
        let mut handled = stream::iter(handling).buffer_unordered(STREAMS);
        let mut effects = Effects::default();
        while let Some(of_stream) = handled.next().await {
            effects.merge(of_stream?);
        }
        Ok(effects)
    }

    async fn handle_stream(
        &self,
        events: Vec<Arc<RecordedEvent>>,
        mut behind: bool,
    ) -> Result<Effects, Interrupted> {
        let mut effects = Effects::default();
        for event in events {
            if behind {
                effects.parked.push((event, Hold::Behind));
                continue;
            }
            let (left, hold) = self.handle_fact(&event).await?;
            effects.merge(left);
            if let Some(hold) = hold {
                effects.parked.push((event, hold));
                behind = true;
            }
        }
        Ok(effects)
    }

    /// Does all that a fact asks for that can be done; why the rest must wait, if it must. What
    /// panics waits for a person: a mistake of this program must not stop everything else.
    pub(super) async fn handle_fact(
        &self,
        recorded: &RecordedEvent,
    ) -> Result<(Effects, Option<Hold>), Interrupted> {
        guarded(self.try_fact(recorded)).await.unwrap_or_else(|panicked| {
            let reason = panicked.to_string();
            Ok((Effects::default(), Some(Hold::Poison { reason })))
        })
    }

    async fn try_fact(
        &self,
        recorded: &RecordedEvent,
    ) -> Result<(Effects, Option<Hold>), Interrupted> {
        let reaction = match fact_of(recorded) {
            Ok(fact) => self.context.react(&fact, recorded.metadata.correlation_id).await,
            Err(hold) => return Ok((Effects::default(), Some(hold))),
        };
        let reaction = match reaction {
            Ok(reaction) => reaction,
            Err(error) => return Ok((Effects::default(), why(error)?)),
        };
        let hold = self.perform_all(&reaction, recorded).await?;
        let trace = recorded.metadata.correlation_id;
        let traced = reaction.notices.iter().filter(|_| is_collected(trace));
        let effects = Effects {
            traced: traced.map(|notice| (notice.fact_id, trace)).collect(),
            set: reaction.set,
            cancel: reaction.cancel,
            notices: reaction.notices,
            parked: vec![],
        };
        Ok((effects, hold))
    }

    async fn perform_all(
        &self,
        reaction: &Reaction<R::Ask>,
        recorded: &RecordedEvent,
    ) -> Result<Option<Hold>, Interrupted> {
        let mut first = None;
        for (policy, ask) in &reaction.asks {
            let meta = meta_of(recorded.id, recorded.metadata.correlation_id, policy);
            let Metadata { correlation_id: trace, command_id, .. } = recorded.metadata;
            let span = Span::below(trace, command_id, Kind::Consumer, || *policy);
            let work = self.context.perform(ask, &meta);
            if let Err(error) = within(span.doing(trace, policy), work).await {
                tracing::debug!(policy, fact = %recorded.id, %error, "a policy's request");
                first = first.or(why(error)?);
            }
        }
        Ok(first)
    }
}

fn fact_of(recorded: &RecordedEvent) -> Result<Fact<Event>, Hold> {
    let stored = Stored {
        category: recorded.stream.category(),
        event_type: &recorded.event_type,
        schema_version: recorded.schema_version,
        payload: &recorded.payload,
    };
    let event =
        domain::decode(&stored).map_err(|error| Hold::Poison { reason: error.to_string() })?;
    Ok(Fact {
        id: recorded.id,
        of: recorded.stream.id().to_owned(),
        at: recorded.metadata.at,
        event,
    })
}

/// What an error means for the fact that asked: `None` is an outcome like any other. A log that
/// cannot be reached is everybody's trouble: nothing is parked, the reactor starts over. A stream
/// that holds what is not ours is only the fact's.
pub(super) fn why(error: Error) -> Result<Option<Hold>, Interrupted> {
    let retry = |reason: String| Hold::Retry { after: RETRY_AFTER, reason };
    match error {
        Error::Refused(_) => Ok(None),
        Error::PartDown { part } => Ok(Some(Hold::Waiting { part })),
        Error::Unavailable(source @ LogError::Unreachable(_)) => Err(Interrupted::Log(source)),
        Error::Unavailable(foreign @ LogError::Foreign(_)) => {
            let reason = foreign.to_string();
            Ok(Some(Hold::Poison { reason }))
        }
        error @ (Error::ConcurrentChange
        | Error::Stale { .. }
        | Error::PaymentPaused { .. }
        | Error::PaymentDeclined { .. }
        | Error::PaymentUnavailable { .. }
        | Error::PaymentUnknown { .. }
        | Error::Unsealed(_)) => Ok(Some(retry(error.to_string()))),
        error @ (Error::PaymentRejected(_) | Error::TooLarge(_) | Error::Unreadable { .. }) => {
            let reason = Causes(&error).to_string();
            Ok(Some(Hold::Poison { reason }))
        }
    }
}
