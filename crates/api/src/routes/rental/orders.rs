//! The customer's side: asking for a rental and cancelling it; and the staff's, when goods are found
//! missing.

use super::Rental;
use crate::http::{
    access::{Access, RENTERS},
    answer::Answer,
    auth::{Caller, Role},
    extract::{Empty, Json, Maybe, Need, Path, ServerOwned, optional, required},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State, http::StatusCode};
use commands::{Meta, rental::RequestRental};
use domain::{
    Aggregate, Id, Quantity, Won,
    rental::{
        inventory::Inventory,
        order::{self, Order, Status},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Whoever stands before the shelf, or has the parcel in hand.
const STAFF: Access = Access::Only(&[Role::Store, Role::Courier, Role::Manager]);

pub(super) fn routes() -> Routes<Rental> {
    Routes::default()
        .post(
            "/rental/orders",
            request,
            requesting().takes::<RentalRequest>(json!({
                "orderId": "o-1", "productId": "p-1", "qty": 1, "customerId": "min",
            })),
        )
        .post(
            "/rental/orders/{orderId}/cancel",
            cancel,
            cancelling().of::<Id>("o-2").takes::<Empty>(json!({})),
        )
        .post(
            "/rental/orders/{orderId}/report-shortage",
            report_shortage,
            command("Say that goods of an order are missing", STAFF, Inventory::CATEGORY)
                .of::<Id>("o-3")
                .takes::<ShortageRequest>(json!({ "qty": 1 }))
                .gives::<Reported>()
                .without_versions()
                .or_unknown("unknown-order")
                .or_unknown("unknown-product")
                .or_refused(&["nothing-held", "already-reported", "insufficient-stock"]),
        )
}

pub(super) fn requesting() -> Operation {
    command("Rent a product", RENTERS, Order::CATEGORY)
        .creates::<Requested>()
        .or_unknown("unknown-product")
        .or_refused(&["order-exists", "out-of-stock"])
        .or(
            StatusCode::UNPROCESSABLE_ENTITY,
            &["price-changed", "amount-missing", "amount-too-large"],
        )
}

pub(super) fn cancelling() -> Operation {
    command("Cancel an order; goods and money find their ways back", RENTERS, Order::CATEGORY)
        .gives::<Stands>()
        .or_unknown("unknown-order")
        .or_refused(&["already-completed", "not-confirmed", "out-of-stock"])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RentalRequest")]
pub(super) struct RentalRequest {
    order_id: Maybe<Id>,
    product_id: Need<Id>,
    qty: Need<Quantity>,
    /// Needed where the product has no fee; otherwise as the customer knows it.
    amount: Maybe<Won>,
    /// A customer's own, whatever it says.
    customer_id: Maybe<Id>,
    _product_name: ServerOwned,
    _status: ServerOwned,
    _refunded_amount: ServerOwned,
    _shipment_id: ServerOwned,
    _cancel_reason: ServerOwned,
}

/// An order whose stock is reserved.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RentalRequested")]
pub(super) struct Requested {
    #[schemars(with = "String")]
    order_id: Id,
    #[schemars(with = "Option<String>")]
    product_id: Option<Id>,
    product_name: Option<String>,
    qty: Option<i64>,
    amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    status: &'static str,
}

async fn request(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<RentalRequest>,
) -> Result<Answer<Requested>, Problem> {
    ask_for(&rental, request, &caller, &meta).await
}

pub(super) async fn ask_for(
    rental: &Rental,
    request: RentalRequest,
    caller: &Caller,
    meta: &Meta,
) -> Result<Answer<Requested>, Problem> {
    let (id, done) = rental.commands.request(request.into_command(caller)?, meta).await?;
    let location = format!("/rental/orders/{id}");
    Ok(Answer::created(&done, location, Requested::of(id, &done.state)))
}

impl RentalRequest {
    fn into_command(self, caller: &Caller) -> Result<RequestRental, Problem> {
        Ok(RequestRental {
            order_id: optional("orderId", self.order_id)?,
            product_id: required("productId", self.product_id)?,
            qty: required("qty", self.qty)?,
            amount: optional("amount", self.amount)?,
            customer_id: caller.speaks_for(optional("customerId", self.customer_id)?),
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
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RentalOrder")]
pub(super) struct Stands {
    #[schemars(with = "String")]
    order_id: Id,
    status: &'static str,
}

async fn cancel(
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RentalReportShortage")]
struct ShortageRequest {
    qty: Need<Quantity>,
}

/// What is on record as missing; the order will be cancelled because of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RentalShortage")]
struct Reported {
    #[schemars(with = "String")]
    order_id: Id,
    qty: i64,
    /// Of the product.
    left: i64,
}

async fn report_shortage(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(request): Json<ShortageRequest>,
) -> Result<Answer<Reported>, Problem> {
    let qty = required("qty", request.qty)?;
    let done = rental.commands.report_shortage(&order_id, qty, &meta).await?;
    let reported = Reported { order_id, qty: qty.get(), left: done.state.left() };
    Ok(Answer::ok(&done, reported).untagged())
}
