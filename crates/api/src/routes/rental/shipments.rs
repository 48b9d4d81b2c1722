//! The courier's side: delivering, and bringing back what was called back.

use super::Rental;
use crate::http::{
    access::COURIERS,
    answer::Answer,
    extract::{Empty, Json, Path},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Id,
    rental::shipment::{Command, Shipment, Status},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

pub(super) fn routes() -> Routes<Rental> {
    let asking = |summary| {
        command(summary, COURIERS, Shipment::CATEGORY)
            .takes::<Empty>(json!({}))
            .gives::<Stands>()
            .or_unknown("unknown-shipment")
            .or_refused(&["delivery-stopped", "retrieve-started", "not-called-back"])
    };
    Routes::default()
        .post(
            "/rental/shipments/{orderId}/deliver",
            deliver,
            asking("Say that the goods were delivered").of::<Id>("o-1"),
        )
        .post(
            "/rental/shipments/{orderId}/complete-retrieval",
            complete_retrieval,
            asking("Say that the goods were brought back").of::<Id>("o-4"),
        )
}

/// How a shipment stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RentalShipment")]
struct Stands {
    #[schemars(with = "String")]
    order_id: Id,
    status: Option<&'static str>,
}

async fn deliver(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&rental, order_id, Command::Deliver, &meta).await
}

async fn complete_retrieval(
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
