//! All facts that belong to one thing, in log order, whichever streams they are in: table
//! `shared.timeline`, served under `/<context>/<things>/{id}/timeline`.
//!
//! A thing's own streams (an order, and the store's ticket for it) are read whole. Each of their
//! facts names the request at its beginning; what else came of these requests, such as a member's
//! points, belongs to the thing too. The table knows where that is.

mod keeper;

use crate::{Engine, Error};
use domain::timeline::sides;
use eventlog::{LogError, Position, RecordedEvent, StreamName};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// The table, and the name of its checkpoint.
pub const NAME: &str = "shared.timeline";

/// Events read from the log at once.
const READ: usize = 500;
/// How much of one stream is looked at: more than happens to one thing.
const LONGEST_STREAM: usize = 10_000;
/// Reads of the log side by side.
const READS: usize = 8;

const SELECT: &str = "
    select commit_position, prepare_position, stream, version from shared.timeline
    where correlation_id = any($1) and (commit_position, prepare_position) > ($2, $3)
    order by commit_position, prepare_position limit $4";

/// Where in the log an event stands, and in which stream.
type Place = (StreamName, u64);

impl Engine {
    /// The first `limit` facts after a position of the thing `id` of a category such as
    /// `cafe.order`. `None` when there is no such thing.
    ///
    /// Its own streams are shown as they are; the rest as far as the table has come.
    pub async fn timeline(
        &self,
        category: &str,
        id: &str,
        after: Position,
        limit: usize,
    ) -> Result<Option<Vec<RecordedEvent>>, Error> {
        let sides = sides(category).unwrap_or_default();
        let own = sides.iter().map(|side| self.whole(StreamName::new(side, id)));
        let own: Vec<RecordedEvent> = try_join_all(own).await?.into_iter().flatten().collect();
        if own.is_empty() {
            return Ok(None);
        }
        let known: HashSet<Place> = own.iter().map(place).collect();
        let mut found = self.correlated(&own, after, limit).await?;
        found.retain(|_, place| !known.contains(place));
        let mut facts: BTreeMap<Position, Option<RecordedEvent>> =
            found.keys().map(|position| (*position, None)).collect();
        let later = own.into_iter().filter(|event| event.position > after);
        facts.extend(later.map(|event| (event.position, Some(event))));
        let end = facts.keys().nth(limit).copied();
        if let Some(end) = end {
            facts.split_off(&end);
            found.split_off(&end);
        }
        let read = self.read(found.into_values().collect()).await?;
        let facts = facts.into_values().flatten().chain(read);
        let mut facts: Vec<_> = facts.collect();
        facts.sort_by_key(|event| event.position);
        Ok(Some(facts))
    }

    async fn whole(&self, stream: StreamName) -> Result<Vec<RecordedEvent>, LogError> {
        let mut events = Vec::new();
        loop {
            let page = self.log.read_stream(&stream, events.len() as u64, READ).await?;
            let is_last = page.len() < READ;
            events.extend(page);
            if is_last || events.len() >= LONGEST_STREAM {
                return Ok(events);
            }
        }
    }

    /// Where the facts are that have a request in common with one of `own`.
    async fn correlated(
        &self,
        own: &[RecordedEvent],
        after: Position,
        limit: usize,
    ) -> Result<BTreeMap<Position, Place>, Error> {
        let requests: HashSet<Uuid> =
            own.iter().map(|event| event.metadata.correlation_id).collect();
        let requests: Vec<Uuid> = requests.into_iter().collect();
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(SELECT).await?;
        // Some of them may be known from the thing's own streams.
        let limit = i64::try_from(limit.saturating_add(own.len())).unwrap_or(i64::MAX);
        let (commit, prepare) = (after.commit as i64, after.prepare as i64);
        let rows = client.query(&statement, &[&requests, &commit, &prepare, &limit]).await?;
        let places = rows.iter().map(|row| {
            let half = |column| row.get::<_, i64>(column) as u64;
            let position = Position { commit: half(0), prepare: half(1) };
            (position, (StreamName::stored(row.get::<_, &str>(2)), half(3)))
        });
        Ok(places.collect())
    }

    /// Reads single events, those that follow each other in a stream at once.
    async fn read(&self, places: Vec<Place>) -> Result<Vec<RecordedEvent>, Error> {
        let runs = runs(places);
        let reads = runs.into_iter().map(|(stream, first, count)| async move {
            let events = self.log.read_stream(&stream, first, count).await?;
            let gone = || LogError::Foreign(format!("{stream} is shorter than it was"));
            if events.len() == count { Ok(events) } else { Err(Error::Log(gone())) }
        });
        let reads: Vec<_> = reads.collect();
        let read: Vec<_> = stream::iter(reads).buffer_unordered(READS).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}

fn place(event: &RecordedEvent) -> Place {
    (event.stream.clone(), event.version)
}

/// Stream, first version, and how many.
fn runs(places: Vec<Place>) -> Vec<(StreamName, u64, usize)> {
    let mut streams: HashMap<StreamName, Vec<u64>> = HashMap::new();
    for (stream, version) in places {
        streams.entry(stream).or_default().push(version);
    }
    let mut runs: Vec<(StreamName, u64, usize)> = Vec::new();
    for (stream, mut versions) in streams {
        versions.sort_unstable();
        for version in versions {
            match runs.last_mut() {
                Some((of, first, count)) if *of == stream && *first + *count as u64 == version => {
                    *count += 1;
                }
                _ => runs.push((stream.clone(), version, 1)),
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_read_at_once() {
        let of = |id: &str| StreamName::new("cafe.member", id);
        let places = [("a", 7), ("b", 1), ("a", 5), ("a", 6), ("a", 9)];
        let places = places.map(|(id, version)| (of(id), version));
        let mut found = runs(places.to_vec());
        found.sort();
        assert_eq!(found, [(of("a"), 5, 3), (of("a"), 9, 1), (of("b"), 1, 1)]);
    }
}
