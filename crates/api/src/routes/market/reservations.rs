//! The renter's side: reserving, paying, and cancelling either.

use super::Market;
use crate::http::{
    answer::Answer,
    extract::{Empty, Integer, Json, Path, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta, market::Reserve};
use domain::{
    Id,
    market::{
        reservation::Reservation,
        status::{PaymentStatus, RentalStatus, ReservationStatus},
    },
    shared::Name,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReserveRequest {
    reservation_no: Option<RawId>,
    item_no: Option<RawId>,
    item_name: Option<Text>,
    item_price: Option<Integer>,
    customer_id: Option<RawId>,
    customer_name: Option<Text>,
    phone: Option<Text>,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
    _payment_status: ServerOwned,
    _reservation_status: ServerOwned,
}

/// How a reservation stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    reservation_no: Id,
    item_no: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_price: Option<i64>,
    customer_id: Option<Id>,
    customer_name: Option<String>,
    reservation_status: &'static str,
    payment_status: &'static str,
    rental_status: &'static str,
    /// Whether a wish to cancel waits for its decision.
    cancel_requested: bool,
}

/// `POST /market/reservations`
pub(super) async fn reserve(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<ReserveRequest>,
) -> Result<Answer<Stands>, Problem> {
    let (id, done) = market.commands.reserve(request.into_command()?, &meta).await?;
    let location = format!("/market/reservations/{id}");
    Ok(Answer::created(&done, location, Stands::taken(id, &done.state)))
}

impl ReserveRequest {
    fn into_command(self) -> Result<Reserve, Problem> {
        // The item says what it is called; what the client calls it must only be a name.
        let _: Option<Name> = optional("itemName", self.item_name)?;
        Ok(Reserve {
            reservation_no: optional("reservationNo", self.reservation_no)?,
            item_no: required("itemNo", self.item_no)?,
            customer_id: required("customerId", self.customer_id)?,
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
            customer_name: reservation.customer_name().map(ToString::to_string),
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

/// `POST /market/reservations/{reservationNo}/pay`
pub(super) async fn pay(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    pay_for(&market, reservation_no, &meta).await
}

/// `POST /market/reservations/{reservationNo}/cancel-payment`
pub(super) async fn cancel_payment(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(reservation_no): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    cancel_payment_of(&market, reservation_no, &meta).await
}

/// `POST /market/reservations/{reservationNo}/cancel`
pub(super) async fn cancel(
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
