//! A circuit breaker in front of a payment gateway: one that fails is left alone for a while, and
//! what cannot succeed is refused at once instead of waiting for its time limit.
//!
//! A decline is an answer like any other. A failure is what leaves the outcome open, or never
//! reached the gateway. How long a call may take is the gateway's own affair, see
//! [`TIME_LIMIT`]. Calls under way are limited too; a few more wait in line, so that a burst is
//! not refused where a moment would do.

mod machine;
mod state;
mod window;

pub use machine::Rules;
pub use state::{Counts, Standing};

pub(super) use state::Passage;

use super::{Charge, GatewayError, Paused, PaymentGateway, Refund, Room, TIME_LIMIT};
use async_trait::async_trait;
use domain::Won;
use state::Shared;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// When to come back while too many calls are under way.
const CROWDED: Duration = Duration::from_secs(1);

/// How patient the breaker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub rules: Rules,
    /// So many calls may be under way; as many more may wait in line.
    pub in_flight: usize,
    /// How long one may wait in line.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let rules = Rules {
            in_a_row: 5,
            percent: 50,
            calls: 20,
            within: Duration::from_secs(10),
            pause: Duration::from_secs(5),
            probe: TIME_LIMIT,
        };
        Self { rules, in_flight: 128, patience: TIME_LIMIT }
    }
}

/// A payment gateway behind a breaker.
pub struct Breaker {
    gateway: Arc<dyn PaymentGateway>,
    state: Shared,
    calls: Semaphore,
    line: Semaphore,
    patience: Duration,
}

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("it failed and is left alone for {} ms more", .0.as_millis())]
    Open(Duration),
    #[error("too many calls are under way")]
    Crowded,
}

impl From<Refusal> for GatewayError {
    fn from(refusal: Refusal) -> Self {
        Self::NotReached(refusal.into())
    }
}

impl From<Refusal> for Paused {
    fn from(refusal: Refusal) -> Self {
        let retry_after = match refusal {
            Refusal::Open(left) => left,
            Refusal::Crowded => CROWDED,
        };
        Self { retry_after }
    }
}

impl Breaker {
    pub fn new(gateway: Arc<dyn PaymentGateway>, settings: Settings) -> Self {
        Self {
            gateway,
            state: Shared::new(settings.rules),
            calls: Semaphore::new(settings.in_flight),
            line: Semaphore::new(settings.in_flight),
            patience: settings.patience,
        }
    }

    pub fn standing(&self) -> (Standing, Counts) {
        self.state.standing()
    }

    async fn call<T>(
        &self,
        room: Room,
        call: impl Future<Output = Result<T, GatewayError>> + Send,
    ) -> Result<T, GatewayError> {
        let refused = |refusal: Refusal| self.refused(refusal);
        if room.0.is_none() {
            self.state.check().map_err(Refusal::Open).map_err(refused)?;
        }
        let _place = self.place().await.map_err(refused)?;
        let passage = match room.0 {
            Some(passage) => passage,
            None => self.state.admit().map_err(Refusal::Open).map_err(refused)?,
        };
        let answer = call.await;
        passage.end(&answer);
        answer
    }

    /// Among the calls under way, perhaps after a while in line.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        if let Ok(place) = self.calls.try_acquire() {
            return Ok(place);
        }
        let _in_line = self.line.try_acquire().map_err(|_| Refusal::Crowded)?;
        match timeout(self.patience, self.calls.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Refusal::Crowded),
        }
    }

    fn is_crowded(&self) -> bool {
        self.calls.available_permits() == 0 && self.line.available_permits() == 0
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        self.state.count_refused();
        refusal
    }
}

#[async_trait]
impl PaymentGateway for Breaker {
    fn ready(&self) -> Result<Room, Paused> {
        if self.is_crowded() {
            return Err(self.refused(Refusal::Crowded).into());
        }
        if self.state.is_closed() {
            return Ok(Room::default());
        }
        // The charge is to be the probe, and nobody else gets that far meanwhile.
        let probe = self.state.admit().map_err(|left| self.refused(Refusal::Open(left)))?;
        Ok(Room(Some(probe)))
    }

    async fn charge_in(
        &self,
        room: Room,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<Charge, GatewayError> {
        self.call(room, self.gateway.charge(key, amount, reference)).await
    }

    async fn charge(
        &self,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<Charge, GatewayError> {
        self.charge_in(Room::default(), key, amount, reference).await
    }

    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError> {
        self.call(Room::default(), self.gateway.find(key)).await
    }

    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError> {
        self.call(Room::default(), self.gateway.refund(key, amount)).await
    }
}

#[cfg(test)]
mod tests;
