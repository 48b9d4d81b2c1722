//! Whether customers are told.

use super::{Check, LAG, PATIENCE, Status};
use commands::notices::{self, Waiting};
use deadpool_postgres::Pool;
use tokio::time::timeout;

/// Says nothing while the database is away: that has a check of its own.
pub(super) async fn check(pool: &Pool) -> Option<Check> {
    let waiting = timeout(PATIENCE, notices::waiting(pool)).await.ok()?.ok()?;
    Some(check_of(&waiting))
}

fn check_of(Waiting { pending, oldest, .. }: &Waiting) -> Check {
    if *oldest <= LAG {
        return Check::up("notices");
    }
    let seconds = oldest.as_secs();
    let reason = format!(
        "{pending} wait to be sent, the first for {seconds} s: see `jangteo notices list --state pending`"
    );
    Check::not_up("notices", Status::Degraded, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn those_that_wait_for_long_are_told_of() {
        let waiting =
            |seconds| Waiting { pending: 3, dead: 7, oldest: Duration::from_secs(seconds) };
        assert_eq!(check_of(&waiting(5)), Check::up("notices"));
        let late = check_of(&waiting(61));
        assert_eq!(late.status, Status::Degraded);
        assert!(
            late.reason.is_some_and(|reason| reason.contains("3 wait") && reason.contains("61 s"))
        );
    }
}
