//! Short forms: the original system's requests, each of which is one of the commands.

use super::{Cafe, orders, tickets};
use crate::http::{
    answer::Answer,
    extract::{Json, Path, Text},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    cafe::{order, ticket},
};
use serde::Deserialize;

/// The status that is wanted; other fields say nothing.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    status: Option<Text>,
}

impl Wanted {
    fn status(self) -> Result<String, Problem> {
        let status =
            self.status.ok_or_else(|| Problem::malformed("status is missing").field("status"))?;
        Ok(status.0)
    }
}

/// `PUT /cafe/deliveries/{orderId}` {status: receive | reject}
pub(super) async fn answer_ticket(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(wanted): Json<Wanted>,
) -> Result<Answer<tickets::Stands>, Problem> {
    let status = wanted.status()?;
    let command = if status == ticket::Status::Receive.as_str() {
        ticket::Command::Accept
    } else if status == ticket::Status::Reject.as_str() {
        ticket::Command::Reject { reason: None }
    } else {
        return Err(Problem::invalid_value("status", "receive or reject"));
    };
    tickets::ask(&cafe, order_id, command, &meta).await
}

/// `PUT /cafe/orders/{orderId}` {status: order_cancel_request}
pub(super) async fn change_order(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(wanted): Json<Wanted>,
) -> Result<Answer<orders::Stands>, Problem> {
    if wanted.status()? != order::Status::OrderCancelRequest.as_str() {
        return Err(Problem::invalid_value("status", "order_cancel_request"));
    }
    orders::ask_to_cancel(&cafe, order_id, &meta).await
}
