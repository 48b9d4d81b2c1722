//! The limit server: what an order costs before anything is decided or stored. It takes the request
//! of `POST /cafe/orders` by the service's rules, and answers with a body of the same size.

use api::http::{
    extract::{Integer, RawId, Text, optional, required},
    problem::Problem,
};
use axum::{Json, Router, body::Bytes, http::StatusCode, routing::post};
use domain::{
    Id, InvalidValue, Quantity, Won,
    shared::{Name, phone::Phone},
};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use tokio::net::TcpListener;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlaceRequest {
    order_id: Option<RawId>,
    product: Option<Text>,
    qty: Option<Integer>,
    price: Option<Integer>,
    customer_id: Option<RawId>,
    phone: Option<Text>,
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
    axum::serve(listener, Router::new().route("/cafe/orders", post(place))).await
}

async fn place(body: Bytes) -> Result<(StatusCode, Json<Placed>), Problem> {
    let request: PlaceRequest =
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(error.to_string()))?;
    Ok((StatusCode::CREATED, Json(request.check()?)))
}

impl PlaceRequest {
    fn check(self) -> Result<Placed, Problem> {
        let qty: Quantity = required("qty", self.qty)?;
        let price: Won = required("price", self.price)?;
        let amount = price.times(qty);
        let _phone: Option<Phone> = optional("phone", self.phone)?;
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
