//! The customer's side: ordering, which includes paying, and asking to cancel.

use super::Cafe;
use crate::http::{
    access::BUYERS,
    answer::Answer,
    auth::Caller,
    extract::{Empty, Json, Maybe, Need, Path, ServerOwned, optional, required},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State, http::StatusCode};
use commands::{Meta, cafe::PlaceOrder};
use domain::{
    Aggregate, Id, Quantity, Won,
    cafe::order::{self, Order, PaymentStatus, Status},
    shared::{Name, phone::Phone},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Cafe> {
    Routes::default()
        .post(
            "/cafe/orders",
            place,
            command("Order, and pay for it", BUYERS, Order::CATEGORY)
                .takes::<PlaceRequest>(json!({
                    "orderId": "o-1", "product": "아메리카노", "qty": 2, "price": 4500,
                    "customerId": "min", "phone": "010-1234-5678",
                }))
                .creates::<Placed>()
                .or_refused(&["order-exists", "payment-closed"])
                .or(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    &["price-changed", "price-missing", "amount-too-large"],
                )
                .or(StatusCode::PAYMENT_REQUIRED, &["payment-declined"])
                .or(StatusCode::SERVICE_UNAVAILABLE, &["payment-unavailable", "payment-unknown"]),
        )
        .post(
            "/cafe/orders/{orderId}/request-cancel",
            request_cancel,
            asking_to_cancel().takes::<Empty>(json!({})),
        )
}

pub(super) fn asking_to_cancel() -> Operation {
    command("Ask to cancel an order", BUYERS, Order::CATEGORY)
        .of::<Id>("o-2")
        .gives::<Stands>()
        .or_unknown("unknown-order")
        .or_refused(&[
            "not-paid",
            "already-rejected",
            "order-canceled",
            "already-made",
            "cancel-denied",
        ])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CafePlaceOrder")]
struct PlaceRequest {
    order_id: Maybe<Id>,
    product: Need<Name>,
    qty: Need<Quantity>,
    /// Of one, as the customer knows it. Needed for what is not on the menu.
    price: Maybe<Won>,
    /// A customer's own, whatever it says. Without one nobody earns points.
    customer_id: Maybe<Id>,
    phone: Maybe<Phone>,
    _amount: ServerOwned,
    _status: ServerOwned,
    _order_status: ServerOwned,
    _payment_status: ServerOwned,
    _refunded_amount: ServerOwned,
}

/// An order that is paid.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CafePlacedOrder")]
struct Placed {
    #[schemars(with = "String")]
    order_id: Id,
    product: Option<String>,
    qty: Option<i64>,
    price: Option<i64>,
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    status: &'static str,
    payment_status: &'static str,
}

async fn place(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<PlaceRequest>,
) -> Result<Answer<Placed>, Problem> {
    let (id, done) = cafe.commands.place(request.into_command(&caller)?, &meta).await?;
    let location = format!("/cafe/orders/{id}");
    Ok(Answer::created(&done, location, Placed::of(id, &done.state)))
}

impl PlaceRequest {
    fn into_command(self, caller: &Caller) -> Result<PlaceOrder, Problem> {
        Ok(PlaceOrder {
            order_id: optional("orderId", self.order_id)?,
            product: required("product", self.product)?,
            qty: required("qty", self.qty)?,
            price: optional("price", self.price)?,
            customer_id: caller.speaks_for(optional("customerId", self.customer_id)?),
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
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CafeOrder")]
pub(super) struct Stands {
    #[schemars(with = "String")]
    order_id: Id,
    status: &'static str,
    payment_status: &'static str,
}

/// Accepted for decision.
async fn request_cancel(
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
