//! From stored events to changed rows, in memory.

use crate::{read_model::ReadModel, row::Row, table::Rows};
use chrono::SubsecRound;
use domain::{Event, Fact, stored::Stored};
use eventlog::{RecordedEvent, StreamName, consumer::Hold};
use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// An event on its way into rows.
#[derive(Debug)]
pub(crate) struct Step {
    event: Arc<RecordedEvent>,
    /// The fact and the keys it touches, or why there is none.
    understood: Result<(Fact<Event>, Vec<String>), String>,
}

impl Step {
    /// Decodes an event and asks the read model which rows it touches.
    pub(crate) fn of<M: ReadModel>(event: Arc<RecordedEvent>) -> Self {
        let understood = fact(&event).and_then(|fact| {
            let keys = guarded(|| M::keys(&fact))?;
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

/// An event that is to be parked, and why.
pub(crate) type ToPark = (Arc<RecordedEvent>, Hold);

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
            to_park.push((event, Hold::Behind));
            continue;
        }
        let folded = understood.and_then(|(fact, keys)| fold_one::<M>(rows, &fact, keys));
        if let Err(reason) = folded {
            parked.insert(event.stream.clone());
            to_park.push((event, Hold::Poison { reason }));
        }
    }
    to_park
}

/// Folds one fact into all rows it touches, or, when the fold panics, into none.
fn fold_one<M: ReadModel>(
    rows: &mut Rows<M::Row>,
    fact: &Fact<Event>,
    keys: Vec<String>,
) -> Result<(), String> {
    let after = guarded(|| {
        let before = |key: &String| rows.get(key).cloned().flatten();
        let after = |key: String| (M::fold(before(&key), fact), key);
        keys.into_iter().map(after).collect::<Vec<_>>()
    })?;
    let stray =
        |(row, key): &(Option<M::Row>, String)| row.as_ref().is_some_and(|row| row.key() != key);
    if after.iter().any(stray) {
        return Err("the fold gave a row of another key than it was asked for".to_owned());
    }
    rows.extend(after.into_iter().map(|(row, key)| (key, row)));
    Ok(())
}

/// The event as the domain knows it.
fn fact(event: &RecordedEvent) -> Result<Fact<Event>, String> {
    let stored = Stored {
        category: event.stream.category(),
        event_type: &event.event_type,
        schema_version: event.schema_version,
        payload: &event.payload,
    };
    let decoded = guarded(|| domain::decode(&stored))?.map_err(|error| error.to_string())?;
    Ok(Fact {
        id: event.id,
        of: event.stream.id().to_owned(),
        // What PostgreSQL keeps, so that a row is the same before and after it was stored.
        at: event.metadata.at.trunc_subsecs(6),
        event: decoded,
    })
}

/// Runs pure code of which one panic must not stop all views.
fn guarded<T>(pure: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(pure)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        // PostgreSQL takes any text but this one character.
        format!("panicked: {}", text.unwrap_or_default().replace('\0', ""))
    })
}
