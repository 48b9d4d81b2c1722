//! Reading streams. Those who read at the same time share one query.

use super::rows::{COLUMNS, query, recorded};
use crate::{
    Causes, LogError, RecordedEvent, StreamName,
    gather::{Answering, Bounds},
};
use async_trait::async_trait;
use deadpool_postgres::Pool;

pub(super) const BOUNDS: Bounds = Bounds { rounds: 4, questions: 64 };

/// At most `limit` events of a stream, from a version on.
#[derive(Debug)]
pub(super) struct Stretch {
    pub stream: StreamName,
    pub from: u64,
    pub limit: usize,
}

/// Reads the streams in this database.
#[derive(Debug)]
pub(super) struct Streams(pub Pool);

type Read = Result<Vec<RecordedEvent>, LogError>;

#[async_trait]
impl Answering for Streams {
    type Question = Stretch;
    type Answer = Read;

    async fn answer(&self, stretches: &[Stretch]) -> Vec<Read> {
        match self.read(stretches).await {
            Ok(read) => read.into_iter().map(Ok).collect(),
            Err(error) => {
                let why = Causes(&error).to_string();
                stretches.iter().map(|_| Err(LogError::unreachable(why.clone()))).collect()
            }
        }
    }
}

impl Streams {
    async fn read(&self, stretches: &[Stretch]) -> Result<Vec<Vec<RecordedEvent>>, LogError> {
        let select = format!(
            "select {COLUMNS}, number
             from unnest($1::text[], $2::int8[], $3::int8[])
                  with ordinality as asked (name, from_version, many, number),
             lateral (select * from eventlog.events
                      where stream = name and version >= from_version
                      order by version limit many) as found
             order by number, version"
        );
        let names: Vec<&str> = stretches.iter().map(|asked| asked.stream.as_str()).collect();
        let from: Vec<i64> = stretches.iter().map(|asked| int8(asked.from)).collect();
        let many: Vec<i64> = stretches.iter().map(|asked| int8(asked.limit as u64)).collect();
        let mut read: Vec<Vec<RecordedEvent>> = stretches.iter().map(|_| Vec::new()).collect();
        for row in query(&self.0, &select, &[&names, &from, &many]).await? {
            let number: i64 = row.get("number");
            // Counted from 1.
            if let Some(stretch) = read.get_mut(number as usize - 1) {
                stretch.push(recorded(&row));
            }
        }
        Ok(read)
    }
}

fn int8(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
