//! The payment gateway as a port: the contract of `docs/payment-gateway.md`.
//!
//! A charge has a key, made from the aggregate's id, and the same key always leads to the same
//! charge. So asking again is safe, and [`PaymentGateway::find`] tells what became of a request
//! that was never answered.

pub mod asking;
pub mod breaker;
pub mod http;
pub mod simulator;

pub use breaker::Breaker;
pub use http::HttpGateway;
pub use simulator::Simulator;

use async_trait::async_trait;
use domain::Won;
use serde::{Deserialize, Serialize};
use std::{error::Error, time::Duration};

/// How long one request to the gateway may take.
pub const TIME_LIMIT: Duration = Duration::from_millis(610);

/// Every method answers within the implementation's time limit.
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// Whether a charge may be begun now: to be asked before an intent is stored, so that nothing
    /// is stored for a gateway that is known to be down. The room goes with the charge.
    fn ready(&self) -> Result<Room, Paused> {
        Ok(Room::default())
    }

    /// [`PaymentGateway::charge`], in the room that [`PaymentGateway::ready`] gave.
    async fn charge_in(
        &self,
        _room: Room,
        key: &str,
        amount: Won,
        reference: &str,
    ) -> Result<Charge, GatewayError> {
        self.charge(key, amount, reference).await
    }

    /// Asks for money. The same key again charges nothing and answers as before. `reference` is
    /// what the charge is for, for people: an order's id.
    async fn charge(&self, key: &str, amount: Won, reference: &str)
    -> Result<Charge, GatewayError>;

    /// What became of a charge; `None` when the gateway has never recorded one with this key.
    async fn find(&self, key: &str) -> Result<Option<Charge>, GatewayError>;

    /// Gives `amount` of an approved charge back, once: the same again answers as before.
    async fn refund(&self, key: &str, amount: Won) -> Result<Refund, GatewayError>;
}

/// Room for one charge. Dropped, it is there for another.
#[must_use = "the charge is made in it"]
#[derive(Debug, Default)]
pub struct Room(Option<breaker::Passage>);

/// No payment can be begun now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payments are paused; nothing was stored")]
pub struct Paused {
    /// When to ask again.
    pub retry_after: Duration,
}

/// A charge as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The gateway's own name for it.
    pub charge_id: String,
    pub status: ChargeStatus,
    pub amount: Won,
    pub refunded: bool,
}

/// The gateway's decision, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ChargeStatus {
    Approved,
    Declined {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The gateway's own name for it.
    pub refund_id: String,
    pub amount: Won,
}

/// Why there is no answer, or not the one asked for.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Certainly nothing happened.
    #[error("the payment gateway was not reached")]
    NotReached(#[source] Box<dyn Error + Send + Sync>),
    /// Nobody knows whether it happened: ask with [`PaymentGateway::find`].
    #[error("the payment gateway did not say what happened")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
    /// The gateway says no to the request itself, and will say so again.
    #[error("the payment gateway answered {status}: {detail}")]
    Rejected { status: u16, detail: String },
}

/// A charge is refunded once, so its key says which refund is meant.
pub fn refund_key(charge_key: &str) -> String {
    format!("{charge_key}.refund")
}
