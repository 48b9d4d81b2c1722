//! `rebuild`: a view folded anew from the log, while it is read and kept.

use super::Failure;
use crate::{config::StoreArgs, store::Store, wiring};
use clap::Args;
use projections::{Error, Rebuilt, Stage, View, registry};
use std::{
    io::{Write, stdout},
    time::{Duration, Instant},
};

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(1);

#[derive(Args, Clone, Debug)]
pub struct RebuildArgs {
    /// The view, such as cafe.order_status.
    view: String,
    /// Compare the view with the log, row for row, instead of rebuilding it.
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Fails when a rebuild of the view is running, or when a comparison finds a difference.
pub async fn run(args: RebuildArgs) -> Result<(), Failure> {
    let view = registry::named(&args.view).map_err(|error| unknown_view(&error))?;
    let store = Store::attach_for_long_work(args.store).await?;
    if args.verify {
        verify(view, &store).await?;
    } else {
        rebuild(view, &store).await?;
    }
    store.close().await
}

async fn rebuild(view: &dyn View, store: &Store) -> Result<(), Failure> {
    let began = Instant::now();
    let mut shown = began;
    let mut show = |rebuilt: &Rebuilt| {
        if shown.elapsed() >= SHOWN_EVERY || rebuilt.stage == Stage::Done {
            shown = Instant::now();
            // A rebuild goes on when nobody watches.
            let _ = writeln!(stdout(), "{}", line(rebuilt, began.elapsed()));
        }
    };
    let rebuilt = view.rebuild(&wiring::engine(store), &mut show).await;
    rebuilt.map_err(|error| store.failed(&error))?;
    Ok(writeln!(stdout(), "{} is rebuilt.", view.name())?)
}

fn line(rebuilt: &Rebuilt, took: Duration) -> String {
    let Rebuilt { stage, events, position, end } = rebuilt;
    let stage = match stage {
        Stage::Folding => "folding",
        Stage::CatchingUp => "catching up",
        Stage::Done => "done",
    };
    let rate = *events as f64 / took.as_secs_f64().max(0.001);
    format!("{stage}: {events} events, at {position} (the log ended at {end}), {rate:.0} events/s")
}

async fn verify(view: &dyn View, store: &Store) -> Result<(), Failure> {
    let found = view.verify(&wiring::engine(store)).await.map_err(|error| store.failed(&error))?;
    let (name, rows, position) = (view.name(), found.rows, found.position);
    if !found.differing.is_empty() {
        let what = format!(
            "{name}: {} rows differ from the log at {position}: {}",
            found.differing.len(),
            sample(&found.differing)
        );
        return Err(Failure::new(what, format!("`jangteo rebuild {name}` makes them right.")));
    }
    Ok(writeln!(stdout(), "{name}: {rows} rows, as the log says at {position}")?)
}

/// The first few keys.
fn sample(keys: &[String]) -> String {
    let shown: Vec<_> = keys.iter().take(5).map(String::as_str).collect();
    if shown.len() < keys.len() { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
}

fn unknown_view(error: &Error) -> Failure {
    let names: Vec<_> = registry::VIEWS.iter().map(|view| view.name()).collect();
    Failure::of(error, format!("The views are {}.", names.join(", ")))
}
