//! What a command that was not done is answered with.

use super::{precondition::entity_tag, problem::Problem};
use axum::http::{StatusCode, header};
use commands::{Error, Refused};
use domain::Kind;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(5);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Refused(refused) => refused.into(),
            Error::ConcurrentChange => {
                Self::new(StatusCode::CONFLICT, "concurrent-change", detail).retry_after(SOON)
            }
            Error::Stale { version } => Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
                .headers(|headers| {
                    headers.extend(entity_tag(version).map(|tag| (header::ETAG, tag)));
                }),
            Error::PartDown { part } => {
                Self::unavailable("part-down", detail, LATER).with("part", part)
            }
            Error::PaymentPaused { retry_after } => {
                Self::unavailable("payment-unavailable", detail, retry_after)
            }
            Error::PaymentDeclined { paid_for } => {
                Self::new(StatusCode::PAYMENT_REQUIRED, "payment-declined", detail)
                    .with(paid_for.name, paid_for.id)
            }
            Error::PaymentUnavailable { paid_for } => {
                Self::unavailable("payment-unavailable", detail, LATER)
                    .with(paid_for.name, paid_for.id)
            }
            Error::PaymentUnknown { paid_for } => {
                Self::unavailable("payment-unknown", detail, LATER).with(paid_for.name, paid_for.id)
            }
            Error::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail),
            Error::PaymentRejected(_) | Error::Unreadable { .. } => {
                Self::fault(&error);
                Self::internal()
            }
            Error::Unavailable(_) | Error::Unsealed(_) => Self::fault(&error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let Refused { code, kind, message, figures } = refused;
        tracing::debug!(code, "refused");
        let problem = match kind {
            Kind::Unknown => Self::unknown(code, message),
            Kind::Rule => Self::new(StatusCode::CONFLICT, code, message),
            Kind::Value { field } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message).field(field)
            }
        };
        figures.into_iter().fold(problem, |problem, (name, figure)| problem.with(name, figure))
    }
}
