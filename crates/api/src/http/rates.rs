//! How often somebody may ask, so that one who asks without end leaves something for the others.
//!
//! Who is known has a rate of their own, whatever address they ask from. Who is not, and whoever
//! shows the one key of the service, which many may share, has it by address; of the addresses of
//! IPv6 it is the network, for a household has as many as it likes. Somebody on this machine, where
//! nothing is asked, has no bound. Health is always told.

mod logins;

pub use logins::FailedLogins;

use super::{auth::Caller, health, problem::Problem, server::Peer};
use axum::{
    extract::Request,
    http::{Extensions, StatusCode},
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
};
use std::{
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// How often those are forgotten who have not asked for a while.
const FORGET_EVERY: Duration = Duration::from_secs(30);

/// How often somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }
}

/// Counts what each has asked.
pub struct Rates {
    /// By a hash that differs in each process. Without it, nobody is bound.
    limiter: Option<DefaultKeyedRateLimiter<u64>>,
    hasher: RandomState,
    clock: DefaultClock,
    pub logins: Arc<FailedLogins>,
}

impl Rates {
    pub fn new(rate: Option<Rate>, logins: Option<NonZeroU32>) -> Self {
        let limiter = rate.map(|rate| RateLimiter::keyed(rate.quota()));
        Self {
            limiter,
            hasher: RandomState::new(),
            clock: DefaultClock::default(),
            logins: Arc::new(FailedLogins::new(logins)),
        }
    }

    /// 429 for who has asked too often. Nothing was done then.
    pub fn check(&self, request: &Request) -> Result<(), Problem> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if request.uri().path().starts_with(health::PATH) {
            return Ok(());
        }
        let Some(key) = self.key(request.extensions()) else { return Ok(()) };
        limiter.check_key(&key).map_err(|until| too_many(&until, &self.clock))
    }

    fn key(&self, extensions: &Extensions) -> Option<u64> {
        let caller = Caller::of(extensions);
        if caller.is_local() {
            return None;
        }
        match caller.is_known() {
            true => Some(self.hasher.hash_one(caller.actor())),
            false => peer(extensions).map(|peer| self.hasher.hash_one(network(peer))),
        }
    }

    /// Forgets, until `stop`, those who may ask as much as if they never had: what is remembered is
    /// bounded by those who asked in the last moments.
    pub async fn keep_small(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = interval(FORGET_EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Some(limiter) = &self.limiter {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
            self.logins.forget();
        }
    }
}

/// The address that a request comes from. None where no server of ours has taken it.
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get().map(|Peer(address)| address.ip().to_canonical())
}

/// What belongs to one household.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn too_many<P: Reference>(until: &NotUntil<P>, clock: &impl Clock<Instant = P>) -> Problem {
    let detail = "you ask too often; nothing was done, ask again in a moment";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail)
        .retry_after(until.wait_time_from(clock.now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Role;
    use axum::body::Body;

    fn rates(per_second: u32, burst: u32) -> Rates {
        let [per_second, burst] = [per_second, burst].map(|n| NonZeroU32::new(n).unwrap());
        Rates::new(Some(Rate { per_second, burst }), None)
    }

    fn asked(path: &str, caller: Caller, address: &str) -> Request {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(Peer(address.parse().unwrap()));
        request
    }

    fn known(name: &str) -> Caller {
        Caller::known(Role::Customer, name.to_owned().try_into().unwrap())
    }

    #[test]
    fn who_is_known_has_a_rate_of_their_own_from_wherever_they_ask() {
        let rates = rates(1, 2);
        let check = |name, address| rates.check(&asked("/cafe/menu", known(name), address));
        assert!(check("min", "10.0.0.1:1").is_ok());
        assert!(check("min", "10.0.0.2:1").is_ok());
        let refused = check("min", "10.0.0.3:1").unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::TOO_MANY_REQUESTS, "too-many-requests")
        );
        assert_eq!(refused.document()["retryAfter"], 1);
        assert!(check("joon", "10.0.0.1:1").is_ok());
    }

    #[test]
    fn who_shares_a_key_has_a_rate_by_network() {
        let rates = rates(1, 1);
        let check = |address| rates.check(&asked("/cafe/menu", Caller::key_holder(), address));
        assert!(check("10.0.0.1:1").is_ok());
        assert!(check("10.0.0.1:2").is_err());
        assert!(check("[::ffff:10.0.0.1]:3").is_err());
        assert!(check("10.0.0.2:1").is_ok());
        assert!(check("[2001:db8:1:2::1]:1").is_ok());
        assert!(check("[2001:db8:1:2:ffff::2]:1").is_err());
        assert!(check("[2001:db8:1:3::1]:1").is_ok());
    }

    #[test]
    fn health_and_this_machine_have_no_bound() {
        let rates = rates(1, 1);
        for _ in 0..10 {
            let health = asked("/health/live", known("min"), "10.0.0.1:1");
            assert!(rates.check(&health).is_ok());
            assert!(rates.check(&asked("/cafe/menu", Caller::local(), "127.0.0.1:1")).is_ok());
        }
        let off = Rates::new(None, None);
        assert!((0..10).all(|_| off.check(&asked("/", known("min"), "10.0.0.1:1")).is_ok()));
    }

    #[test]
    fn those_who_have_not_asked_for_a_while_are_forgotten() {
        let rates = rates(1000, 1);
        for n in 0..100 {
            let name = format!("c{n}");
            assert!(rates.check(&asked("/cafe/menu", known(&name), "10.0.0.1:1")).is_ok());
        }
        let limiter = rates.limiter.as_ref().unwrap();
        assert_eq!(limiter.len(), 100);
        std::thread::sleep(Duration::from_millis(5));
        limiter.retain_recent();
        assert_eq!(limiter.len(), 0);
    }
}
