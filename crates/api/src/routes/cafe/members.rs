//! The membership: joining, leaving, and taking points back.

use super::Cafe;
use crate::http::{
    access::{BUYERS, STORE},
    answer::Answer,
    auth::Caller,
    extract::{Empty, Json, Maybe, Need, Path, ServerOwned, optional, required},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta, cafe::Register};
use domain::{
    Aggregate, Id,
    cafe::member::{Command, Member},
    shared::{Name, personal::Personal},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Cafe> {
    Routes::default()
        .post(
            "/cafe/members",
            register,
            command("Become a member", BUYERS, Member::CATEGORY)
                .takes::<RegisterRequest>(json!({ "customerId": "min", "name": "김민" }))
                .creates::<Stands>()
                .or_refused(&["already-registered"]),
        )
        .post(
            "/cafe/members/{customerId}/reverse-point",
            reverse_point,
            command("Take back the points of an order", STORE, Member::CATEGORY)
                .of::<Id>("min")
                .takes::<ReversePointRequest>(json!({ "orderId": "o-1" }))
                .gives::<Stands>()
                .or_unknown("unknown-member")
                .or_refused(&["not-a-member", "no-points-for-order"]),
        )
        .post(
            "/cafe/members/{customerId}/withdraw",
            withdraw,
            command("Leave the membership", BUYERS, Member::CATEGORY)
                .of::<Id>("min")
                .takes::<Empty>(json!({}))
                .gives::<Stands>()
                .or_unknown("unknown-member"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CafeRegisterMember")]
struct RegisterRequest {
    /// A customer's own, whatever it says.
    customer_id: Maybe<Id>,
    name: Need<Name>,
    /// Whether the membership is valid at once, as it is unless told.
    validated: Option<bool>,
    _valid: ServerOwned,
    _point: ServerOwned,
    _last_order: ServerOwned,
    _status: ServerOwned,
}

/// How a membership stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CafeMember")]
struct Stands {
    #[schemars(with = "String")]
    customer_id: Id,
    #[schemars(with = "Option<String>")]
    name: Option<Personal>,
    valid: bool,
    point: i64,
}

impl Stands {
    fn of(customer_id: Id, done: &Done<Member>) -> Self {
        Self {
            customer_id,
            name: done.state.name().cloned(),
            valid: done.state.valid(),
            point: done.state.point(),
        }
    }
}

async fn register(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<RegisterRequest>,
) -> Result<Answer<Stands>, Problem> {
    let customer_id = caller.speaks_for(optional("customerId", request.customer_id)?);
    // A repeat of this command must lead to the same member.
    let customer_id = customer_id.unwrap_or_else(|| meta.command_id.into());
    let register = Register {
        name: required("name", request.name)?,
        validated: request.validated.unwrap_or(true),
        at: cafe.clock.now(),
    };
    let done = cafe.commands.register(&customer_id, register, &meta).await?;
    let location = format!("/cafe/points/{customer_id}");
    Ok(Answer::created(&done, location, Stands::of(customer_id, &done)))
}

async fn withdraw(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(customer_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    let command = Command::Withdraw { at: cafe.clock.now() };
    let done = cafe.commands.member(&customer_id, command, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(customer_id, &done)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CafeReversePoint")]
struct ReversePointRequest {
    order_id: Need<Id>,
}

async fn reverse_point(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(customer_id): Path<Id>,
    Json(request): Json<ReversePointRequest>,
) -> Result<Answer<Stands>, Problem> {
    let command = Command::ReversePoint { order_id: required("orderId", request.order_id)? };
    let done = cafe.commands.member(&customer_id, command, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(customer_id, &done)))
}
