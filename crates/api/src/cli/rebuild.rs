//! `rebuild` and `verify`: views folded anew from the log, while they are read and kept.

mod progress;

use super::Failure;
use crate::{config::StoreArgs, store::Store, wiring};
use clap::Args;
use eventlog::consumer::{InvalidShares, Share};
use progress::Shown;
use projections::{Engine, Error, OnProgress, Plan, Rebuilt, Then, View, registry};
use std::io::{Write, stdout};

/// Which views.
#[derive(Args, Clone, Debug)]
struct Which {
    /// The views, such as cafe.order_status.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    views: Vec<String>,
    /// All views, in one pass over the log.
    #[arg(long)]
    all: bool,
}

#[derive(Args, Clone, Debug)]
pub struct RebuildArgs {
    #[command(flatten)]
    which: Which,
    /// Put a new table in place only if it has the same rows as the view; name those that differ.
    #[arg(long)]
    verify: bool,
    /// Put the table back that was in place before the last rebuild.
    #[arg(long, conflicts_with = "verify")]
    rollback: bool,
    /// Say what would be done, and do nothing.
    #[arg(long, conflicts_with_all = ["verify", "rollback"])]
    dry_run: bool,
    /// Cut the work of keeping the views into so many shares of their keys, which as many workers
    /// can do side by side. [default: as it is now]
    #[arg(long, value_name = "SHARES", value_parser = shares, conflicts_with_all = ["verify", "rollback", "dry_run"])]
    partitions: Option<Shares>,
    #[command(flatten)]
    store: StoreArgs,
}

/// In the order of their numbers.
type Shares = Vec<Share>;

fn shares(number: &str) -> Result<Shares, String> {
    let number = number.parse().map_err(|_| format!("{number:?} is no number of shares"))?;
    Share::cut(number).map_err(|error: InvalidShares| error.to_string())
}

#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    store: StoreArgs,
}

/// Fails when a rebuild of one of the views is running, or when a comparison finds a difference.
pub async fn run(args: RebuildArgs) -> Result<(), Failure> {
    let views = args.which.views()?;
    let store = Store::attach_for_long_work(args.store).await?;
    let engine = wiring::engine(&store);
    let done = if args.dry_run {
        plan(&views, &engine, &store).await
    } else if args.rollback {
        roll_back(&views, &engine, &store).await
    } else {
        let then = if args.verify { Then::SwapIfEqual } else { Then::Swap };
        rebuild(&views, then, args.partitions.as_deref(), &engine, &store).await
    };
    let closed = store.close().await;
    done.and(closed)
}

/// Compares views with the log, and changes nothing.
pub async fn verify(args: VerifyArgs) -> Result<(), Failure> {
    let views = args.which.views()?;
    let store = Store::attach_for_long_work(args.store).await?;
    let done = rebuild(&views, Then::Compare, None, &wiring::engine(&store), &store).await;
    let closed = store.close().await;
    done.and(closed)
}

/// All views, after the log has become another.
pub async fn all(store: &Store) -> Result<(), Failure> {
    let engine = wiring::engine(store);
    rebuild(registry::VIEWS.as_ref(), Then::Swap, None, &engine, store).await
}

impl Which {
    fn views(&self) -> Result<Vec<&'static dyn View>, Failure> {
        if self.all {
            return Ok(registry::VIEWS.to_vec());
        }
        let named = |name: &String| registry::named(name).map_err(|error| unknown_view(&error));
        self.views.iter().map(named).collect()
    }
}

async fn rebuild(
    views: &[&'static dyn View],
    then: Then,
    shares: Option<&[Share]>,
    engine: &Engine,
    store: &Store,
) -> Result<(), Failure> {
    let mut shown = Shown::new();
    let on_progress: OnProgress<'_> = &mut |progress| shown.show(progress);
    let rebuilt = match shares {
        Some(shares) => engine.cut(views, shares, on_progress).await,
        None => engine.rebuild(views, then, on_progress).await,
    };
    let rebuilt = rebuilt.map_err(|error| failed(store, &error))?;
    shown.done(&rebuilt, then);
    let differing: Vec<_> = rebuilt.iter().filter_map(difference).collect();
    if differing.is_empty() {
        return Ok(());
    }
    let next = "The views are as they were. Find out why; `jangteo rebuild` without --verify puts in place what the log says.";
    Err(Failure::new(differing.join("\n"), next))
}

async fn roll_back(
    views: &[&'static dyn View],
    engine: &Engine,
    store: &Store,
) -> Result<(), Failure> {
    for view in views {
        let mut shown = Shown::new();
        let back = engine.roll_back(*view, &mut |progress| shown.show(progress)).await;
        shown.done(&[back.map_err(|error| failed(store, &error))?], Then::Swap);
    }
    Ok(())
}

async fn plan(views: &[&'static dyn View], engine: &Engine, store: &Store) -> Result<(), Failure> {
    for view in views {
        let Plan { view, end, rows, bytes, has_old, rebuilding } =
            engine.plan(*view).await.map_err(|error| store.failed(&error))?;
        let mut out = stdout();
        writeln!(
            out,
            "{view}: would fold the log up to {end} into {view}__shadow (the view has about {rows} rows and takes {} MB; the new table about as much), and put it in place.",
            bytes / 1_000_000 + 1
        )?;
        let old = if has_old { "would be dropped" } else { "is not there" };
        writeln!(out, "  What is in place now would stay as {view}__old; that of before {old}.")?;
        if rebuilding {
            writeln!(out, "  Somebody is rebuilding it now: a second rebuild would be refused.")?;
        }
    }
    Ok(())
}

/// What a comparison found wrong.
fn difference(rebuilt: &Rebuilt) -> Option<String> {
    let compared = rebuilt.compared.as_ref().filter(|compared| !compared.is_equal())?;
    Some(format!(
        "{}: {} rows differ from the log at {} (the view has {} rows, the log leads to {}): {}",
        rebuilt.view,
        compared.differing,
        compared.position,
        compared.rows,
        compared.folded,
        sample(&compared.keys)
    ))
}

/// The first few keys.
fn sample(keys: &[String]) -> String {
    let shown: Vec<_> = keys.iter().take(5).map(String::as_str).collect();
    if shown.len() < keys.len() { format!("{}, …", shown.join(", ")) } else { shown.join(", ") }
}

fn failed(store: &Store, error: &Error) -> Failure {
    match error {
        Error::NoOld(_) => Failure::of(error, "Only the last rebuild of a view can be taken back."),
        Error::Rebuilding(_) => Failure::of(error, "Wait until it is done, and try again."),
        other => store.failed(other),
    }
}

fn unknown_view(error: &Error) -> Failure {
    let names: Vec<_> = registry::VIEWS.iter().map(|view| view.name()).collect();
    Failure::of(error, format!("The views are {}.", names.join(", ")))
}
