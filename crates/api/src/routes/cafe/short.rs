//! Short forms: the original system's requests, each of which is one of the commands.

use super::{Cafe, orders, tickets};
use crate::http::{
    answer::Answer,
    extract::{Json, Need, Path, Text, Value, required},
    operation::Routes,
    problem::Problem,
    schema,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{Id, InvalidValue, cafe::ticket};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;

pub(super) fn routes() -> Routes<Cafe> {
    Routes::default()
        .put(
            "/cafe/deliveries/{orderId}",
            answer_ticket,
            tickets::asking("Accept or reject an order")
                .of::<Id>("o-4")
                .takes::<WantedTicket>(json!({ "status": "receive" })),
        )
        .put(
            "/cafe/orders/{orderId}",
            change_order,
            orders::asking_to_cancel()
                .of::<Id>("o-5")
                .takes::<WantedOrder>(json!({ "status": "order_cancel_request" })),
        )
}

/// The status that is wanted; other fields say nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CafeWantedTicket")]
struct WantedTicket {
    status: Need<Decision>,
}

#[derive(Debug)]
enum Decision {
    Receive,
    Reject,
}

impl Value for Decision {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        match word.as_str() {
            "receive" => Ok(Self::Receive),
            "reject" => Ok(Self::Reject),
            _ => Err(InvalidValue { must_be: "receive or reject" }),
        }
    }

    fn schema() -> Schema {
        schema::words("The status that is wanted.", &["receive", "reject"])
    }
}

async fn answer_ticket(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(wanted): Json<WantedTicket>,
) -> Result<Answer<tickets::Stands>, Problem> {
    let command = match required("status", wanted.status)? {
        Decision::Receive => ticket::Command::Accept,
        Decision::Reject => ticket::Command::Reject { reason: None },
    };
    tickets::ask(&cafe, order_id, command, &meta).await
}

/// The status that is wanted; other fields say nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CafeWantedOrder")]
struct WantedOrder {
    status: Need<Cancelled>,
}

/// The only status that a customer may want.
#[derive(Debug)]
struct Cancelled;

impl Value for Cancelled {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        let is_it = word == "order_cancel_request";
        is_it.then_some(Self).ok_or(InvalidValue { must_be: "order_cancel_request" })
    }

    fn schema() -> Schema {
        schema::words("The status that is wanted.", &["order_cancel_request"])
    }
}

async fn change_order(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(wanted): Json<WantedOrder>,
) -> Result<Answer<orders::Stands>, Problem> {
    let Cancelled = required("status", wanted.status)?;
    orders::ask_to_cancel(&cafe, order_id, &meta).await
}
