//! `views`: where each follower of the log stands, against the log's end.

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use eventlog::{
    Position,
    consumer::{ConsumerState, Consumers},
};
use std::io::{Write, stdout};

pub async fn run(store: StoreArgs) -> Result<(), Failure> {
    let store = Store::attach(store).await?;
    let end = store.log.end().await.map_err(|error| store.failed(&error))?;
    let states =
        Consumers::new(store.pool.clone()).states().await.map_err(|error| store.failed(&error))?;
    let mut out = stdout();
    writeln!(
        out,
        "{:<24} {:<16} {:<9} {:<36} {:>7} {:>8}",
        "NAME", "POSITION", "STANDS", "OWNER", "WAITING", "POISONED"
    )?;
    for state in &states {
        writeln!(out, "{}", line(state, end))?;
    }
    writeln!(out, "the log ends at {end}")?;
    store.close().await
}

fn line(state: &ConsumerState, end: Position) -> String {
    let ConsumerState { name, position, waiting_streams, poisoned_streams, .. } = state;
    let stands = if *position >= end { "current" } else { "behind" };
    let owner = state.owner.map_or("nobody".to_owned(), |owner| owner.to_string());
    // Formatted first: a position's own format ignores widths.
    let position = position.to_string();
    format!(
        "{name:<24} {position:<16} {stands:<9} {owner:<36} {waiting_streams:>7} {poisoned_streams:>8}"
    )
}
