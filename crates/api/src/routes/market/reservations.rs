//! The renter's side: reserving, paying, and cancelling either.

use super::Market;
use crate::http::{
    access::RENTERS,
    answer::Answer,
    auth::Caller,
    extract::{Empty, Json, Maybe, Need, Path, ServerOwned, optional, required, there},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State, http::StatusCode};
use commands::{Done, Meta, market::Reserve};
use domain::{
    Aggregate, Id, Won,
    market::{
        reservation::Reservation,
        status::{PaymentStatus, RentalStatus, ReservationStatus},
    },
    shared::{Name, personal::Personal, phone::Phone},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Market> {
    Routes::default()
        .post(
            "/market/reservations",
            reserve,
            command("Reserve an item", RENTERS, Reservation::CATEGORY)
                .takes::<ReserveRequest>(json!({
                    "reservationNo": "r-1", "itemNo": "i-1", "customerId": "min",
                    "customerName": "김민", "phone": "010-1234-5678",
                }))
                .creates::<Stands>()
                .or_unknown("unknown-item")
                .or_refused(&["reservation-exists", "item-deleted", "item-held"])
                .or(StatusCode::UNPROCESSABLE_ENTITY, &["price-changed"]),
        )
        .post(
            "/market/reservations/{reservationNo}/pay",
            pay,
            changing("Pay for a reservation")
                .takes::<Empty>(json!({}))
                .or(StatusCode::PAYMENT_REQUIRED, &["payment-declined"]),
        )
        .post(
            "/market/reservations/{reservationNo}/cancel-payment",
            cancel_payment,
            changing("Take a payment back, before the item is lent")
                .of::<Id>("r-2")
                .takes::<Empty>(json!({})),
        )
        .post(
            "/market/reservations/{reservationNo}/cancel",
            cancel,
            changing("Ask to cancel a reservation").of::<Id>("r-3").takes::<Empty>(json!({})),
        )
}

/// Asks something of a reservation.
pub(super) fn changing(summary: &'static str) -> Operation {
    command(summary, RENTERS, Reservation::CATEGORY)
        .of::<Id>("r-1")
        .gives::<Stands>()
        .or_unknown("unknown-reservation")
        .or_refused(&[
            "not-confirmed",
            "already-confirmed",
            "already-rejected",
            "already-cancelled",
            "cancel-requested",
            "already-lent",
            "already-returned",
            "not-paid",
            "payment-closed",
            "payment-cancel-pending",
            "payment-not-requested",
            "payment-attempt-over",
            "no-refund-due",
        ])
        .or(StatusCode::SERVICE_UNAVAILABLE, &["payment-unavailable", "payment-unknown"])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MarketReserve")]
struct ReserveRequest {
    reservation_no: Maybe<Id>,
    item_no: Need<Id>,
    item_name: Maybe<Name>,
    /// As the customer knows it.
    item_price: Maybe<Won>,
    /// A customer's own, whatever it says; others must say it.
    customer_id: Maybe<Id>,
    customer_name: Need<Name>,
    phone: Maybe<Phone>,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
    _payment_status: ServerOwned,
    _reservation_status: ServerOwned,
}

/// How a reservation stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketReservation")]
pub(super) struct Stands {
    #[schemars(with = "String")]
    reservation_no: Id,
    #[schemars(with = "Option<String>")]
    item_no: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_price: Option<i64>,
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    #[schemars(with = "Option<String>")]
    customer_name: Option<Personal>,
    reservation_status: &'static str,
    payment_status: &'static str,
    rental_status: &'static str,
    /// Whether a wish to cancel waits for its decision.
    cancel_requested: bool,
}

async fn reserve(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<ReserveRequest>,
) -> Result<Answer<Stands>, Problem> {
    let (id, done) = market.commands.reserve(request.into_command(&caller)?, &meta).await?;
    let location = format!("/market/reservations/{id}");
    Ok(Answer::created(&done, location, Stands::taken(id, &done.state)))
}

impl ReserveRequest {
    fn into_command(self, caller: &Caller) -> Result<Reserve, Problem> {
        // The item says what it is called; what the client calls it must only be a name.
        optional("itemName", self.item_name)?;
        let customer_id = caller.speaks_for(optional("customerId", self.customer_id)?);
        Ok(Reserve {
            reservation_no: optional("reservationNo", self.reservation_no)?,
            item_no: required("itemNo", self.item_no)?,
            customer_id: there("customerId", customer_id)?,
            customer_name: required("customerName", self.customer_name)?,
            phone: optional("phone", self.phone)?,
            item_price: optional("itemPrice", self.item_price)?,
        })
    }
}

impl Stands {
    fn of(reservation_no: Id, reservation: &Reservation) -> Self {
        let status = reservation.status().unwrap_or(ReservationStatus::Requested);
        Self {
            reservation_no,
            item_no: reservation.item_no().cloned(),
            item_name: reservation.item_name().map(ToString::to_string),
            item_price: reservation.item_price().map(i64::from),
            customer_id: reservation.customer_id().cloned(),
            customer_name: reservation.customer_name().cloned(),
            reservation_status: status.as_str(),
            payment_status: reservation.payment_status().as_str(),
            rental_status: reservation.rental_status().as_str(),
            cancel_requested: reservation.cancel_asked(),
        }
    }

    /// As reserving leaves it, also when it is asked for again and the reservation has gone on.
    fn taken(reservation_no: Id, reservation: &Reservation) -> Self {
        Self {
            item_name: None,
            reservation_status: ReservationStatus::Requested.as_str(),
            payment_status: PaymentStatus::NotPaid.as_str(),
            rental_status: RentalStatus::NotRenting.as_str(),
            cancel_requested: false,
            ..Self::of(reservation_no, reservation)
        }
    }

    fn answer(reservation_no: Id, done: &Done<Reservation>) -> Answer<Self> {
        Answer::ok(done, Self::of(reservation_no, &done.state))
    }
}

async fn pay(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    pay_for(&market, reservation_no, &meta).await
}

async fn cancel_payment(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    cancel_payment_of(&market, reservation_no, &meta).await
}

async fn cancel(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    cancel_it(&market, reservation_no, &meta).await
}

pub(super) async fn pay_for(
    market: &Market,
    reservation_no: Id,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = market.commands.pay(&reservation_no, meta).await?;
    Ok(Stands::answer(reservation_no, &done))
}

pub(super) async fn cancel_payment_of(
    market: &Market,
    reservation_no: Id,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = market.commands.cancel_payment(&reservation_no, meta).await?;
    Ok(Stands::answer(reservation_no, &done))
}

pub(super) async fn cancel_it(
    market: &Market,
    reservation_no: Id,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = market.commands.cancel(&reservation_no, meta).await?;
    Ok(Stands::answer(reservation_no, &done))
}
