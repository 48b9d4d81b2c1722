//! The one place that makes times and ids. Everything else is given them.

use chrono::{DateTime, SubsecRound, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Where times and new ids come from.
pub trait Clock: Send + Sync + 'static {
    /// Now, in whole microseconds, as PostgreSQL keeps it.
    fn now(&self) -> DateTime<Utc>;
    /// A new id, ordered by time (UUIDv7).
    fn new_id(&self) -> Uuid;
}

/// There is no randomness.
pub type NoRandomness = getrandom::Error;

/// What nobody can guess, for a secret.
pub fn new_secret() -> Result<[u8; 32], NoRandomness> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    Ok(secret)
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
