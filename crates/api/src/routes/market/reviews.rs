//! Reviews, which take their item off the list.

use super::Market;
use crate::http::{
    access::RENTERS,
    answer::Answer,
    auth::Caller,
    extract::{Json, Maybe, Need, ServerOwned, optional, required, there},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, market::SubmitReview};
use domain::{
    Aggregate, Id,
    market::review::{self, Review, Score},
    shared::{Name, personal::Personal},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Market> {
    Routes::default().post(
        "/market/reviews",
        submit,
        command("Review an item that went back", RENTERS, Review::CATEGORY)
            .takes::<SubmitRequest>(json!({
                "reservationNo": "r-1", "customerId": "min", "customerName": "김민",
                "score": 5, "text": "깨끗하고 힘이 좋아요",
            }))
            .creates::<Registered>()
            .or_unknown("unknown-reservation")
            .or_refused(&[
                "not-returned",
                "not-the-renter",
                "already-reviewed",
                "review-pending",
                "submission-over",
                "item-deleted",
                "item-held",
            ]),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MarketSubmitReview")]
struct SubmitRequest {
    reservation_no: Need<Id>,
    /// A customer's own, whatever it says; others must say it.
    customer_id: Maybe<Id>,
    customer_name: Need<Name>,
    score: Need<Score>,
    text: Maybe<review::Text>,
    _item_no: ServerOwned,
    _item_name: ServerOwned,
    _item_price: ServerOwned,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
    _payment_status: ServerOwned,
    _reservation_status: ServerOwned,
}

/// A registered review.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketReview")]
struct Registered {
    #[schemars(with = "String")]
    reservation_no: Id,
    #[schemars(with = "Option<String>")]
    item_no: Option<Id>,
    item_name: Option<String>,
    #[schemars(with = "String")]
    customer_id: Id,
    #[schemars(with = "Option<String>")]
    customer_name: Option<Personal>,
    score: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

async fn submit(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<SubmitRequest>,
) -> Result<Answer<Registered>, Problem> {
    let reservation_no: Id = required("reservationNo", request.reservation_no)?;
    let customer_id = caller.speaks_for(optional("customerId", request.customer_id)?);
    let customer_id = there("customerId", customer_id)?;
    let score = required("score", request.score)?;
    let text = optional("text", request.text)?;
    let submit = SubmitReview {
        customer_id: customer_id.clone(),
        customer_name: required("customerName", request.customer_name)?,
        score,
        text: text.clone(),
    };
    let done = market.commands.submit_review(&reservation_no, submit, &meta).await?;
    let location = format!("/market/reviews?reservationNo={reservation_no}");
    let registered = Registered {
        reservation_no,
        item_no: done.state.item_no().cloned(),
        item_name: done.state.item_name().map(ToString::to_string),
        customer_id,
        customer_name: done.state.customer_name().cloned(),
        score: score.get(),
        text: text.map(String::from),
    };
    Ok(Answer::created(&done, location, registered))
}
