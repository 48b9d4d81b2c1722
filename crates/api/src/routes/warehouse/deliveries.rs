//! What customers bring.

use super::Warehouse;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, warehouse::Deliver};
use domain::{Id, warehouse::delivery::Delivery};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeliverRequest {
    delivery_id: Option<RawId>,
    product: Option<Text>,
    qty: Option<Integer>,
    customer_id: Option<RawId>,
    _status: ServerOwned,
    _on_hand: ServerOwned,
}

/// A delivery that is in stock.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivered {
    delivery_id: Id,
    product: Option<String>,
    qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<Id>,
    status: &'static str,
}

/// `POST /warehouse/deliveries`
pub(super) async fn deliver(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<DeliverRequest>,
) -> Result<Answer<Delivered>, Problem> {
    let deliver = Deliver {
        delivery_id: optional("deliveryId", request.delivery_id)?,
        product: required("product", request.product)?,
        qty: required("qty", request.qty)?,
        customer_id: optional("customerId", request.customer_id)?,
    };
    let (id, done) = warehouse.commands.deliver(deliver, &meta).await?;
    let location = format!("/warehouse/lots/{id}");
    Ok(Answer::created(&done, location, Delivered::of(id, &done.state)))
}

impl Delivered {
    fn of(delivery_id: Id, delivery: &Delivery) -> Self {
        Self {
            delivery_id,
            product: delivery.product().map(ToString::to_string),
            qty: delivery.qty().map(i64::from),
            customer_id: delivery.customer_id().cloned(),
            status: "Delivered",
        }
    }
}
