//! Short forms: the original system's requests, each of which is one of the commands.

use super::{Market, items, reservations};
use crate::http::{
    answer::Answer,
    extract::{Json, Path, RawId, Text, required},
    problem::Problem,
    views::Known,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    market::status::{PaymentStatus, RentalStatus},
};
use serde::Deserialize;

/// The status that is wanted; other fields say nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WantedPayment {
    payment_status: Option<Text>,
}

/// `PATCH /market/reservations/{reservationNo}` {paymentStatus: Paid | NotPaid}
pub(super) async fn change_payment(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(wanted): Json<WantedPayment>,
) -> Result<Answer<reservations::Stands>, Problem> {
    let Known(wanted) = required("paymentStatus", wanted.payment_status)?;
    match wanted {
        PaymentStatus::Paid => reservations::pay_for(&market, reservation_no, &meta).await,
        PaymentStatus::NotPaid => {
            reservations::cancel_payment_of(&market, reservation_no, &meta).await
        }
        PaymentStatus::Refunded => Err(Problem::invalid_value("paymentStatus", "Paid or NotPaid")),
    }
}

/// `DELETE /market/reservations/{reservationNo}`
pub(super) async fn cancel(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
) -> Result<Answer<reservations::Stands>, Problem> {
    reservations::cancel_it(&market, reservation_no, &meta).await
}

/// The status that is wanted, and for whom; other fields say nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WantedRental {
    reservation_no: Option<RawId>,
    rental_status: Option<Text>,
}

/// `PATCH /market/items/{itemNo}` {reservationNo, rentalStatus: Renting | Returned}
pub(super) async fn change_item(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(item_no): Path<Id>,
    Json(wanted): Json<WantedRental>,
) -> Result<Answer<items::Stands>, Problem> {
    let reservation_no = required("reservationNo", wanted.reservation_no)?;
    let Known(reached): Known<RentalStatus> = required("rentalStatus", wanted.rental_status)?;
    items::hand(&market, item_no, reservation_no, reached, &meta).await
}
