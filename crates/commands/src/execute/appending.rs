//! Storing what was decided.

use super::{
    Executor,
    seen::{Done, Seen, Teller},
};
use crate::{Meta, stages};
use domain::{Aggregate, Fact, stored};
use eventlog::{
    Append, AppendError, ExpectedVersion, Metadata, NewEvent, StreamName, Submitted,
    trace::{Kind, Span},
};

/// What is to be stored, and the facts that it will be.
type Prepared<A> = (Append, Vec<Fact<<A as Aggregate>::Event>>);

/// A command that is on its way into the log.
pub(super) struct Stored<A: Aggregate> {
    submitted: Submitted,
    done: Done<A>,
    teller: Teller,
    span: Span,
}

impl<A: Aggregate> Stored<A> {
    /// What it led to, once it is stored.
    pub async fn done(mut self) -> Result<Done<A>, AppendError> {
        let position = stages::appending(self.submitted).await?.position;
        self.teller.stored(position);
        drop(self.span);
        self.done.position = Some(position);
        Ok(self.done)
    }
}

impl<A: Aggregate> Executor<A> {
    /// Stores events behind what was seen.
    pub(super) async fn append(
        &self,
        id: &str,
        seen: &mut Seen<A>,
        events: Vec<A::Event>,
        meta: &Meta,
    ) -> Result<Done<A>, AppendError> {
        let (append, facts) = self.prepare(id, seen, events, meta)?;
        let span = span(&append, meta);
        let position = stages::appending(self.log.append(append)).await?.position;
        drop(span);
        // What it builds upon was stored before it.
        seen.is_stored();
        for fact in &facts {
            seen.see(fact, meta.command_id, Some(position));
        }
        Ok(Done { facts, ..seen.done() })
    }

    /// The same, without waiting: what comes next builds upon it.
    pub(super) async fn submit(
        &self,
        id: &str,
        seen: &mut Seen<A>,
        events: Vec<A::Event>,
        meta: &Meta,
    ) -> Result<Stored<A>, AppendError> {
        let (append, facts) = self.prepare(id, seen, events, meta)?;
        let span = span(&append, meta);
        let submitted = self.log.submit(append).await?;
        for fact in &facts {
            seen.see(fact, meta.command_id, None);
        }
        let done = Done { facts, ..seen.done() };
        Ok(Stored { submitted, done, teller: seen.await_fate(), span })
    }

    fn prepare(
        &self,
        id: &str,
        seen: &Seen<A>,
        events: Vec<A::Event>,
        meta: &Meta,
    ) -> Result<Prepared<A>, AppendError> {
        let at = self.clock.now();
        let numbered = events.iter().enumerate();
        let new = numbered.map(|(index, event)| new_event::<A>(event, index, meta, at)).collect();
        let expected = ExpectedVersion::after(seen.length);
        let append = Append::new(StreamName::new(A::CATEGORY, id), expected, new)?;
        let append = append.upon(seen.last_event);
        let facts = events.into_iter().zip(append.events()).map(|(event, new)| Fact {
            id: new.id,
            of: id.to_owned(),
            at,
            event,
        });
        let facts = facts.collect();
        Ok((append, facts))
    }
}

/// Of storing what a command led to.
fn span(append: &Append, meta: &Meta) -> Span {
    let (trace, command) = (meta.correlation_id, meta.command_id);
    let mut span = Span::below(trace, command, Kind::Client, || "append");
    span.count("jangteo.events", append.events().len());
    span
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
