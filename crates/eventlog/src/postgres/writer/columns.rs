//! Events on their way into the table.

use super::Job;
use crate::{Append, postgres::batch::Verdict};
use tokio_postgres::types::ToSql;

/// The accepted events in log order, column by column, as one statement takes them.
#[derive(Default)]
pub(super) struct Columns<'a> {
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
    pub fn of(batch: &'a [Job], verdicts: &[Verdict]) -> Self {
        let accepted =
            |(_, verdict): &(&Job, &Verdict)| matches!(verdict, Verdict::Accepted { .. });
        Self::of_all(batch.iter().zip(verdicts).filter(accepted).map(|(job, _)| job))
    }

    pub fn of_all(jobs: impl Iterator<Item = &'a Job>) -> Self {
        let mut columns = Self::default();
        for job in jobs {
            columns.push(&job.append);
        }
        columns
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    fn push(&mut self, append: &'a Append) {
        for (index, event) in append.events().iter().enumerate() {
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

    pub fn params(&self) -> [&(dyn ToSql + Sync); 11] {
        [
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
