//! What the log says of a stream.

use super::{
    Executor, PAGE,
    seen::{Done, Seen},
};
use crate::{Error, Guard, Meta, stages};
use domain::{
    Aggregate, Fact,
    stored::{self, Stored},
};
use eventlog::{LogError, RecordedEvent, StreamName};
use tokio::time::Instant;
use uuid::Uuid;

impl<A: Aggregate> Executor<A> {
    /// Today's state as the guard's owner may know it: another's is as if there were none.
    pub(crate) async fn load_for(&self, id: &str, guard: &Guard) -> Result<Done<A>, Error> {
        let done = self.load(id).await?;
        let known = guard.lets_in(id, &done.state, done.length);
        Ok(if known { done } else { Seen::nothing().done() })
    }

    /// The guard of a command that this aggregate decides, while the request is for another one:
    /// what was answered before is answered again, whatever has become of that one since.
    pub(crate) async fn guard_of(&self, id: &str, meta: &Meta) -> Result<Guard, Error> {
        let mut guard = meta.guard.clone();
        if guard.expected.is_some() && meta.may_be_repeat {
            self.load(id).await?;
            let known = self.slot(id);
            let known = known.lock().await;
            let answered = |seen: &Seen<A>| seen.answered.contains_key(&meta.command_id);
            guard.expected = guard.expected.filter(|_| !known.as_ref().is_some_and(answered));
        }
        Ok(guard)
    }

    /// Waits for what is on its way, and reads what is new; whether anything is.
    pub(super) async fn refresh(&self, id: &str, seen: &mut Seen<A>) -> Result<bool, Error> {
        if seen.settle().await {
            return Ok(self.catch_up(id, seen).await? > 0);
        }
        self.begin_anew(id, seen).await?;
        Ok(true)
    }

    /// What was seen is not what is stored.
    pub(super) async fn begin_anew(&self, id: &str, seen: &mut Seen<A>) -> Result<(), Error> {
        *seen = Seen::nothing();
        self.catch_up(id, seen).await.map(drop)
    }

    /// Reads what is new; how many events that was.
    pub(super) async fn catch_up(&self, id: &str, seen: &mut Seen<A>) -> Result<usize, Error> {
        let stream = StreamName::new(A::CATEGORY, id);
        let (mut new, read) = (0, Instant::now());
        loop {
            let page = self.log.read_stream(&stream, seen.length, PAGE);
            let page = stages::READ.waiting(page).await.map_err(Error::Unavailable)?;
            for recorded in &page {
                let fact = fact::<A>(recorded)?;
                seen.see(&fact, recorded.metadata.command_id, Some(recorded.position));
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
    pub(super) async fn first_time(
        &self,
        id: &str,
        command_id: Uuid,
        length: u64,
    ) -> Result<Done<A>, Error> {
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
                let fact = fact::<A>(&recorded)?;
                then.see(&fact, recorded.metadata.command_id, Some(recorded.position));
                if recorded.metadata.command_id == command_id {
                    facts.push(fact);
                }
            }
        }
        let mut done = then.done();
        (done.repeated, done.facts) = (true, facts);
        Ok(done)
    }
}

fn fact<A: Aggregate>(recorded: &RecordedEvent) -> Result<Fact<A::Event>, Error> {
    let stored = Stored {
        category: recorded.stream.category(),
        event_type: &recorded.event_type,
        schema_version: recorded.schema_version,
        payload: &recorded.payload,
    };
    let event =
        stored::decode::<A>(&stored).map_err(|source| Error::unreadable(recorded, source))?;
    let (of, at) = (recorded.stream.id().to_owned(), recorded.metadata.at);
    Ok(Fact { id: recorded.id, of, at, event })
}
