//! `views`: where each follower of the log stands, against the log's end.

use super::Failure;
use crate::{
    config::StoreArgs,
    followers::{Followers, events},
    store::Store,
};
use chrono::SecondsFormat;
use clap::Args;
use commands::clock::SystemClock;
use eventlog::consumer::{ConsumerState, Standing, Standings};
use std::{
    fmt::Write as _,
    io::{IsTerminal, Write, stdout},
    time::Duration,
};
use tokio::{signal::ctrl_c, time::sleep};

const EVERY: Duration = Duration::from_secs(1);

/// Clears a terminal and goes to its upper left corner.
const CLEAR: &str = "\x1b[2J\x1b[H";

#[derive(Args, Clone, Debug)]
pub struct ViewsArgs {
    /// Show it anew every second, until Ctrl-C.
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    /// As one JSON document, with the parked streams: what GET /projections answers.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

pub async fn run(args: ViewsArgs) -> Result<(), Failure> {
    let store = Store::attach(args.store.clone()).await?;
    let clock = SystemClock::shared();
    let followers = Followers::new(store.log.clone(), store.pool.clone(), clock);
    let shown = show(&args, &store, &followers).await;
    let closed = store.close().await;
    shown.and(closed)
}

async fn show(args: &ViewsArgs, store: &Store, followers: &Followers) -> Result<(), Failure> {
    if args.json {
        let shown = followers.shown().await.map_err(|error| store.failed(&error))?;
        let document =
            serde_json::to_string_pretty(&shown).map_err(|error| Failure::of(&error, ""))?;
        return Ok(writeln!(stdout(), "{document}")?);
    }
    if !args.watch {
        return print(store, followers, "").await;
    }
    let before = if stdout().is_terminal() { CLEAR } else { "\n" };
    let stop = ctrl_c();
    let watching = async {
        loop {
            print(store, followers, before).await?;
            sleep(EVERY).await;
        }
    };
    tokio::select! {
        stopped = stop => Ok(stopped?),
        failed = watching => failed,
    }
}

async fn print(store: &Store, followers: &Followers, before: &str) -> Result<(), Failure> {
    let standings = followers.standings().await.map_err(|error| store.failed(&error))?;
    let mut out = stdout();
    // In one piece, so that a screen does not flicker.
    out.write_all(format!("{before}{}", table(&standings)).as_bytes())?;
    Ok(out.flush()?)
}

fn table(Standings { end, followers }: &Standings) -> String {
    let mut table = format!(
        "{:<26} {:>7} {:>9} {:<20} {:>7} {:>8} {:>6} {:<36} {}\n",
        "NAME",
        "BEHIND",
        "SECONDS",
        "LAST PROGRESS",
        "WAITING",
        "POISONED",
        "FENCE",
        "OWNER",
        "POSITION"
    );
    for standing in followers {
        // Writing to a string does not fail.
        let _ = writeln!(table, "{}", line(standing));
    }
    let _ = writeln!(table, "the log ends at {end}");
    table
}

fn line(Standing { state, backlog, lag }: &Standing) -> String {
    let ConsumerState { name, position, fence, waiting_streams, poisoned_streams, .. } = state;
    let owner = state.owner.map_or("nobody".to_owned(), |owner| owner.to_string());
    let (behind, seconds) = (events(backlog), lag.as_secs_f64());
    let progress = state.progressed_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "{name:<26} {behind:>7} {seconds:>9.1} {progress:<20} {waiting_streams:>7} \
         {poisoned_streams:>8} {fence:>6} {owner:<36} {position}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::{Backlog, Position};

    #[test]
    fn the_table_has_the_lag_of_each_follower() {
        let position = Position { commit: 7, prepare: 7 };
        let state = ConsumerState {
            name: "cafe.order_status".to_owned(),
            position,
            owner: None,
            fence: 3,
            generation: 0,
            progressed_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            waiting_streams: 0,
            poisoned_streams: 1,
        };
        let backlog = Backlog { events: 1000, is_all: false, oldest: None };
        let lag = Duration::from_millis(61_250);
        let followers = vec![Standing { state, backlog, lag }];
        let table = table(&Standings { end: position, followers });
        let words: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
        let expected = [
            "cafe.order_status",
            "1000+",
            "61.2",
            "2026-01-02T03:04:05Z",
            "0",
            "1",
            "3",
            "nobody",
            "7-7",
        ];
        assert_eq!(words, expected);
        assert!(table.ends_with("the log ends at 7-7\n"));
    }
}
