//! How many events are done, once a second.

use std::{
    io::{Write, stderr},
    time::{Duration, Instant},
};

const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Counted {
    what: &'static str,
    began: Instant,
    shown: Instant,
    first: Option<u64>,
}

impl Counted {
    pub(super) fn new(what: &'static str) -> Self {
        let now = Instant::now();
        Self { what, began: now, shown: now, first: None }
    }

    pub(super) fn show(&mut self, events: u64) {
        let first = *self.first.get_or_insert(events);
        if self.shown.elapsed() < EVERY {
            return;
        }
        self.shown = Instant::now();
        let rate = (events - first.min(events)) as f64 / self.began.elapsed().as_secs_f64();
        // The work goes on when nobody watches.
        let _ = writeln!(stderr(), "{} {events} events, {rate:.0} a second", self.what);
    }
}
