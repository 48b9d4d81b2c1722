//! Keeps a rebuild's lease while a single statement may take longer than the lease.

use crate::Engine;
use eventlog::consumer::Lease;
use std::time::Duration;
use tokio::{task::JoinSet, time::sleep};

/// Prolongs the lease until it is dropped.
pub(super) struct Renewal(#[expect(dead_code, reason = "ends when it is dropped")] JoinSet<()>);

impl Renewal {
    pub(super) fn of(engine: &Engine, lease: &Lease) -> Self {
        let (consumers, lease, ttl) =
            (engine.consumers.clone(), lease.clone(), engine.options.lease);
        let mut task = JoinSet::new();
        task.spawn(async move {
            // Whoever has lost the lease, or cannot prolong it, learns of it when it writes.
            while !matches!(consumers.renew(&lease, ttl).await, Ok(false)) {
                sleep(pause(ttl)).await;
            }
        });
        Self(task)
    }
}

fn pause(ttl: Duration) -> Duration {
    ttl / 3
}
