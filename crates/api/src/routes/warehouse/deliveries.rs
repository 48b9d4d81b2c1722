//! What customers bring.

use super::Warehouse;
use crate::http::{
    access::BUYERS,
    answer::Answer,
    auth::Caller,
    extract::{Json, Maybe, Need, ServerOwned, optional, required},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, warehouse::Deliver};
use domain::{Aggregate, Id, Quantity, shared::Name, warehouse::delivery::Delivery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Warehouse> {
    Routes::default().post(
        "/warehouse/deliveries",
        deliver,
        command("Take in what a customer brings", BUYERS, Delivery::CATEGORY)
            .takes::<DeliverRequest>(json!({
                "deliveryId": "d-1", "product": "사과", "qty": 50, "customerId": "min",
            }))
            .creates::<Delivered>()
            .or_refused(&["delivery-exists"]),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WarehouseDeliver")]
struct DeliverRequest {
    delivery_id: Maybe<Id>,
    product: Need<Name>,
    qty: Need<Quantity>,
    /// A customer's own, whatever it says.
    customer_id: Maybe<Id>,
    _status: ServerOwned,
    _on_hand: ServerOwned,
}

/// A delivery that is in stock.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WarehouseDelivered")]
struct Delivered {
    #[schemars(with = "String")]
    delivery_id: Id,
    product: Option<String>,
    qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    status: &'static str,
}

async fn deliver(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<DeliverRequest>,
) -> Result<Answer<Delivered>, Problem> {
    let deliver = Deliver {
        delivery_id: optional("deliveryId", request.delivery_id)?,
        product: required("product", request.product)?,
        qty: required("qty", request.qty)?,
        customer_id: caller.speaks_for(optional("customerId", request.customer_id)?),
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
