//! Short forms: the original system's requests, each of which is one of the commands.

use super::{Market, items, reservations};
use crate::http::{
    answer::Answer,
    extract::{Json, Known, Need, Path, Text, Value, required},
    operation::Routes,
    problem::Problem,
    schema,
};
use axum::{Extension, extract::State, http::StatusCode};
use commands::Meta;
use domain::{Id, InvalidValue, market::status::RentalStatus};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

pub(super) fn routes() -> Routes<Market> {
    Routes::default()
        .patch(
            "/market/items/{itemNo}",
            change_item,
            items::handing("Lend an item, or take it back").of::<Id>("i-4").takes::<WantedRental>(
                json!({ "reservationNo": "r-4", "rentalStatus": "Renting" }),
            ),
        )
        .patch(
            "/market/reservations/{reservationNo}",
            change_payment,
            reservations::changing("Pay, or take the payment back")
                .of::<Id>("r-5")
                .takes::<WantedPayment>(json!({ "paymentStatus": "Paid" }))
                .or(StatusCode::PAYMENT_REQUIRED, &["payment-declined"]),
        )
        .delete(
            "/market/reservations/{reservationNo}",
            cancel,
            reservations::changing("Ask to cancel a reservation").of::<Id>("r-6"),
        )
}

/// The status that is wanted; other fields say nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketWantedPayment")]
struct WantedPayment {
    payment_status: Need<Payment>,
}

#[derive(Debug)]
enum Payment {
    Paid,
    NotPaid,
}

impl Value for Payment {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        match word.as_str() {
            "Paid" => Ok(Self::Paid),
            "NotPaid" => Ok(Self::NotPaid),
            _ => Err(InvalidValue { must_be: "Paid or NotPaid" }),
        }
    }

    fn schema() -> Schema {
        schema::words("The status that is wanted.", &["Paid", "NotPaid"])
    }
}

async fn change_payment(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(wanted): Json<WantedPayment>,
) -> Result<Answer<reservations::Stands>, Problem> {
    match required("paymentStatus", wanted.payment_status)? {
        Payment::Paid => reservations::pay_for(&market, reservation_no, &meta).await,
        Payment::NotPaid => reservations::cancel_payment_of(&market, reservation_no, &meta).await,
    }
}

async fn cancel(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
) -> Result<Answer<reservations::Stands>, Problem> {
    reservations::cancel_it(&market, reservation_no, &meta).await
}

/// The status that is wanted, and for whom; other fields say nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketWantedRental")]
struct WantedRental {
    reservation_no: Need<Id>,
    rental_status: Need<Known<RentalStatus>>,
}

async fn change_item(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(item_no): Path<Id>,
    Json(wanted): Json<WantedRental>,
) -> Result<Answer<items::Stands>, Problem> {
    let reservation_no = required("reservationNo", wanted.reservation_no)?;
    let Known(reached) = required("rentalStatus", wanted.rental_status)?;
    items::hand(&market, item_no, reservation_no, reached, &meta).await
}
