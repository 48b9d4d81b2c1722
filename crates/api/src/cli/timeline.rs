//! `timeline`: every fact that belongs to a thing, across streams, one per line.

use super::Failure;
use crate::{config::StoreArgs, store::Store, wiring};
use clap::Args;
use domain::timeline::shown;
use eventlog::{Position, RecordedEvent, consumer::handover};
use projections::{Error, timeline::NAME};
use std::io::{Write, stderr, stdout};

const PAGE: usize = 500;

#[derive(Args, Clone, Debug)]
pub struct TimelineArgs {
    /// What the thing is, such as cafe.order.
    thing: String,
    /// Its id.
    id: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Fails when there is no such thing.
pub async fn run(args: TimelineArgs) -> Result<(), Failure> {
    let store = Store::attach(args.store).await?;
    let printed = print_all(&store, &args.thing, &args.id).await;
    let closed = store.close().await;
    if !printed? {
        let what = format!("there is no {} {}", args.thing, args.id);
        let next = "A thing is named like cafe.order <id>; the ids stand in the views.";
        return Err(Failure::new(what, next));
    }
    closed
}

/// Whether there is such a thing.
async fn print_all(store: &Store, thing: &str, id: &str) -> Result<bool, Failure> {
    let engine = wiring::engine(store);
    let end = store.log.end().await.map_err(|error| store.failed(&error))?;
    let kept = kept(store).await.map_err(|error| store.failed(&error))?;
    let mut after = Position::START;
    loop {
        let page = engine.timeline(thing, id, after, PAGE).await;
        let Some(page) = page.map_err(|error| store.failed(&error))? else {
            return Ok(false);
        };
        page.iter().try_for_each(print)?;
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => after = last.position,
            None => break,
        }
    }
    if kept < end {
        let note = "what others did is known only up to";
        writeln!(
            stderr(),
            "{note} {kept}, and the log ends at {end}: a worker of `jangteo serve` carries on"
        )?;
    }
    Ok(true)
}

async fn kept(store: &Store) -> Result<Position, Error> {
    let client = store.pool.get().await?;
    Ok(handover::checkpoints(&client, NAME).await?.first().map_or(Position::START, |(_, at)| *at))
}

/// Position, time, stream, type, payload without what is personal.
fn print(event: &RecordedEvent) -> std::io::Result<()> {
    let RecordedEvent { position, stream, event_type, payload, metadata, .. } = event;
    let at = metadata.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let payload = shown(event_type, payload);
    writeln!(stdout(), "{position} {at} {stream} {event_type} {payload}")
}
