//! `pause` and `resume`: maintenance of a part, in force on every process.

use super::Failure;
use crate::{config::StoreArgs, store::Store};
use clap::Args;
use commands::parts;
use domain::Context;
use std::io::{Write, stdout};

#[derive(Args, Clone, Debug)]
pub struct PauseArgs {
    /// An aggregate type, such as cafe.ticket.
    part: String,
    /// Why, for those who look at it later.
    #[arg(long, default_value = "maintenance")]
    note: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Args, Clone, Debug)]
pub struct ResumeArgs {
    /// An aggregate type, such as cafe.ticket.
    part: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// Comes back when every process refuses the part's commands.
pub async fn pause(args: PauseArgs) -> Result<(), Failure> {
    check(&args.part)?;
    let store = Store::attach(args.store).await?;
    parts::pause(&store.pool, &args.part, &args.note)
        .await
        .map_err(|error| store.failed(&error))?;
    writeln!(stdout(), "{} is paused. `jangteo resume {}` ends it.", args.part, args.part)?;
    store.close().await
}

/// Comes back when every process takes the part's commands again.
pub async fn resume(args: ResumeArgs) -> Result<(), Failure> {
    check(&args.part)?;
    let store = Store::attach(args.store).await?;
    let was_paused =
        parts::resume(&store.pool, &args.part).await.map_err(|error| store.failed(&error))?;
    let what = if was_paused { "goes on" } else { "was not paused" };
    writeln!(stdout(), "{} {what}.", args.part)?;
    store.close().await
}

fn check(part: &str) -> Result<(), Failure> {
    let parts: Vec<_> = Context::ALL.into_iter().flat_map(Context::parts).copied().collect();
    if parts.contains(&part) {
        return Ok(());
    }
    Err(Failure::new(
        format!("no part is named {part:?}"),
        format!("The parts are {}.", parts.join(", ")),
    ))
}
