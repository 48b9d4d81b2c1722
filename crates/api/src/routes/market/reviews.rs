//! Reviews, which take their item off the list.

use super::Market;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    market::review::{self, Command, Score},
    shared::Name,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SubmitRequest {
    reservation_no: Option<RawId>,
    customer_id: Option<RawId>,
    customer_name: Option<Text>,
    score: Option<Integer>,
    text: Option<Text>,
    _item_no: ServerOwned,
    _item_name: ServerOwned,
    _item_price: ServerOwned,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
    _payment_status: ServerOwned,
    _reservation_status: ServerOwned,
}

/// A registered review.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    reservation_no: Id,
    item_no: Option<Id>,
    item_name: Option<String>,
    customer_id: Id,
    customer_name: Name,
    score: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// `POST /market/reviews`
pub(super) async fn submit(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<SubmitRequest>,
) -> Result<Answer<Registered>, Problem> {
    let reservation_no: Id = required("reservationNo", request.reservation_no)?;
    let customer_id: Id = required("customerId", request.customer_id)?;
    let customer_name: Name = required("customerName", request.customer_name)?;
    let score: Score = required("score", request.score)?;
    let text: Option<review::Text> = optional("text", request.text)?;
    let command = Command::Submit {
        customer_id: customer_id.clone(),
        customer_name: customer_name.clone(),
        score,
        text: text.clone(),
    };
    let done = market.commands.submit_review(&reservation_no, command, &meta).await?;
    let location = format!("/market/reviews?reservationNo={reservation_no}");
    let registered = Registered {
        reservation_no,
        item_no: done.state.item_no().cloned(),
        item_name: done.state.item_name().map(ToString::to_string),
        customer_id,
        customer_name,
        score: score.get(),
        text: text.map(String::from),
    };
    Ok(Answer::created(&done, location, registered))
}
