//! One connection of the writer. A batch of which nothing has to be asked is one statement, and one
//! round trip; any other is a transaction of two.

use super::{Job, columns::Columns, ends::Ends};
use crate::{
    Append, StreamName,
    postgres::{
        batch::{End, Known, OnRecord, Stretch, Verdict},
        feed::Feed,
        server::Server,
    },
};
use std::{collections::HashMap, time::Duration};
use tokio_postgres::{Client, Statement, error::SqlState, types::ToSql};

/// How long a writer may be silent amid a transaction, in which it keeps the log from all others:
/// the server takes it for gone then.
const SILENCE: Duration = Duration::from_secs(2);

/// A connection with its statements.
pub(super) struct Session {
    client: Client,
    lock: Statement,
    last: Statement,
    stretches: Statement,
    store: Statement,
    ends: Ends,
    /// Where the log ended when this writer last looked.
    head: i64,
}

impl Session {
    pub async fn open(server: &Server) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = server.config.connect(server.tls.clone()).await?;
        // The connection ends with the client; its error reaches the pending statement.
        tokio::spawn(connection);
        let limit = format!("set idle_in_transaction_session_timeout = {}", SILENCE.as_millis());
        client.batch_execute(&limit).await?;
        let prepare = |text| client.prepare(text);
        let lock = prepare("select position from eventlog.head for update").await?;
        let last = prepare(
            "select s.stream, e.version, e.id from unnest($1::text[]) s(stream)
             cross join lateral (select version, id from eventlog.events e
                 where e.stream = s.stream order by version desc limit 1) e",
        )
        .await?;
        let stretches = prepare(
            "select e.stream, e.version, e.id, e.position
             from unnest($1::text[], $2::int8[], $3::int8[]) s(stream, first, last)
             join eventlog.events e on e.stream = s.stream and e.version between s.first and s.last",
        )
        .await?;
        let store = prepare(
            "with moved as (
                 update eventlog.head set position = position + $1
                 returning position - $1 as base),
             stored as (
                 insert into eventlog.events (position, stream, version, id, type, schema_version,
                     payload, command_id, correlation_id, causation_id, actor, at)
                 select base + n, stream, version, id, type, schema_version, payload::json,
                     command_id, correlation_id, causation_id, actor, e.at
                 from moved, unnest($2::text[], $3::int8[], $4::uuid[], $5::text[], $6::int2[],
                     $7::text[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[],
                     $12::timestamptz[]) with ordinality
                     e(stream, version, id, type, schema_version, payload, command_id,
                       correlation_id, causation_id, actor, at, n))
             select base, pg_notify('jangteo_eventlog', (base + $1)::text) from moved",
        )
        .await?;
        let (ends, head) = (Ends::new(), 0);
        Ok(Self { client, lock, last, stretches, store, ends, head })
    }

    pub async fn write(
        &mut self,
        batch: &[Job],
        feed: &Feed,
    ) -> Result<Vec<Verdict>, tokio_postgres::Error> {
        let written = match self.ends.all_follow(batch.iter().map(|job| &job.append)) {
            true => self.write_at_once(batch, feed).await?,
            false => None,
        };
        let verdicts = match written {
            Some(verdicts) => verdicts,
            None => self.ask_and_write(batch, feed).await?,
        };
        for (job, verdict) in batch.iter().zip(&verdicts) {
            if let Verdict::Accepted { .. } = verdict {
                self.ends.note(job.append.stream().clone(), End::after(&job.append));
            }
        }
        Ok(verdicts)
    }

    /// Stores all, unless another process was faster with one of the streams: then nothing is
    /// stored, and `None`.
    async fn write_at_once(
        &mut self,
        batch: &[Job],
        feed: &Feed,
    ) -> Result<Option<Vec<Verdict>>, tokio_postgres::Error> {
        let columns = Columns::of_all(batch.iter());
        // If others have written since, they are only asked for once more.
        feed.expect((self.head + columns.len() as i64) as u64);
        match self.store(&columns).await {
            Ok(base) => {
                self.head = base + columns.len() as i64;
                Ok(Some(all_accepted(batch, base)))
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                feed.forget();
                self.ends.forget(batch.iter().map(|job| job.append.stream()));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Looks at the streams first, and stores what can be stored.
    async fn ask_and_write(
        &mut self,
        batch: &[Job],
        feed: &Feed,
    ) -> Result<Vec<Verdict>, tokio_postgres::Error> {
        let appends = || batch.iter().map(|job| &job.append);
        let (mut head, mut on_record) = self.begin(appends()).await?;
        for (stream, end) in &on_record.ends {
            self.ends.note(stream.clone(), *end);
        }
        let doubtful = on_record.doubtful(appends());
        if !doubtful.is_empty() {
            on_record.events = self.look_up(&doubtful).await?;
        }
        let before = head;
        let verdicts = on_record.judge(appends(), &mut head);
        self.head = head;
        if head == before {
            self.client.batch_execute("rollback").await?;
        } else {
            feed.expect(head as u64);
            let columns = Columns::of(batch, &verdicts);
            futures::try_join!(self.store(&columns), self.client.batch_execute("commit"))?;
        }
        Ok(verdicts)
    }

    /// Gives the events the next positions, and moves the head. Gives the position before them.
    async fn store(&self, columns: &Columns<'_>) -> Result<i64, tokio_postgres::Error> {
        let count = columns.len() as i64;
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&count];
        params.extend(columns.params());
        Ok(self.client.query_one(&self.store, &params).await?.get(0))
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
        let (_, head, ends) = futures::try_join!(
            self.client.batch_execute("begin"),
            self.client.query_one(&self.lock, &[]),
            self.client.query(&self.last, &params),
        )?;
        let end = |row: &tokio_postgres::Row| {
            let stream = StreamName::stored(row.get::<_, &str>(0));
            let length = row.get::<_, i64>(1) as u64 + 1;
            (stream, End { length, last: row.get(2) })
        };
        let on_record = OnRecord { ends: ends.iter().map(end).collect(), events: HashMap::new() };
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
}

fn all_accepted(batch: &[Job], base: i64) -> Vec<Verdict> {
    let next = |next: &mut i64, job: &Job| {
        let first_position = *next;
        *next += job.append.events().len() as i64;
        Some(Verdict::Accepted { first_position })
    };
    batch.iter().scan(base + 1, next).collect()
}
