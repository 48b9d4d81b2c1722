//! The machine as all calls share it, with what it has counted. Every change is told to the log.

use super::machine::{Ending, Machine, Pass, Phase, Rules};
use crate::payment::GatewayError;
use std::{
    mem::discriminant,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    machine: Machine,
    counts: Counts,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were made.
    pub calls: u64,
    /// Of those, the ones that failed.
    pub failed: u64,
    /// Calls and payments that were refused.
    pub refused: u64,
    /// How often it opened.
    pub opened: u64,
}

/// How the breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Closed,
    /// Calls are refused for this long.
    Open {
        left: Duration,
    },
    /// The next call shows whether the gateway is back, or is about to.
    HalfOpen,
}

/// A call's way through the breaker. Dropped before its end, the call counts as given up.
#[derive(Debug)]
pub struct Passage {
    shared: Shared,
    pass: Option<Pass>,
}

impl Shared {
    pub fn new(rules: Rules) -> Self {
        let machine = Machine::new(rules, Instant::now());
        Self(Arc::new(Mutex::new(State { machine, counts: Counts::default() })))
    }

    pub fn is_closed(&self) -> bool {
        self.lock().machine.phase() == Phase::Closed
    }

    /// Whether a call would be let through; if not, when to ask again.
    pub fn check(&self) -> Result<(), Duration> {
        self.lock().machine.check(Instant::now())
    }

    /// Lets a call through, or says when to ask again.
    pub fn admit(&self) -> Result<Passage, Duration> {
        let pass = self.lock().step(|machine| machine.admit(Instant::now()))?;
        Ok(Passage { shared: self.clone(), pass: Some(pass) })
    }

    pub fn count_refused(&self) {
        self.lock().counts.refused += 1;
    }

    pub fn standing(&self) -> (Standing, Counts) {
        let state = self.lock();
        let standing = match state.machine.phase() {
            Phase::Closed => Standing::Closed,
            Phase::HalfOpen { .. } => Standing::HalfOpen,
            Phase::Open { until } => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => Standing::HalfOpen,
                left => Standing::Open { left },
            },
        };
        (standing, state.counts)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts and a phase: whole after a panic too.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passage {
    pub(super) fn end<T>(mut self, answer: &Result<T, GatewayError>) {
        let ending = match answer {
            Ok(_) | Err(GatewayError::Rejected { .. }) => Ending::Answered,
            Err(GatewayError::NotReached(_) | GatewayError::Unknown(_)) => Ending::Failed,
        };
        self.settle(ending);
    }

    fn settle(&mut self, ending: Ending) {
        let Some(pass) = self.pass.take() else { return };
        let mut state = self.shared.lock();
        state.counts.calls += u64::from(ending != Ending::GivenUp);
        state.counts.failed += u64::from(ending == Ending::Failed);
        state.step(|machine| machine.settle(pass, ending, Instant::now()));
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.settle(Ending::GivenUp);
    }
}

impl State {
    fn step<T>(&mut self, decide: impl FnOnce(&mut Machine) -> T) -> T {
        let before = self.machine.phase();
        let decided = decide(&mut self.machine);
        let after = self.machine.phase();
        if discriminant(&before) != discriminant(&after) {
            self.counts.opened += u64::from(matches!(after, Phase::Open { .. }));
            self.tell(after);
        }
        decided
    }

    fn tell(&self, phase: Phase) {
        let Counts { calls, failed, refused, opened } = self.counts;
        match phase {
            Phase::Closed => {
                tracing::info!(calls, failed, refused, opened, "the payment gateway is back");
            }
            Phase::HalfOpen { .. } => {
                tracing::info!(calls, failed, refused, opened, "the payment gateway is tried");
            }
            Phase::Open { .. } => {
                let what = "the payment gateway fails and is left alone";
                tracing::warn!(calls, failed, refused, opened, "{what}");
            }
        }
    }
}
