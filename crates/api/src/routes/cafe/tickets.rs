//! The store's side: accepting or rejecting, making, handing over.

use super::Cafe;
use crate::http::{
    access::KITCHEN,
    answer::Answer,
    extract::{Empty, Json, Maybe, Path, optional},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Id,
    cafe::ticket::{Command, Status, Ticket},
    shared::Name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Cafe> {
    let plain = |summary| asking(summary).takes::<Empty>(json!({}));
    Routes::default()
        .post("/cafe/tickets/{orderId}/accept", accept, plain("Accept an order"))
        .post(
            "/cafe/tickets/{orderId}/reject",
            reject,
            asking("Reject an order; its money goes back")
                .of::<Id>("o-3")
                .takes::<RejectRequest>(json!({ "reason": "원두가 떨어졌어요" })),
        )
        .post("/cafe/tickets/{orderId}/make", make, plain("Say that it is made"))
        .post("/cafe/tickets/{orderId}/hand-over", hand_over, plain("Say that the customer has it"))
}

pub(super) fn asking(summary: &'static str) -> Operation {
    command(summary, KITCHEN, Ticket::CATEGORY)
        .of::<Id>("o-1")
        .gives::<Stands>()
        .or_unknown("unknown-ticket")
        .or_refused(&[
            "already-received",
            "already-rejected",
            "order-canceled",
            "not-accepted",
            "not-made",
        ])
}

/// How a ticket stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CafeTicket")]
pub(super) struct Stands {
    #[schemars(with = "String")]
    order_id: Id,
    status: Option<&'static str>,
}

async fn accept(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&cafe, order_id, Command::Accept, &meta).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CafeReject")]
struct RejectRequest {
    reason: Maybe<Name>,
}

async fn reject(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(request): Json<RejectRequest>,
) -> Result<Answer<Stands>, Problem> {
    let reason = optional("reason", request.reason)?;
    let command = Command::Reject { reason: reason.map(String::from) };
    ask(&cafe, order_id, command, &meta).await
}

async fn make(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    ask(&cafe, order_id, Command::Make, &meta).await
}

async fn hand_over(
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
