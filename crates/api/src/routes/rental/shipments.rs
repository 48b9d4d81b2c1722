//! The courier's side: delivering, and bringing back what was called back.

use super::{Rental, orders::Empty};
use crate::http::{
    answer::Answer,
    extract::{Json, Path},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    rental::shipment::{Command, Status},
};
use serde::Serialize;

/// How a shipment stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    order_id: Id,
    status: Option<&'static str>,
}

/// `POST /rental/shipments/{orderId}/deliver`
pub(super) async fn deliver(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&rental, order_id, Command::Deliver, &meta).await
}

/// `POST /rental/shipments/{orderId}/complete-retrieval`
pub(super) async fn complete_retrieval(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&rental, order_id, Command::CompleteRetrieval, &meta).await
}

async fn ask(
    rental: &Rental,
    order_id: Id,
    command: Command,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let done = rental.commands.shipment(&order_id, command, meta).await?;
    let status = done.state.status().map(Status::as_str);
    Ok(Answer::ok(&done, Stands { order_id, status }))
}
