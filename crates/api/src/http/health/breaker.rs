//! How the breaker in front of the payment gateway stands. It is a matter of payments alone: the
//! rest of the service works.

use super::{Check, Status};
use commands::payment::{
    Breaker,
    breaker::{Counts, Standing},
};
use std::collections::BTreeMap;

pub(super) fn check(breaker: &Breaker) -> Check {
    let (standing, counts) = breaker.standing();
    check_of(standing, counts)
}

fn check_of(standing: Standing, counts: Counts) -> Check {
    let check = match standing {
        Standing::Closed => Check::up("breaker"),
        Standing::Open { left } => {
            let seconds = left.as_millis().div_ceil(1000);
            let reason =
                format!("the payment gateway fails and is left alone for {seconds} s more");
            Check::not_up("breaker", Status::Degraded, reason)
        }
        Standing::HalfOpen => {
            let reason = "the next payment shows whether the gateway is back";
            Check::not_up("breaker", Status::Degraded, reason)
        }
    };
    let Counts { calls, failed, refused, opened } = counts;
    let counts = [("calls", calls), ("failed", failed), ("refused", refused), ("opened", opened)];
    Check { counts: BTreeMap::from(counts), ..check }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_closed_breaker_is_up_and_shows_its_counts() {
        let counts = Counts { calls: 7, failed: 2, refused: 1, opened: 0 };
        assert_eq!(
            serde_json::to_value(check_of(Standing::Closed, counts)).unwrap(),
            json!({"name": "breaker", "status": "up",
                "counts": {"calls": 7, "failed": 2, "refused": 1, "opened": 0}})
        );
    }

    #[test]
    fn a_breaker_that_is_not_closed_is_degraded() {
        let left = Duration::from_millis(4001);
        for standing in [Standing::Open { left }, Standing::HalfOpen] {
            let check = check_of(standing, Counts::default());
            assert_eq!(check.status, Status::Degraded, "{standing:?}");
            assert!(check.reason.is_some());
        }
    }
}
