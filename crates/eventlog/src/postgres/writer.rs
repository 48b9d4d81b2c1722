//! The one task that appends. It takes what waits into one transaction, and when the outcome of
//! that is unknown it sends the same again: the ids show what was stored.

use super::{
    batch::{Known, OnRecord, Stretch, Verdict},
    feed::Feed,
    rows::at,
};
use crate::{Append, AppendError, Appended, LogError, RecordedEvent, StreamName};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, Config, NoTls, Statement, types::ToSql};

/// How many appends share a commit at most.
const BATCH: usize = 512;
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
        Self {
            append,
            answer,
            since: Instant::now(),
        }
    }
}

/// Runs until the log is dropped.
pub(super) async fn run(config: Config, mut jobs: mpsc::Receiver<Job>, feed: Arc<Feed>) {
    let mut session = None;
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        write(&config, &mut session, &mut batch, &feed).await;
    }
}

/// Writes the batch, however often it takes, and answers everybody.
async fn write(config: &Config, session: &mut Option<Session>, batch: &mut Vec<Job>, feed: &Feed) {
    let mut pause = Duration::from_millis(20);
    while !batch.is_empty() {
        match attempt(config, session, batch, feed).await {
            Ok(verdicts) => return answer(batch.drain(..), verdicts, feed),
            Err(error) => {
                feed.forget();
                tracing::warn!(error = %chain(&error), "the log's writer lost its connection");
                give_up_the_old(batch, &error);
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

async fn attempt(
    config: &Config,
    session: &mut Option<Session>,
    batch: &[Job],
    feed: &Feed,
) -> Result<Vec<Verdict>, WriteError> {
    let connected = match session.take() {
        Some(session) => session,
        None => timeout(STALLED, Session::open(config)).await??,
    };
    let verdicts = timeout(STALLED, connected.write(batch, feed)).await??;
    *session = Some(connected);
    Ok(verdicts)
}

/// Answers those who have waited long enough; the others are tried again.
fn give_up_the_old(batch: &mut Vec<Job>, error: &WriteError) {
    let (old, young): (Vec<Job>, Vec<Job>) = batch
        .drain(..)
        .partition(|job| job.since.elapsed() > PATIENCE);
    batch.extend(young);
    for job in old {
        let source = LogError::unreachable(chain(error));
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
    let mut appended = Appended {
        version: append.last_version(),
        position: at(first_position),
    };
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

fn chain(error: &WriteError) -> String {
    match error {
        WriteError::Stalled(_) => error.to_string(),
        WriteError::Database(source) => match source.as_db_error() {
            Some(detail) => format!("{error}: {detail}"),
            None => format!("{error}: {source}"),
        },
    }
}

/// A connection with its statements.
struct Session {
    client: Client,
    lock: Statement,
    lengths: Statement,
    stretches: Statement,
    insert: Statement,
    advance: Statement,
}

impl Session {
    async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        // The connection ends with the client; its error reaches the pending statement.
        tokio::spawn(connection);
        let prepare = |text| client.prepare(text);
        let lock = prepare("select position from eventlog.head for update").await?;
        let lengths = prepare(
            "select s.stream, e.version + 1 from unnest($1::text[]) s(stream)
             cross join lateral (select version from eventlog.events e
                 where e.stream = s.stream order by version desc limit 1) e",
        )
        .await?;
        let stretches = prepare(
            "select e.stream, e.version, e.id, e.position
             from unnest($1::text[], $2::int8[], $3::int8[]) s(stream, first, last)
             join eventlog.events e on e.stream = s.stream and e.version between s.first and s.last",
        )
        .await?;
        let insert = prepare(
            "insert into eventlog.events (position, stream, version, id, type, schema_version,
                 payload, command_id, correlation_id, causation_id, actor, at)
             select position, stream, version, id, type, schema_version, payload::json, command_id,
                 correlation_id, causation_id, actor, at
             from unnest($1::int8[], $2::text[], $3::int8[], $4::uuid[], $5::text[], $6::int2[],
                 $7::text[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[], $12::timestamptz[])
                 e(position, stream, version, id, type, schema_version, payload, command_id,
                   correlation_id, causation_id, actor, at)",
        )
        .await?;
        let advance = prepare(
            "with moved as (update eventlog.head set position = $1)
             select pg_notify('jangteo_eventlog', ($1::int8)::text)",
        )
        .await?;
        Ok(Self {
            client,
            lock,
            lengths,
            stretches,
            insert,
            advance,
        })
    }

    async fn write(
        &self,
        batch: &[Job],
        feed: &Feed,
    ) -> Result<Vec<Verdict>, tokio_postgres::Error> {
        let appends = || batch.iter().map(|job| &job.append);
        let (mut head, mut on_record) = self.begin(appends()).await?;
        let doubtful = on_record.doubtful(appends());
        if !doubtful.is_empty() {
            on_record.events = self.look_up(&doubtful).await?;
        }
        let before = head;
        let verdicts = on_record.judge(appends(), &mut head);
        if head == before {
            self.client.batch_execute("rollback").await?;
        } else {
            feed.expect(head as u64);
            self.store(batch, &verdicts, head).await?;
        }
        Ok(verdicts)
    }

    /// Takes the sequencer's lock and then, in the same round trip, sees how long the streams are.
    async fn begin<'a>(
        &self,
        appends: impl Iterator<Item = &'a Append>,
    ) -> Result<(i64, OnRecord), tokio_postgres::Error> {
        let mut streams: Vec<&str> = appends.map(|append| append.stream().as_str()).collect();
        streams.sort_unstable();
        streams.dedup();
        let params: [&(dyn ToSql + Sync); 1] = [&streams];
        let (_, head, lengths) = futures::try_join!(
            self.client.batch_execute("begin"),
            self.client.query_one(&self.lock, &[]),
            self.client.query(&self.lengths, &params),
        )?;
        let length = |row: &tokio_postgres::Row| {
            let stream = StreamName::stored(row.get::<_, &str>(0));
            (stream, row.get::<_, i64>(1) as u64)
        };
        let on_record = OnRecord {
            lengths: lengths.iter().map(length).collect(),
            events: HashMap::new(),
        };
        Ok((head.get(0), on_record))
    }

    async fn look_up(
        &self,
        stretches: &[Stretch],
    ) -> Result<HashMap<(StreamName, u64), Known>, tokio_postgres::Error> {
        let streams: Vec<&str> = stretches.iter().map(|one| one.stream.as_str()).collect();
        let firsts: Vec<i64> = stretches.iter().map(|one| one.first as i64).collect();
        let lasts: Vec<i64> = stretches.iter().map(|one| one.last as i64).collect();
        let params: [&(dyn ToSql + Sync); 3] = [&streams, &firsts, &lasts];
        let rows = self.client.query(&self.stretches, &params).await?;
        let known = |row: &tokio_postgres::Row| {
            let stream = StreamName::stored(row.get::<_, &str>(0));
            let known = Known {
                id: row.get(2),
                position: row.get(3),
            };
            ((stream, row.get::<_, i64>(1) as u64), known)
        };
        Ok(rows.iter().map(known).collect())
    }

    /// Inserts what was accepted, moves the head and commits, in one round trip.
    async fn store(
        &self,
        batch: &[Job],
        verdicts: &[Verdict],
        head: i64,
    ) -> Result<(), tokio_postgres::Error> {
        let columns = Columns::of(batch, verdicts);
        let params = columns.params();
        let moved: [&(dyn ToSql + Sync); 1] = [&head];
        let (_, _, ()) = futures::try_join!(
            self.client.execute(&self.insert, &params),
            self.client.execute(&self.advance, &moved),
            self.client.batch_execute("commit"),
        )?;
        Ok(())
    }
}

/// The accepted events, column by column, as one statement takes them.
#[derive(Default)]
struct Columns<'a> {
    position: Vec<i64>,
    stream: Vec<&'a str>,
    version: Vec<i64>,
    id: Vec<uuid::Uuid>,
    event_type: Vec<&'a str>,
    schema_version: Vec<i16>,
    payload: Vec<&'a str>,
    command_id: Vec<uuid::Uuid>,
    correlation_id: Vec<uuid::Uuid>,
    causation_id: Vec<Option<uuid::Uuid>>,
    actor: Vec<&'a str>,
    at: Vec<chrono::DateTime<chrono::Utc>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Job], verdicts: &[Verdict]) -> Self {
        let mut columns = Self::default();
        for (job, verdict) in batch.iter().zip(verdicts) {
            if let Verdict::Accepted { first_position } = verdict {
                columns.push(&job.append, *first_position);
            }
        }
        columns
    }

    fn push(&mut self, append: &'a Append, first_position: i64) {
        for (index, event) in append.events().iter().enumerate() {
            self.position.push(first_position + index as i64);
            self.stream.push(append.stream().as_str());
            self.version
                .push(append.expected().next() as i64 + index as i64);
            self.id.push(event.id);
            self.event_type.push(&event.event_type);
            self.schema_version.push(event.schema_version as i16);
            self.payload.push(&event.payload);
            self.command_id.push(event.metadata.command_id);
            self.correlation_id.push(event.metadata.correlation_id);
            self.causation_id.push(event.metadata.causation_id);
            self.actor.push(&event.metadata.actor);
            self.at.push(event.metadata.at);
        }
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 12] {
        [
            &self.position,
            &self.stream,
            &self.version,
            &self.id,
            &self.event_type,
            &self.schema_version,
            &self.payload,
            &self.command_id,
            &self.correlation_id,
            &self.causation_id,
            &self.actor,
            &self.at,
        ]
    }
}
