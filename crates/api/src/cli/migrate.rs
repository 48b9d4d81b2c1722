//! `migrate`: brings the schemas up to date, so that a roll-out does not begin with a database that it
//! cannot prepare. `serve` does the same when it starts; here nothing is served, a statement may take
//! as long as it takes, and what was changed is said.

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use eventlog::postgres::Change;
use std::io::{Write, stdout};

/// Again changes nothing. Several at once wait for each other, and each says what it did itself.
pub async fn run(store: StoreArgs) -> Result<(), Failure> {
    let store = Store::attach_for_long_work(store).await?;
    let said = say(&store.changes);
    store.close().await?;
    Ok(said?)
}

fn say(changes: &[Change]) -> std::io::Result<()> {
    let mut out = stdout();
    for Change { schema, name } in changes {
        writeln!(out, "{schema}: {name}")?;
    }
    match changes.len() {
        0 => writeln!(out, "The schemas were up to date."),
        1 => writeln!(out, "The schemas are up to date; 1 change was made."),
        many => writeln!(out, "The schemas are up to date; {many} changes were made."),
    }
}
