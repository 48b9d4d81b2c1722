//! The customer's side: ordering, which includes paying, and asking to cancel.

use super::Cafe;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, cafe::PlaceOrder};
use domain::{
    Id,
    cafe::order::{self, Order, PaymentStatus, Status},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlaceRequest {
    order_id: Option<RawId>,
    product: Option<Text>,
    qty: Option<Integer>,
    price: Option<Integer>,
    customer_id: Option<RawId>,
    phone: Option<Text>,
    _amount: ServerOwned,
    _status: ServerOwned,
    _order_status: ServerOwned,
    _payment_status: ServerOwned,
    _refunded_amount: ServerOwned,
}

/// An order that is paid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    order_id: Id,
    product: Option<String>,
    qty: Option<i64>,
    price: Option<i64>,
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Id>,
    status: &'static str,
    payment_status: &'static str,
}

/// `POST /cafe/orders`
pub(super) async fn place(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<PlaceRequest>,
) -> Result<Answer<Placed>, Problem> {
    let (id, done) = cafe.commands.place(request.into_command()?, &meta).await?;
    let location = format!("/cafe/orders/{id}");
    Ok(Answer::created(&done, location, Placed::of(id, &done.state)))
}

impl PlaceRequest {
    fn into_command(self) -> Result<PlaceOrder, Problem> {
        Ok(PlaceOrder {
            order_id: optional("orderId", self.order_id)?,
            product: required("product", self.product)?,
            qty: required("qty", self.qty)?,
            price: optional("price", self.price)?,
            customer_id: optional("customerId", self.customer_id)?,
            phone: optional("phone", self.phone)?,
        })
    }
}

impl Placed {
    /// As placing it leaves an order, also when it is asked for again and the order has gone on.
    fn of(order_id: Id, order: &Order) -> Self {
        Self {
            order_id,
            product: order.product().map(ToString::to_string),
            qty: order.qty().map(i64::from),
            price: order.price().map(i64::from),
            amount: order.amount().map(i64::from),
            customer_id: order.customer_id().cloned(),
            status: Status::PaySuccess.as_str(),
            payment_status: PaymentStatus::Paid.as_str(),
        }
    }
}

/// How an order stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    order_id: Id,
    status: &'static str,
    payment_status: &'static str,
}

/// `POST /cafe/orders/{orderId}/request-cancel`: accepted for decision.
pub(super) async fn request_cancel(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask_to_cancel(&cafe, order_id, &meta).await
}

pub(super) async fn ask_to_cancel(
    cafe: &Cafe,
    order_id: Id,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = cafe.commands.order(&order_id, order::Command::RequestCancel, meta).await?;
    let stands = Stands {
        order_id,
        status: done.state.status().as_str(),
        payment_status: done.state.payment_status().as_str(),
    };
    Ok(Answer::ok(&done, stands))
}

/// A body that says nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Empty {}
