//! `stream`: what happened to one aggregate, one event per line.

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use clap::Args;
use eventlog::{RecordedEvent, StreamName};
use std::io::{Write, stdout};

const BATCH: usize = 500;

#[derive(Args, Clone, Debug)]
pub struct StreamArgs {
    /// The stream's name: category, dash, id, such as cafe.order-1.
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Fails when there is no such stream.
pub async fn run(args: StreamArgs) -> Result<(), Failure> {
    let store = Store::attach(args.store).await?;
    let stream = StreamName::stored(args.name);
    let mut next = 0;
    loop {
        let events = store
            .log
            .read_stream(&stream, next, BATCH)
            .await
            .map_err(|error| store.failed(&error))?;
        events.iter().try_for_each(print)?;
        match events.last() {
            Some(last) => next = last.version + 1,
            None => break,
        }
    }
    store.close().await?;
    if next == 0 {
        let next = "A stream is named like cafe.order-<id>; the ids stand in the views.";
        return Err(Failure::new(format!("there is no stream {stream}"), next));
    }
    Ok(())
}

/// Version, position, time, type, payload.
fn print(event: &RecordedEvent) -> std::io::Result<()> {
    let RecordedEvent { version, position, event_type, payload, metadata, .. } = event;
    let at = metadata.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    writeln!(stdout(), "{version} {position} {at} {event_type} {payload}")
}
