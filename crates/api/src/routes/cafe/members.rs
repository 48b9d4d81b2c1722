//! The membership: joining, leaving, and taking points back.

use super::{Cafe, orders::Empty};
use crate::http::{
    answer::Answer,
    extract::{Json, Path, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta};
use domain::{
    Id,
    cafe::member::{Command, Member},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RegisterRequest {
    customer_id: Option<RawId>,
    name: Option<Text>,
    validated: Option<bool>,
    _valid: ServerOwned,
    _point: ServerOwned,
    _last_order: ServerOwned,
    _status: ServerOwned,
}

/// How a membership stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    customer_id: Id,
    name: Option<String>,
    valid: bool,
    point: i64,
}

impl Stands {
    fn of(customer_id: Id, done: &Done<Member>) -> Self {
        Self {
            customer_id,
            name: done.state.name().map(ToString::to_string),
            valid: done.state.valid(),
            point: done.state.point(),
        }
    }
}

/// `POST /cafe/members`. Without `validated` the membership is valid at once.
pub(super) async fn register(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<RegisterRequest>,
) -> Result<Answer<Stands>, Problem> {
    let customer_id: Option<Id> = optional("customerId", request.customer_id)?;
    // A repeat of this command must lead to the same member.
    let customer_id = customer_id.unwrap_or_else(|| meta.command_id.into());
    let command = Command::Register {
        name: required("name", request.name)?,
        validated: request.validated.unwrap_or(true),
        at: cafe.clock.now(),
    };
    let done = cafe.commands.member(&customer_id, command, &meta).await?;
    let location = format!("/cafe/points/{customer_id}");
    Ok(Answer::created(&done, location, Stands::of(customer_id, &done)))
}

/// `POST /cafe/members/{customerId}/withdraw`
pub(super) async fn withdraw(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(customer_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    let command = Command::Withdraw { at: cafe.clock.now() };
    let done = cafe.commands.member(&customer_id, command, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(customer_id, &done)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReversePointRequest {
    order_id: Option<RawId>,
}

/// `POST /cafe/members/{customerId}/reverse-point`
pub(super) async fn reverse_point(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(customer_id): Path<Id>,
    Json(request): Json<ReversePointRequest>,
) -> Result<Answer<Stands>, Problem> {
    let command = Command::ReversePoint { order_id: required("orderId", request.order_id)? };
    let done = cafe.commands.member(&customer_id, command, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(customer_id, &done)))
}
