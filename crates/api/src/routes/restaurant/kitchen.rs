//! The kitchen's and the courier's side.

use super::Restaurant;
use crate::http::{
    access::{COOKS, COURIERS},
    answer::Answer,
    extract::{Empty, Json, Path},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Id,
    restaurant::{
        cook::{self, Cook},
        delivery::{self, Delivery},
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

pub(super) fn routes() -> Routes<Restaurant> {
    Routes::default()
        .post(
            "/restaurant/cooks/{orderId}/complete",
            cooked,
            command("Say that an order is cooked", COOKS, Cook::CATEGORY)
                .of::<Id>("o-1")
                .takes::<Empty>(json!({}))
                .gives::<Cooking>()
                .or_unknown("unknown-cook")
                .or_refused(&["order-cancelled"]),
        )
        .post(
            "/restaurant/deliveries/{orderId}/complete",
            delivered,
            command("Say that an order was delivered", COURIERS, Delivery::CATEGORY)
                .of::<Id>("o-1")
                .takes::<Empty>(json!({}))
                .gives::<Delivering>()
                .or_unknown("unknown-delivery")
                .or_refused(&["order-cancelled"]),
        )
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RestaurantCooking")]
struct Cooking {
    #[schemars(with = "String")]
    order_id: Id,
    cook_status: Option<&'static str>,
}

async fn cooked(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Cooking>, Problem> {
    let done = restaurant.commands.cook(&order_id, cook::Command::Complete, &meta).await?;
    let cook_status = done.state.status().map(cook::Status::as_str);
    Ok(Answer::ok(&done, Cooking { order_id, cook_status }))
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RestaurantDelivering")]
struct Delivering {
    #[schemars(with = "String")]
    order_id: Id,
    delivery_status: Option<&'static str>,
}

async fn delivered(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Delivering>, Problem> {
    let complete = delivery::Command::Complete;
    let done = restaurant.commands.delivery(&order_id, complete, &meta).await?;
    let delivery_status = done.state.status().map(delivery::Status::as_str);
    Ok(Answer::ok(&done, Delivering { order_id, delivery_status }))
}
