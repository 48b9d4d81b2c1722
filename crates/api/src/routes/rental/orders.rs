//! The customer's side: asking for a rental and cancelling it; and the staff's, when goods are found
//! missing.

use super::Rental;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, RawId, ServerOwned, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, rental::RequestRental};
use domain::{
    Id,
    rental::order::{self, Order, Status},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RentalRequest {
    order_id: Option<RawId>,
    product_id: Option<RawId>,
    qty: Option<Integer>,
    amount: Option<Integer>,
    customer_id: Option<RawId>,
    _product_name: ServerOwned,
    _status: ServerOwned,
    _refunded_amount: ServerOwned,
    _shipment_id: ServerOwned,
    _cancel_reason: ServerOwned,
}

/// An order whose stock is reserved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Requested {
    order_id: Id,
    product_id: Option<Id>,
    product_name: Option<String>,
    qty: Option<i64>,
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Id>,
    status: &'static str,
}

/// `POST /rental/orders`
pub(super) async fn request(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<RentalRequest>,
) -> Result<Answer<Requested>, Problem> {
    ask_for(&rental, request, &meta).await
}

pub(super) async fn ask_for(
    rental: &Rental,
    request: RentalRequest,
    meta: &Meta,
) -> Result<Answer<Requested>, Problem> {
    let (id, done) = rental.commands.request(request.into_command()?, meta).await?;
    let location = format!("/rental/orders/{id}");
    Ok(Answer::created(&done, location, Requested::of(id, &done.state)))
}

impl RentalRequest {
    fn into_command(self) -> Result<RequestRental, Problem> {
        Ok(RequestRental {
            order_id: optional("orderId", self.order_id)?,
            product_id: required("productId", self.product_id)?,
            qty: required("qty", self.qty)?,
            amount: optional("amount", self.amount)?,
            customer_id: optional("customerId", self.customer_id)?,
        })
    }
}

impl Requested {
    /// As the stock check leaves an order, also when it is asked for again and the order has gone
    /// on.
    fn of(order_id: Id, order: &Order) -> Self {
        let status = if order.confirmed() { Status::Confirmed } else { order.status() };
        Self {
            order_id,
            product_id: order.product_id().cloned(),
            product_name: order.product_name().map(ToString::to_string),
            qty: order.qty().map(i64::from),
            amount: order.amount().map(i64::from),
            customer_id: order.customer_id().cloned(),
            status: status.as_str(),
        }
    }
}

/// How an order stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    order_id: Id,
    status: &'static str,
}

/// A body that says nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}

/// `POST /rental/orders/{orderId}/cancel`
pub(super) async fn cancel(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    cancel_order(&rental, order_id, &meta).await
}

pub(super) async fn cancel_order(
    rental: &Rental,
    order_id: Id,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = rental.commands.order(&order_id, order::Command::Cancel, meta).await?;
    let status = done.state.status().as_str();
    Ok(Answer::ok(&done, Stands { order_id, status }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShortageRequest {
    qty: Option<Integer>,
}

/// What is on record as missing; the order will be cancelled because of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reported {
    order_id: Id,
    qty: i64,
    /// Of the product.
    left: i64,
}

/// `POST /rental/orders/{orderId}/report-shortage`
pub(super) async fn report_shortage(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(request): Json<ShortageRequest>,
) -> Result<Answer<Reported>, Problem> {
    let qty = required("qty", request.qty)?;
    let done = rental.commands.report_shortage(&order_id, qty, &meta).await?;
    let reported = Reported { order_id, qty: qty.get(), left: done.state.left() };
    Ok(Answer::ok(&done, reported))
}
