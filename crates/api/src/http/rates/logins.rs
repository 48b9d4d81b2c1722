//! Wrong keys and tokens, counted by where they come from: whoever tries many is not listened to for
//! a while, right or wrong.

use super::network;
use crate::http::problem::Problem;
use axum::http::StatusCode;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Counts failed logins.
pub struct FailedLogins {
    /// `None`: nobody is counted.
    wrong: Option<DefaultKeyedRateLimiter<IpAddr>>,
    /// Who is not listened to, and until when.
    refused: Mutex<HashMap<IpAddr, Instant>>,
    clock: DefaultClock,
}

impl FailedLogins {
    /// So many may be wrong at once, and as many in a minute in the long run.
    pub fn new(wrong: Option<NonZeroU32>) -> Self {
        Self {
            wrong: wrong.map(|wrong| RateLimiter::keyed(Quota::per_minute(wrong))),
            refused: Mutex::default(),
            clock: DefaultClock::default(),
        }
    }

    /// 429 for an address that was wrong too often. To be asked before a credential is looked at, or
    /// the answer would tell whether a guess is right.
    pub fn check(&self, address: IpAddr) -> Result<(), Problem> {
        let Some(until) = self.refused().get(&network(address)).copied() else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() { Ok(()) } else { Err(too_many(left)) }
    }

    /// What was shown from there was wrong.
    pub fn note(&self, address: IpAddr) {
        let Some(wrong) = &self.wrong else { return };
        let network = network(address);
        if let Err(not_until) = wrong.check_key(&network) {
            let left = not_until.wait_time_from(self.clock.now());
            self.refused().insert(network, Instant::now() + left);
            tracing::info!("an address had too many failed logins");
        }
    }

    /// Forgets what does not matter any more.
    pub(super) fn forget(&self) {
        if let Some(wrong) = &self.wrong {
            wrong.retain_recent();
            wrong.shrink_to_fit();
        }
        let now = Instant::now();
        let mut refused = self.refused();
        refused.retain(|_, until| *until > now);
        refused.shrink_to_fit();
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(left: Duration) -> Problem {
    let detail = "too many wrong keys or tokens came from your address; wait before you try again";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-failed-logins", detail).retry_after(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: u32 = 10;

    fn logins() -> FailedLogins {
        FailedLogins::new(NonZeroU32::new(WRONG))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_wrong_too_often_is_not_listened_to_and_others_are() {
        let logins = logins();
        let guesses = address("10.0.0.1");
        for _ in 0..WRONG {
            assert!(logins.check(guesses).is_ok());
            logins.note(guesses);
        }
        assert!(logins.check(guesses).is_ok());
        logins.note(guesses);
        let refused = logins.check(guesses).unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::TOO_MANY_REQUESTS, "too-many-failed-logins")
        );
        assert!((1..=6).contains(&refused.document()["retryAfter"].as_u64().unwrap()));
        assert!(logins.check(address("10.0.0.2")).is_ok());
    }

    #[test]
    fn nobody_is_counted_where_that_is_off() {
        let logins = FailedLogins::new(None);
        for _ in 0..1000 {
            logins.note(address("10.0.0.1"));
        }
        assert!(logins.check(address("10.0.0.1")).is_ok());
    }

    #[test]
    fn one_who_waits_is_listened_to_again_and_forgotten() {
        let logins = logins();
        for _ in 0..=WRONG {
            logins.note(address("2001:db8::1"));
        }
        assert!(logins.check(address("2001:db8::2")).is_err());
        logins.forget();
        assert!(logins.check(address("2001:db8::2")).is_err());
        logins.refused().values_mut().for_each(|until| *until = Instant::now());
        assert!(logins.check(address("2001:db8::2")).is_ok());
        logins.forget();
        assert!(logins.refused().is_empty());
    }
}
