//! One connection of the writer, and the two round trips of a batch.

use super::Job;
use crate::{
    Append, StreamName,
    postgres::{
        batch::{Known, OnRecord, Stretch, Verdict},
        feed::Feed,
    },
};
use std::{collections::HashMap, time::Duration};
use tokio_postgres::{Client, Config, NoTls, Statement, types::ToSql};

/// How long a writer may be silent amid a transaction, in which it keeps the log from all others:
/// the server takes it for gone then.
const SILENCE: Duration = Duration::from_secs(2);

/// A connection with its statements.
pub(super) struct Session {
    client: Client,
    lock: Statement,
    lengths: Statement,
    stretches: Statement,
    insert: Statement,
    advance: Statement,
}

impl Session {
    pub async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        // The connection ends with the client; its error reaches the pending statement.
        tokio::spawn(connection);
        let limit = format!("set idle_in_transaction_session_timeout = {}", SILENCE.as_millis());
        client.batch_execute(&limit).await?;
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
        Ok(Self { client, lock, lengths, stretches, insert, advance })
    }

    pub async fn write(
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
        let on_record =
            OnRecord { lengths: lengths.iter().map(length).collect(), events: HashMap::new() };
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
            let known = Known { id: row.get(2), position: row.get(3) };
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
            self.version.push(append.expected().next() as i64 + index as i64);
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
