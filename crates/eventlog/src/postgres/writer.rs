//! The one task that appends. It takes what waits into one transaction, and when the outcome of
//! that is unknown it sends the same again: the ids show what was stored.

mod columns;
mod ends;
mod session;

use super::{batch::Verdict, feed::Feed, rows::at, server::Server};
use crate::{Append, AppendError, Appended, Causes, Histogram, LogError, RecordedEvent};
use session::Session;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

/// How many appends share a commit at most.
const BATCH: usize = 512;
/// How many appends shared a commit.
pub static BATCHES: Histogram<10> = Histogram::new([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);

/// How long an append is tried before its outcome is given up as unknown.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one transaction may take before the connection counts as lost.
const STALLED: Duration = Duration::from_secs(5);

/// An append and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    append: Append,
    answer: oneshot::Sender<Result<Appended, AppendError>>,
    since: Instant,
}

impl Job {
    pub(super) fn new(
        append: Append,
        answer: oneshot::Sender<Result<Appended, AppendError>>,
    ) -> Self {
        Self { append, answer, since: Instant::now() }
    }
}

/// Runs until the log is dropped.
pub(super) async fn run(server: Server, mut jobs: mpsc::Receiver<Job>, feed: Arc<Feed>) {
    let mut session = None;
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        write(&server, &mut session, &mut batch, &feed).await;
    }
}

/// Writes the batch, however often it takes, and answers everybody.
async fn write(server: &Server, session: &mut Option<Session>, batch: &mut Vec<Job>, feed: &Feed) {
    let mut pause = Duration::from_millis(20);
    while !batch.is_empty() {
        match attempt(server, session, batch, feed).await {
            Ok(verdicts) => {
                BATCHES.count(batch.len() as u64);
                return answer(batch.drain(..), verdicts, feed);
            }
            Err(error) => {
                feed.forget();
                tracing::warn!(error = %Causes(&error), "the log's writer lost its connection");
                give_up_the_old(batch, &error);
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

async fn attempt(
    server: &Server,
    session: &mut Option<Session>,
    batch: &[Job],
    feed: &Feed,
) -> Result<Vec<Verdict>, WriteError> {
    let mut connected = match session.take() {
        Some(session) => session,
        None => timeout(STALLED, Session::open(server)).await??,
    };
    let verdicts = timeout(STALLED, connected.write(batch, feed)).await??;
    *session = Some(connected);
    Ok(verdicts)
}

/// Answers those who have waited long enough; the others are tried again.
fn give_up_the_old(batch: &mut Vec<Job>, error: &WriteError) {
    let (old, young): (Vec<Job>, Vec<Job>) =
        batch.drain(..).partition(|job| job.since.elapsed() > PATIENCE);
    batch.extend(young);
    for job in old {
        let source = LogError::unreachable(Causes(error).to_string());
        let _ = job.answer.send(Err(AppendError::Unavailable(source)));
    }
}

/// Feeds the subscribers of this process, then answers the writers.
fn answer(jobs: impl Iterator<Item = Job>, verdicts: Vec<Verdict>, feed: &Feed) {
    let mut stored = Vec::new();
    let mut answers = Vec::new();
    for (job, verdict) in jobs.zip(verdicts) {
        let result = match verdict {
            Verdict::Accepted { first_position } => {
                Ok(record(job.append, first_position, &mut stored))
            }
            Verdict::Repeated(appended) => Ok(appended),
            Verdict::Refused(error) => Err(error),
        };
        answers.push((job.answer, result));
    }
    feed.publish(stored);
    for (waiting, result) in answers {
        // Whoever no longer waits has hung up: the outcome is on record all the same.
        let _ = waiting.send(result);
    }
}

fn record(append: Append, first_position: i64, stored: &mut Vec<Arc<RecordedEvent>>) -> Appended {
    let (stream, first_version) = (append.stream().clone(), append.expected().next());
    let mut appended = Appended { version: append.last_version(), position: at(first_position) };
    for (index, event) in append.into_events().into_iter().enumerate() {
        appended.position = at(first_position + index as i64);
        stored.push(Arc::new(RecordedEvent {
            id: event.id,
            stream: stream.clone(),
            version: first_version + index as u64,
            position: appended.position,
            event_type: event.event_type,
            schema_version: event.schema_version,
            payload: event.payload,
            metadata: event.metadata,
        }));
    }
    appended
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the database did not answer in time")]
    Stalled(#[from] tokio::time::error::Elapsed),
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
}
