//! Asking the gateway so that every answer means one thing.

use super::{Charge, GatewayError, PaymentGateway, Room};
use crate::{Error, PaidFor};
use domain::Won;
use eventlog::Causes;

/// Asks for money. When nobody knows what became of it, asks once for that.
pub async fn charge(
    gateway: &dyn PaymentGateway,
    key: &str,
    amount: Won,
    reference: &str,
) -> Result<Charge, GatewayError> {
    known(gateway, key, gateway.charge(key, amount, reference).await).await
}

/// [`charge`], in the room that was there before the intent was stored.
pub async fn charge_in(
    gateway: &dyn PaymentGateway,
    room: Room,
    key: &str,
    amount: Won,
    reference: &str,
) -> Result<Charge, GatewayError> {
    known(gateway, key, gateway.charge_in(room, key, amount, reference).await).await
}

async fn known(
    gateway: &dyn PaymentGateway,
    key: &str,
    answer: Result<Charge, GatewayError>,
) -> Result<Charge, GatewayError> {
    let unknown = match answer {
        Err(GatewayError::Unknown(source)) => GatewayError::Unknown(source),
        answered => return answered,
    };
    tracing::warn!(error = %Causes(&unknown), "asking what became of a charge");
    match gateway.find(key).await {
        Ok(Some(charge)) => Ok(charge),
        Ok(None) | Err(_) => Err(unknown),
    }
}

/// Gives a charge back. Fine, too, when somebody gave it back by hand.
pub async fn give_back(
    gateway: &dyn PaymentGateway,
    key: &str,
    amount: Won,
) -> Result<(), GatewayError> {
    let Err(refused) = gateway.refund(key, amount).await else {
        return Ok(());
    };
    let found = gateway.find(key).await;
    if found.is_ok_and(|charge| charge.is_some_and(|charge| charge.refunded)) {
        return Ok(());
    }
    Err(refused)
}

/// Nothing is lost: whoever asked asks again, unless the gateway refuses for good.
pub fn error(error: GatewayError, paid_for: PaidFor) -> Error {
    match error {
        GatewayError::NotReached(_) => Error::PaymentUnavailable { paid_for },
        GatewayError::Unknown(_) => Error::PaymentUnknown { paid_for },
        GatewayError::Rejected { status, detail } => {
            Error::PaymentRejected(format!("{status}: {detail}"))
        }
    }
}
