//! Why a command was not done. Three kinds: the business refuses, somebody was first, something
//! broke.

use crate::{payment::Paused, people::PeopleError};
use domain::{Id, Kind, Refusal, stored::DecodeError};
use eventlog::{AppendError, LogError, RecordedEvent};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A business rule says no.
    #[error("{}", .0.message)]
    Refused(Refused),
    /// Others kept changing the same thing: try again.
    #[error("somebody else changed this at the same moment: try again")]
    ConcurrentChange,
    /// The caller decided upon another version than there is; 0 when there is none.
    #[error("{}", stale(*.version))]
    Stale { version: u64 },
    /// A part is paused by the staff, or its workers do not run. Nothing was stored.
    #[error("{part} is down, for maintenance or because nobody works on it")]
    PartDown { part: String },
    /// The gateway is left alone for a while. Nothing was stored.
    #[error("payments are paused for a moment; nothing was stored and nothing was charged")]
    PaymentPaused { retry_after: Duration },
    #[error("the payment was declined")]
    PaymentDeclined { paid_for: PaidFor },
    /// The gateway was not reached; nothing was charged, and the order is closed.
    #[error("the payment service cannot be reached; nothing was charged")]
    PaymentUnavailable { paid_for: PaidFor },
    /// The gateway did not say what became of the charge; it will be asked again.
    #[error("the payment service has not confirmed yet; ask again for the outcome")]
    PaymentUnknown { paid_for: PaidFor },
    #[error("the gateway refuses for good: {0}")]
    PaymentRejected(String),
    #[error("more than one event can carry")]
    TooLarge(#[source] AppendError),
    /// What is personal cannot be sealed, and nothing of it is stored.
    #[error("what is personal cannot be kept now")]
    Unsealed(#[from] PeopleError),
    #[error("the event log is not available")]
    Unavailable(#[source] LogError),
    /// A stream holds what this program cannot read.
    #[error("version {version} of stream {stream} cannot be read")]
    Unreadable {
        stream: String,
        version: u64,
        #[source]
        source: DecodeError,
    },
}

impl Error {
    /// Of an event of a stream that is needed whole.
    pub(crate) fn unreadable(event: &RecordedEvent, source: DecodeError) -> Self {
        Self::Unreadable { stream: event.stream.to_string(), version: event.version, source }
    }
}

fn stale(version: u64) -> &'static str {
    match version {
        0 => "there is no such thing, so it has no version that could be the expected one",
        _ => "it has changed since: read it again, decide again",
    }
}

/// What a payment is for: an id, and the name it has in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidFor {
    pub name: &'static str,
    pub id: String,
}

impl PaidFor {
    pub fn order(id: &Id) -> Self {
        Self { name: "orderId", id: id.to_string() }
    }

    pub fn reservation(id: &Id) -> Self {
        Self { name: "reservationNo", id: id.to_string() }
    }
}

/// A refusal without its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: &'static str,
    pub kind: Kind,
    /// How the world is, in one sentence.
    pub message: String,
    /// The numbers it speaks of, each under the name it has in JSON.
    pub figures: Vec<(&'static str, i64)>,
}

impl<R: Refusal> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self {
            code: refusal.code(),
            kind: refusal.kind(),
            message: refusal.to_string(),
            figures: refusal.figures(),
        }
    }
}

impl From<Paused> for Error {
    fn from(paused: Paused) -> Self {
        Self::PaymentPaused { retry_after: paused.retry_after }
    }
}
