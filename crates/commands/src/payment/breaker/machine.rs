//! What the breaker decides, as a state machine that is told the time.
//!
//! 1. Closed: every call goes through. Too many failures, in a row or as a share of the calls of
//!    the last seconds, open it. In a row are failures of calls that began after the last answer:
//!    of many calls that begin together, the slowest end together, and an answer that came while
//!    they were under way is the later news.
//! 2. Open: no call goes through until the pause is over.
//! 3. Half-open: one call goes through, the probe. Answered, it closes the breaker; failed, it
//!    opens it for another pause; given up, it makes way for the next.
//! 4. A call counts only for the state that let it through: what comes back late says nothing of
//!    the gateway as it is now.

use super::window::Window;
use std::time::{Duration, Instant};

/// When the breaker opens, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// So many failures in a row open it.
    pub in_a_row: u32,
    /// So many failures in a hundred calls open it,
    pub percent: u64,
    /// if there were at least so many calls
    pub calls: u64,
    /// within this time.
    pub within: Duration,
    /// How long it stays open.
    pub pause: Duration,
    /// When to come back while the probe is under way.
    pub probe: Duration,
}

/// How a call that was let through ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The gateway did its work, whatever it said.
    Answered,
    Failed,
    /// Nobody waited for it, or it was never made.
    GivenUp,
}

/// A call that was let through.
#[derive(Debug)]
pub(super) struct Pass {
    /// By which state.
    epoch: u64,
    began: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    Open { until: Instant },
    HalfOpen { probing: bool },
}

#[derive(Debug)]
pub(super) struct Machine {
    rules: Rules,
    phase: Phase,
    epoch: u64,
    failed_in_a_row: u32,
    /// The last answer.
    answered: Option<Instant>,
    window: Window,
}

impl Machine {
    pub fn new(rules: Rules, now: Instant) -> Self {
        let window = Window::new(rules.within, now);
        Self { rules, phase: Phase::Closed, epoch: 0, failed_in_a_row: 0, answered: None, window }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether a call would go through; if not, when to ask again.
    pub fn check(&self, now: Instant) -> Result<(), Duration> {
        match self.phase {
            Phase::Open { until } if now < until => Err(until - now),
            Phase::HalfOpen { probing: true } => Err(self.rules.probe),
            Phase::Closed | Phase::Open { .. } | Phase::HalfOpen { probing: false } => Ok(()),
        }
    }

    /// Lets a call through, or says when to ask again.
    pub fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        self.check(now)?;
        match self.phase {
            Phase::Closed => {}
            Phase::Open { .. } => self.enter(Phase::HalfOpen { probing: true }),
            Phase::HalfOpen { .. } => self.phase = Phase::HalfOpen { probing: true },
        }
        Ok(Pass { epoch: self.epoch, began: now })
    }

    pub fn settle(&mut self, pass: Pass, ending: Ending, now: Instant) {
        if pass.epoch != self.epoch {
            return;
        }
        match (self.phase, ending) {
            (Phase::Closed, Ending::Answered) => self.count_answer(now),
            (Phase::Closed, Ending::Failed) => self.count_failure(pass.began, now),
            (Phase::HalfOpen { .. }, Ending::Answered) => self.close(now),
            (Phase::HalfOpen { .. }, Ending::Failed) => self.open(now),
            (Phase::HalfOpen { .. }, Ending::GivenUp) => {
                self.phase = Phase::HalfOpen { probing: false };
            }
            // Nothing goes through an open breaker.
            (Phase::Open { .. }, _) | (Phase::Closed, Ending::GivenUp) => {}
        }
    }

    fn count_answer(&mut self, now: Instant) {
        self.failed_in_a_row = 0;
        self.answered = Some(now);
        self.count(false, now);
    }

    fn count_failure(&mut self, began: Instant, now: Instant) {
        if self.answered.is_none_or(|answered| began >= answered) {
            self.failed_in_a_row += 1;
        }
        self.count(true, now);
    }

    fn count(&mut self, failed: bool, now: Instant) {
        self.window.count(failed, now);
        let (calls, failures) = self.window.counts(now);
        let too_many = calls >= self.rules.calls && failures * 100 >= calls * self.rules.percent;
        if self.failed_in_a_row >= self.rules.in_a_row || too_many {
            self.open(now);
        }
    }

    fn close(&mut self, now: Instant) {
        self.failed_in_a_row = 0;
        self.window = Window::new(self.rules.within, now);
        self.enter(Phase::Closed);
    }

    fn open(&mut self, now: Instant) {
        self.enter(Phase::Open { until: now + self.rules.pause });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests;
