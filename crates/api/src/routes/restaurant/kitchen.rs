//! The kitchen's and the courier's side.

use super::Restaurant;
use crate::http::{
    answer::Answer,
    extract::{Empty, Json, Path},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    restaurant::{cook, delivery},
};
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cooking {
    order_id: Id,
    cook_status: Option<&'static str>,
}

/// `POST /restaurant/cooks/{orderId}/complete`
pub(super) async fn cooked(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Cooking>, Problem> {
    let done = restaurant.commands.cook(&order_id, cook::Command::Complete, &meta).await?;
    let cook_status = done.state.status().map(cook::Status::as_str);
    Ok(Answer::ok(&done, Cooking { order_id, cook_status }))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivering {
    order_id: Id,
    delivery_status: Option<&'static str>,
}

/// `POST /restaurant/deliveries/{orderId}/complete`
pub(super) async fn delivered(
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
