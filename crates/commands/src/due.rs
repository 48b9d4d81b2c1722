//! Rows that wait for their time: what the notices' outbox and the timers share.
//!
//! A worker claims a row by moving its time ahead, so that a row whose worker died comes up again
//! by itself. Time is the database's.

use crate::people::PeopleError;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How many rows one claim takes.
pub(crate) const BATCH: i64 = 100;

/// How long a claimed row is out of sight of other workers, and for how long it is tried to settle it.
pub(crate) const CLAIM: Duration = Duration::from_secs(30);

/// How long the work on one row may take: well within its claim.
pub(crate) const WORK_LIMIT: Duration = Duration::from_secs(10);

/// Between two tries to settle.
const UNSETTLED: Duration = Duration::from_millis(200);

/// How long a worker sleeps at most. A row that is added meanwhile is not seen earlier.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Why a round was not done. The rows it claimed come up again.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    #[error("no connection to the database")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error("the database did not do what was asked")]
    Database(#[from] tokio_postgres::Error),
    #[error("what is sealed cannot be opened now")]
    Sealed(#[from] PeopleError),
}

/// What a round found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Round {
    /// There was work, and there may be more.
    Worked,
    /// Nothing is due before this much time, in seconds; `None`: nothing at all.
    Idle(Option<f64>),
}

/// Does rounds until `cancel`, and finishes the one it is in. Errors are logged when they begin
/// and when they end, and tried again every second.
pub(crate) async fn work<F>(worker: &'static str, cancel: CancellationToken, round: impl Fn() -> F)
where
    F: Future<Output = Result<Round, RoundError>>,
{
    let mut healthy = true;
    while !cancel.is_cancelled() {
        let sleep = match round().await {
            Ok(found) => {
                if !healthy {
                    tracing::info!(worker, "works again");
                }
                healthy = true;
                found.sleep()
            }
            Err(error) => {
                if healthy {
                    let error = eventlog::Causes(&error);
                    tracing::warn!(worker, %error, "cannot work, tries again every second");
                }
                healthy = false;
                LONGEST_SLEEP
            }
        };
        cancel.run_until_cancelled(tokio::time::sleep(sleep)).await;
    }
}

/// Puts into the table what became of the rows claimed at `claimed`, again and again for a while and
/// until `cancel`: whoever comes to them after the claim would do it all again.
pub(crate) async fn settled<F>(
    claimed: Instant,
    cancel: &CancellationToken,
    settle: impl Fn() -> F,
) -> Result<(), RoundError>
where
    F: Future<Output = Result<(), RoundError>>,
{
    loop {
        let done = settle().await;
        if done.is_ok() || claimed.elapsed() + UNSETTLED > CLAIM {
            return done;
        }
        if cancel.run_until_cancelled(tokio::time::sleep(UNSETTLED)).await.is_none() {
            return done;
        }
    }
}

impl Round {
    fn sleep(self) -> Duration {
        match self {
            Self::Worked => Duration::ZERO,
            Self::Idle(None) => LONGEST_SLEEP,
            Self::Idle(Some(seconds)) => {
                // A hair longer, so that the row is due by then and not a moment later.
                let until = Duration::try_from_secs_f64(seconds.max(0.0) + 0.001);
                until.map_or(LONGEST_SLEEP, |until| until.min(LONGEST_SLEEP))
            }
        }
    }
}

/// How long to wait after the `attempts`-th try: a second, doubling.
pub(crate) fn back_off(attempts: i32, longest: Duration) -> Duration {
    let doubled = attempts.clamp(1, 30).unsigned_abs() - 1;
    Duration::from_secs(1 << doubled).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_its_limit() {
        let seconds = |attempts| back_off(attempts, Duration::from_secs(300)).as_secs();
        let all: Vec<_> = (1..=11).map(seconds).collect();
        assert_eq!(all, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(seconds(i32::MAX), 300);
    }

    #[test]
    fn sleeps_until_the_next_row_but_a_second_at_most() {
        assert_eq!(Round::Worked.sleep(), Duration::ZERO);
        assert_eq!(Round::Idle(None).sleep(), LONGEST_SLEEP);
        assert_eq!(Round::Idle(Some(60.0)).sleep(), LONGEST_SLEEP);
        assert_eq!(Round::Idle(Some(0.499)).sleep(), Duration::from_millis(500));
        assert_eq!(Round::Idle(Some(-3.0)).sleep(), Duration::from_millis(1));
    }
}
