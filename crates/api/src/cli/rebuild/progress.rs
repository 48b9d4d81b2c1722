//! How a rebuild is shown: one line that moves on a terminal, otherwise one JSON line per second and
//! per stage.

use projections::{Progress, Rebuilt, Stage, Then};
use serde_json::{Map, Value, json};
use std::{
    io::{IsTerminal, Write, stdout},
    time::{Duration, Instant},
};

const SHOWN_EVERY: Duration = Duration::from_secs(1);
/// On a terminal.
const MOVED_EVERY: Duration = Duration::from_millis(100);
const BAR: usize = 30;

pub(super) struct Shown {
    began: Instant,
    last: Option<(Stage, Instant)>,
    terminal: bool,
}

impl Shown {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), last: None, terminal: stdout().is_terminal() }
    }

    pub(super) fn show(&mut self, progress: &Progress) {
        let every = if self.terminal { MOVED_EVERY } else { SHOWN_EVERY };
        let due =
            self.last.is_none_or(|(stage, at)| stage != progress.stage || at.elapsed() >= every);
        if !due || progress.stage == Stage::Done {
            return;
        }
        self.last = Some((progress.stage, Instant::now()));
        let line = match self.terminal {
            true => format!("\r\x1b[2K{}", bar(progress, self.began.elapsed())),
            false => format!("{}\n", json(progress, self.began.elapsed())),
        };
        // A rebuild goes on when nobody watches.
        let _ = stdout().write_all(line.as_bytes()).and_then(|()| stdout().flush());
    }

    /// What it came to, once for each view.
    pub(super) fn done(&self, rebuilt: &[Rebuilt], then: Then) {
        let seconds = self.began.elapsed().as_secs_f64();
        let lines: String = match self.terminal {
            true => rebuilt.iter().map(|one| format!("{}\n", told(one, then, seconds))).collect(),
            false => rebuilt.iter().map(|one| format!("{}\n", result(one, seconds))).collect(),
        };
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        let _ = stdout().write_all(format!("{clear}{lines}").as_bytes());
    }
}

fn bar(progress: &Progress, took: Duration) -> String {
    let share = share(progress);
    let full = (share * BAR as f64) as usize;
    let of = if progress.views.len() == 1 { progress.views[0] } else { "all" };
    let (bar, rest) = ("█".repeat(full), "·".repeat(BAR - full));
    let mut line = format!("{of} {} {bar}{rest} {:.0} %", words(progress.stage), share * 100.0);
    if progress.stage == Stage::Folding {
        line += &format!("  {} events, {:.0}/s", progress.events, rate(progress, took));
        if let Some(left) = seconds_left(progress, took) {
            line += &format!(", {left:.0} s left");
        }
    }
    line
}

fn json(progress: &Progress, took: Duration) -> Value {
    json!({
        "stage": progress.stage.as_str(),
        "views": progress.views,
        "events": progress.events,
        "position": progress.position.to_string(),
        "end": progress.end.to_string(),
        "eventsPerSecond": rate(progress, took).round(),
        "secondsLeft": seconds_left(progress, took),
    })
}

/// Events per second, on average since the beginning.
fn rate(progress: &Progress, took: Duration) -> f64 {
    progress.events as f64 / took.as_secs_f64().max(0.001)
}

/// Until the log is folded, if the rest goes on as what is done, to a tenth of a second.
fn seconds_left(progress: &Progress, took: Duration) -> Option<f64> {
    let share = share(progress);
    let took = took.as_secs_f64();
    let left = (progress.stage == Stage::Folding && share > 0.0).then(|| took / share - took);
    left.map(|left| (left * 10.0).round() / 10.0)
}

/// How much of the log is folded. Positions are no counts, but they grow evenly.
fn share(progress: &Progress) -> f64 {
    let (at, end) = (progress.position.commit as f64, progress.end.commit as f64);
    if progress.stage == Stage::Folding { (at / end.max(1.0)).clamp(0.0, 1.0) } else { 1.0 }
}

fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Folding => "folding",
        Stage::Writing => "writing",
        Stage::Indexing => "indexing",
        Stage::CatchingUp => "catching up",
        Stage::Comparing => "comparing",
        Stage::Swapping => "swapping",
        Stage::Done => "done",
    }
}

fn told(rebuilt: &Rebuilt, then: Then, seconds: f64) -> String {
    let Rebuilt { view, events, rows, position, .. } = rebuilt;
    let what = match (then, rebuilt.swapped) {
        (Then::Compare, _) if rebuilt.compared.iter().all(|found| found.is_equal()) => {
            return format!("{view}: {rows} rows, as the log says at {position} ({seconds:.1} s)");
        }
        (Then::Compare, _) => "differs from the log",
        (_, true) => "is in place",
        (_, false) => "was not put in place",
    };
    format!("{view} {what}: {events} events, {rows} rows, at {position}, {seconds:.1} s")
}

fn result(rebuilt: &Rebuilt, seconds: f64) -> Value {
    let stages: Map<String, Value> = rebuilt
        .took
        .iter()
        .map(|(stage, took)| ((*stage).to_owned(), json!(took.as_secs_f64())))
        .collect();
    let compared = rebuilt.compared.as_ref().map(|found| {
        json!({
            "position": found.position.to_string(),
            "rows": found.rows,
            "folded": found.folded,
            "differing": found.differing,
            "keys": found.keys,
        })
    });
    json!({
        "stage": Stage::Done.as_str(),
        "views": [rebuilt.view],
        "events": rebuilt.events,
        "rows": rebuilt.rows,
        "position": rebuilt.position.to_string(),
        "swapped": rebuilt.swapped,
        "compared": compared,
        "seconds": seconds,
        "stages": stages,
    })
}

#[cfg(test)]
mod tests;
