//! The store's side: accepting or rejecting, making, handing over.

use super::{Cafe, orders::Empty};
use crate::http::{
    answer::Answer,
    extract::{Json, Path, Text, optional},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    cafe::ticket::{Command, Status},
    shared::Name,
};
use serde::{Deserialize, Serialize};

/// How a ticket stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    order_id: Id,
    status: Option<&'static str>,
}

/// `POST /cafe/tickets/{orderId}/accept`
pub(super) async fn accept(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&cafe, order_id, Command::Accept, &meta).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RejectRequest {
    reason: Option<Text>,
}

/// `POST /cafe/tickets/{orderId}/reject`
pub(super) async fn reject(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(request): Json<RejectRequest>,
) -> Result<Answer<Stands>, Problem> {
    let reason: Option<Name> = optional("reason", request.reason)?;
    let command = Command::Reject { reason: reason.map(String::from) };
    ask(&cafe, order_id, command, &meta).await
}

/// `POST /cafe/tickets/{orderId}/make`
pub(super) async fn make(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&cafe, order_id, Command::Make, &meta).await
}

/// `POST /cafe/tickets/{orderId}/hand-over`
pub(super) async fn hand_over(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&cafe, order_id, Command::HandOver, &meta).await
}

pub(super) async fn ask(
    cafe: &Cafe,
    order_id: Id,
    command: Command,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = cafe.commands.ticket(&order_id, command, meta).await?;
    let status = done.state.status().map(Status::as_str);
    Ok(Answer::ok(&done, Stands { order_id, status }))
}
