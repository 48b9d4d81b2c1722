//! How well the simulator behaves. What it does to a request follows from the request's key and
//! how often it was sent, so that the same run goes the same way again.

use std::{ops::RangeInclusive, time::Duration};
use uuid::Uuid;

/// Approves everything at once, unless told otherwise. Shares are probabilities, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// How long an answer takes.
    pub latency: RangeInclusive<Duration>,
    /// The share of charges that are declined.
    pub decline: f64,
    /// The share of charges and refunds that are never answered; half of them are done all the
    /// same.
    pub hang: f64,
    /// The share of charges and refunds that are answered with a failure; half of them are done
    /// all the same.
    pub fail: f64,
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fate {
    pub latency: Duration,
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Answers,
    /// Never answers, and did or did not do what was asked.
    Hangs {
        recorded: bool,
    },
    /// Answers with a failure, and did or did not do what was asked.
    Fails {
        recorded: bool,
    },
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { latency: Duration::ZERO..=Duration::ZERO, decline: 0.0, hang: 0.0, fail: 0.0 }
    }
}

impl Behaviour {
    /// Every request with the same key meets the same.
    pub(super) fn is_plain(&self) -> bool {
        self.hang + self.fail == 0.0 && self.latency.start() == self.latency.end()
    }

    /// Decided by the key alone, for the same key has the same answer.
    pub(super) fn declines(&self, key: &str) -> bool {
        draw("decline", key) < self.decline
    }

    /// What becomes of the `nth` request with this key.
    pub(super) fn fate(&self, key: &str, nth: u64) -> Fate {
        let recorded = draw(&format!("recorded {nth}"), key) < 0.5;
        let ending = match draw(&format!("ending {nth}"), key) {
            drawn if drawn < self.hang => Ending::Hangs { recorded },
            drawn if drawn < self.hang + self.fail => Ending::Fails { recorded },
            _ => Ending::Answers,
        };
        let (shortest, longest) = (*self.latency.start(), *self.latency.end());
        let share = draw(&format!("latency {nth}"), key);
        Fate { latency: shortest + longest.saturating_sub(shortest).mul_f64(share), ending }
    }
}

impl Ending {
    /// Whether the work is done before it.
    pub(super) fn records(self) -> bool {
        match self {
            Self::Answers => true,
            Self::Hangs { recorded } | Self::Fails { recorded } => recorded,
        }
    }
}

/// A number from 0 up to 1, evenly spread over keys: the first 48 bits of a UUIDv5.
fn draw(what: &str, key: &str) -> f64 {
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{what} {key}").as_bytes());
    let bits = (hash.as_u128() >> 80) as u64;
    bits as f64 / (1_u64 << 48) as f64
}
