//! Appends through batch sessions.
//!
//! A session is one call that stays open, so an append costs no new call. It ends with the first
//! conflict on it, and then nothing is known of the other appends on it: each looks for its events
//! in its stream and, when they are not there, is sent again on a new session, with the same ids and
//! the same expectation.

use super::{
    connection::{CallError, Connection, Lease, grpc},
    encoding::encode,
    reading::{Reader, Standing},
};
use crate::{Append, AppendError, Appended, LogError, MAX_APPEND_BYTES, Position, StreamName};
use eventstore::{
    BatchAppendClient, BatchAppendOptions, BatchWriteResult, Error, EventData, ExpectedRevision,
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

/// How many sessions are open at a time. A conflict disturbs the appends of one of them.
const SESSIONS: usize = 4;

/// How long an append is tried before its outcome stays unknown.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one attempt waits. The server itself gives up after two seconds.
const ATTEMPT: Duration = Duration::from_secs(3);
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(500);

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Appender {
    connection: Arc<Connection>,
    reader: Reader,
    sessions: [Mutex<Option<Session>>; SESSIONS],
}

/// An open batch session, and the generation of the client it was opened on.
#[derive(Clone)]
struct Session {
    client: Arc<BatchAppendClient>,
    generation: u64,
}

impl Appender {
    pub fn new(connection: Arc<Connection>, reader: Reader) -> Self {
        Self { connection, reader, sessions: Default::default() }
    }

    pub async fn append(&self, append: &Append) -> Result<Appended, AppendError> {
        let events = encoded(append)?;
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut error = match self.attempt(append, events.clone(), deadline).await {
                Ok(written) => return self.appended(append, &written, deadline).await,
                Err(error) if is_conflict(&error) => {
                    return self.conflict(append, deadline).await;
                }
                Err(error) if error.is_final() => return Err(refused(append, error)),
                Err(error) => error,
            };
            match self.reader.standing(append, limit(deadline)).await {
                Ok(Standing::Stored(appended)) => return Ok(appended),
                Ok(Standing::Taken(current)) => return Err(conflict(append, current)),
                Ok(Standing::Open(_)) => {}
                Err(unread) => error = unread,
            }
            if Instant::now() + pause >= deadline {
                return Err(unavailable(error));
            }
            // When another append ended the session there is no reason to wait.
            if !error.is_session_closed() {
                sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }

    async fn attempt(
        &self,
        append: &Append,
        events: Vec<EventData>,
        deadline: Instant,
    ) -> Result<BatchWriteResult, CallError> {
        let slot = self.slot(append.stream());
        let lease = self.connection.lease()?;
        let mut used = None;
        let call = async {
            let session = session(slot, &lease).await?;
            used = Some(session.client.clone());
            let expected = expected_revision(append);
            let written =
                session.client.append_to_stream(append.stream().as_str(), expected, events);
            Ok(written.await?)
        };
        let outcome = self.connection.watch(lease.generation, limit(deadline), call).await;
        if let (Err(_), Some(used)) = (&outcome, used) {
            retire(slot, &used).await;
        }
        outcome
    }

    async fn appended(
        &self,
        append: &Append,
        written: &BatchWriteResult,
        deadline: Instant,
    ) -> Result<Appended, AppendError> {
        if let Some(position) = written.current_position() {
            return Ok(Appended {
                version: written.current_revision().unwrap_or_else(|| append.last_version()),
                position: Position { commit: position.commit, prepare: position.prepare },
            });
        }
        match self.reader.standing(append, limit(deadline)).await {
            Ok(Standing::Stored(appended)) => Ok(appended),
            Ok(_) => Err(unavailable(CallError::CutShort)),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The server says that somebody was first. It may have been this very append.
    async fn conflict(&self, append: &Append, deadline: Instant) -> Result<Appended, AppendError> {
        match self.reader.standing(append, limit(deadline)).await {
            Ok(Standing::Stored(appended)) => Ok(appended),
            Ok(Standing::Taken(current) | Standing::Open(current)) => {
                Err(conflict(append, current))
            }
            // The conflict is certain without it.
            Err(_) => Err(conflict(append, None)),
        }
    }

    /// The session of a stream is always the same one, so that its appends stay in order.
    fn slot(&self, stream: &StreamName) -> &Mutex<Option<Session>> {
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        &self.sessions[(hasher.finish() % SESSIONS as u64) as usize]
    }
}

async fn session(
    slot: &Mutex<Option<Session>>,
    lease: &Lease,
) -> Result<Session, eventstore::Error> {
    let mut held = slot.lock().await;
    if let Some(session) = &*held
        && session.generation >= lease.generation
    {
        return Ok(session.clone());
    }
    let options = BatchAppendOptions::default();
    let session = Session {
        client: Arc::new(lease.client.batch_append(&options).await?),
        generation: lease.generation,
    };
    *held = Some(session.clone());
    Ok(session)
}

/// Appends to come get a new session; those that wait on this one still may be answered.
async fn retire(slot: &Mutex<Option<Session>>, used: &Arc<BatchAppendClient>) {
    let mut held = slot.lock().await;
    if held.as_ref().is_some_and(|session| Arc::ptr_eq(&session.client, used)) {
        *held = None;
    }
}

fn encoded(append: &Append) -> Result<Vec<EventData>, AppendError> {
    let events = append.events().iter().map(encode);
    events.collect::<Result<_, _>>().map_err(|error| {
        AppendError::Unavailable(LogError::Foreign(format!("a payload is not JSON: {error}")))
    })
}

fn expected_revision(append: &Append) -> ExpectedRevision {
    match append.expected() {
        crate::ExpectedVersion::NoStream => ExpectedRevision::NoStream,
        crate::ExpectedVersion::Exact(version) => ExpectedRevision::Exact(version),
    }
}

fn is_conflict(error: &CallError) -> bool {
    matches!(error, CallError::Client(Error::Grpc { code, .. }) if i32::from(*code) == grpc::ALREADY_EXISTS)
}

fn conflict(append: &Append, current: Option<u64>) -> AppendError {
    AppendError::Conflict { stream: append.stream().clone(), expected: append.expected(), current }
}

/// What the server will not take, however often it is asked.
fn refused(append: &Append, error: CallError) -> AppendError {
    match &error {
        CallError::Client(Error::Grpc { message, .. })
            if message == "MaximumAppendSizeExceeded" =>
        {
            // The server's own limit is lower than ours, and it does not tell.
            let size = append.events().iter().map(|event| event.payload.len()).sum();
            AppendError::TooLarge { size, limit: MAX_APPEND_BYTES.min(size.saturating_sub(1)) }
        }
        _ => unavailable(error),
    }
}

fn unavailable(error: CallError) -> AppendError {
    AppendError::Unavailable(LogError::unreachable(error))
}

/// What one call may take of the time that is left.
fn limit(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).clamp(SHORTEST_ATTEMPT, ATTEMPT)
}
