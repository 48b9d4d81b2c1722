//! L1, the limit server: what requests cost before anything is decided, stored or looked up. It takes
//! `POST /cafe/orders`, `POST /market/items` and `GET /cafe/order-status/{id}` by the service's rules,
//! and answers with bodies of the same size.

use crate::log::PRODUCT;
use api::http::{
    extract::{Maybe, Need, Path, optional, required},
    problem::Problem,
};
use axum::{
    Json, Router,
    body::Bytes,
    http::StatusCode,
    routing::{get, post},
};
use domain::{
    Id, Instant, InvalidValue, Quantity, Won,
    cafe::order::{PaymentStatus, Status},
    shared::{Name, phone::Phone},
};
use projections::{cafe::order_status::OrderStatusRow, row::Word};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use tokio::net::TcpListener;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlaceRequest {
    order_id: Need<Id>,
    product: Need<Name>,
    qty: Need<Quantity>,
    price: Need<Won>,
    customer_id: Maybe<Id>,
    phone: Maybe<Phone>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    order_id: Id,
    product: Name,
    qty: Quantity,
    price: Won,
    amount: Won,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Id>,
    status: &'static str,
    payment_status: &'static str,
}

/// Serves until it is killed. The first line on standard output has the address.
pub async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "ready at http://{}", listener.local_addr()?)?;
    let routes = Router::new()
        .route("/cafe/orders", post(place))
        .route("/market/items", post(register))
        .route("/cafe/order-status/{id}", get(order_status));
    axum::serve(listener, routes).await
}

async fn place(body: Bytes) -> Result<(StatusCode, Json<Placed>), Problem> {
    let request: PlaceRequest =
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(error.to_string()))?;
    Ok((StatusCode::CREATED, Json(request.check()?)))
}

impl PlaceRequest {
    fn check(self) -> Result<Placed, Problem> {
        let qty = required("qty", self.qty)?;
        let price = required("price", self.price)?;
        let amount = price.times(qty);
        let _phone = optional("phone", self.phone)?;
        Ok(Placed {
            order_id: required("orderId", self.order_id)?,
            product: required("product", self.product)?,
            qty,
            price,
            amount: amount
                .map_err(|InvalidValue { must_be }| Problem::invalid_value("qty", must_be))?,
            customer_id: optional("customerId", self.customer_id)?,
            status: "pay_success",
            payment_status: "Paid",
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegisterRequest {
    item_no: Need<Id>,
    item_name: Need<Name>,
    item_price: Need<Won>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    item_no: Id,
    item_name: Name,
    item_price: Won,
    item_status: &'static str,
    rental_status: &'static str,
}

async fn register(body: Bytes) -> Result<(StatusCode, Json<Registered>), Problem> {
    let request: RegisterRequest =
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(error.to_string()))?;
    let registered = Registered {
        item_no: required("itemNo", request.item_no)?,
        item_name: required("itemName", request.item_name)?,
        item_price: required("itemPrice", request.item_price)?,
        item_status: "Rentable",
        rental_status: "NotRenting",
    };
    Ok((StatusCode::CREATED, Json(registered)))
}

async fn order_status(Path(order_id): Path<Id>) -> Json<OrderStatusRow> {
    let at = Some(Instant::UNIX_EPOCH);
    Json(OrderStatusRow {
        order_id: order_id.into(),
        product: PRODUCT.to_owned(),
        qty: 1,
        price: 4500,
        amount: 4500,
        customer_id: Some("customer-000000000001".to_owned()),
        status: Word(Status::PickedUp),
        payment_status: Word(PaymentStatus::Paid),
        attempt: 1,
        refunded_amount: 0,
        selected_at: Instant::UNIX_EPOCH,
        paid_at: at,
        accepted_at: at,
        rejected_at: None,
        cancel_requested_at: None,
        canceled_at: None,
        refunded_at: None,
        made_at: at,
        picked_up_at: at,
        changed_at: Instant::UNIX_EPOCH,
        version: 1,
    })
}
