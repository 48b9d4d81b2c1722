//! From stored events to changed rows, in memory.

use crate::{read_model::ReadModel, row::Row, table::Rows};
use chrono::SubsecRound;
use domain::{Event, Fact, Instant, stored::Stored};
use eventlog::{
    EventPlace, RecordedEvent, StreamName,
    consumer::{Hold, Share},
};
use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use uuid::Uuid;

/// An event on its way into rows.
#[derive(Debug)]
pub(crate) struct Step {
    event: Arc<RecordedEvent>,
    /// The fact and the keys it touches, or why there is none.
    understood: Result<(Fact<Event>, Vec<String>), String>,
}

impl Step {
    /// Decodes an event and asks the read model which rows of this share it touches.
    pub(crate) fn of<M: ReadModel>(event: Arc<RecordedEvent>, share: Share) -> Self {
        let understood = fact(&event).and_then(|fact| {
            let keys = keys::<M>(&fact, share)?;
            Ok((fact, keys))
        });
        Self { event, understood }
    }

    /// An event that is not even tried.
    pub(crate) fn poison(event: Arc<RecordedEvent>, reason: String) -> Self {
        Self { event, understood: Err(reason) }
    }

    pub(crate) fn keys(&self) -> &[String] {
        self.understood.as_ref().map_or(&[], |(_, keys)| keys)
    }
}

/// The rows that an event touches. An error where it would be parked.
pub(crate) fn touched<M: ReadModel>(event: &RecordedEvent) -> Result<Vec<String>, String> {
    keys::<M>(&fact(event)?, Share::WHOLE)
}

/// An event that is to be parked, and why.
pub(crate) type ToPark = (EventPlace, Hold);

/// Streams of which an event is parked: all later ones wait behind it.
pub(crate) type ParkedStreams = HashSet<StreamName>;

/// Folds `steps` in order into `rows`, which know all their keys. Gives what is to be parked: what
/// cannot be folded, and everything behind it in its stream.
pub(crate) fn fold<M: ReadModel>(
    rows: &mut Rows<M::Row>,
    steps: Vec<Step>,
    parked: &mut ParkedStreams,
) -> Vec<ToPark> {
    let mut to_park = Vec::new();
    for Step { event, understood } in steps {
        if !parked.is_empty() && parked.contains(&event.stream) {
            to_park.push((event.place(), Hold::Behind));
            continue;
        }
        let folded =
            understood.and_then(|(fact, keys)| fold_one::<M>(rows, &fact, event.version, keys));
        if let Err(reason) = folded {
            parked.insert(event.stream.clone());
            to_park.push((event.place(), Hold::Poison { reason }));
        }
    }
    to_park
}

fn fold_one<M: ReadModel>(
    rows: &mut Rows<M::Row>,
    fact: &Fact<Event>,
    version: u64,
    keys: Vec<String>,
) -> Result<(), String> {
    let after = after::<M>(fact, version, keys, |key| rows.get(key).cloned().flatten())?;
    rows.extend(after);
    Ok(())
}

/// The rows of this share that a fact touches.
pub(crate) fn keys<M: ReadModel>(fact: &Fact<Event>, share: Share) -> Result<Vec<String>, String> {
    let mut keys = guarded(|| M::keys(fact))?;
    keys.retain(|key| share.has(key));
    Ok(keys)
}

/// The rows of some keys as they are after a fact; none where there is none any more.
type Changed<R> = Vec<(String, Option<R>)>;

/// What all the rows that a fact touches become, or, when the fold panics, none of them. `version` is
/// that of its event, counted from 0.
pub(crate) fn after<M: ReadModel>(
    fact: &Fact<Event>,
    version: u64,
    keys: Vec<String>,
    before: impl Fn(&str) -> Option<M::Row>,
) -> Result<Changed<M::Row>, String> {
    let after = guarded(|| {
        let after = |key: String| {
            let mut row = M::fold(before(&key), fact);
            if let Some(shown) = row.as_mut().and_then(M::version) {
                *shown = i64::try_from(version).unwrap_or(i64::MAX).saturating_add(1);
            }
            (key, row)
        };
        keys.into_iter().map(after).collect::<Changed<_>>()
    })?;
    let stray =
        |(key, row): &(String, Option<M::Row>)| row.as_ref().is_some_and(|row| row.key() != key);
    if after.iter().any(stray) {
        return Err("the fold gave a row of another key than it was asked for".to_owned());
    }
    Ok(after)
}

fn fact(event: &RecordedEvent) -> Result<Fact<Event>, String> {
    let stored = Stored {
        category: event.stream.category(),
        event_type: &event.event_type,
        schema_version: event.schema_version,
        payload: &event.payload,
    };
    decode(&stored, event.id, event.stream.id(), event.metadata.at)
}

/// The event `id` as the domain knows it: it happened to `of`, at this time.
pub(crate) fn decode(
    stored: &Stored<'_>,
    id: Uuid,
    of: &str,
    at: Instant,
) -> Result<Fact<Event>, String> {
    let event = guarded(|| domain::decode(stored))?.map_err(|error| error.to_string())?;
    // To the precision that PostgreSQL keeps, so that a row is the same before and after it was
    // stored.
    Ok(Fact { id, of: of.to_owned(), at: at.trunc_subsecs(6), event })
}

/// Runs pure code of which one panic must not stop all views.
pub(crate) fn guarded<T>(pure: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(pure)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        // PostgreSQL takes any text but this one character.
        format!("panicked: {}", text.unwrap_or_default().replace('\0', ""))
    })
}
