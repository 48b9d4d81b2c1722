//! The manager's side: which items there are, lending them and taking them back.

use super::Market;
use crate::http::{
    access::MANAGERS,
    answer::Answer,
    extract::{Json, Maybe, Need, Path, ServerOwned, optional, required},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Id, Won,
    market::{
        item::{Command, Item},
        status::{ItemStatus, RentalStatus},
    },
    shared::Name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Market> {
    Routes::default()
        .post(
            "/market/items",
            register,
            command("Put an item on the list", MANAGERS, Item::CATEGORY)
                .takes::<RegisterRequest>(json!({
                    "itemNo": "i-1", "itemName": "전동 드릴", "itemPrice": 12000,
                }))
                .creates::<Registered>()
                .or_refused(&["item-exists"]),
        )
        .post(
            "/market/items/{itemNo}/lend",
            lend,
            handing("Give an item to its renter")
                .takes::<HandRequest>(json!({ "reservationNo": "r-1" })),
        )
        .post(
            "/market/items/{itemNo}/return",
            take_back,
            handing("Take an item back").takes::<HandRequest>(json!({ "reservationNo": "r-1" })),
        )
        .delete(
            "/market/items/{itemNo}",
            delete,
            command("Take an item off the list", MANAGERS, Item::CATEGORY)
                .of::<Id>("i-2")
                .gives_nothing()
                .or_unknown("unknown-item")
                .or_refused(&["item-held"]),
        )
}

pub(super) fn handing(summary: &'static str) -> Operation {
    command(summary, MANAGERS, Item::CATEGORY)
        .of::<Id>("i-1")
        .gives::<Stands>()
        .or_unknown("unknown-item")
        .or_refused(&[
            "item-deleted",
            "not-the-holder",
            "not-paid",
            "already-lent",
            "not-lent",
            "already-returned",
            "already-rejected",
            "payment-cancel-pending",
            "cancel-requested",
        ])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MarketRegisterItem")]
struct RegisterRequest {
    item_no: Maybe<Id>,
    item_name: Need<Name>,
    /// Of one rental.
    item_price: Need<Won>,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
    _payment_status: ServerOwned,
    _reservation_no: ServerOwned,
    _reservation_status: ServerOwned,
}

/// An item on the list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketRegisteredItem")]
struct Registered {
    #[schemars(with = "String")]
    item_no: Id,
    item_name: Option<String>,
    item_price: Option<i64>,
    item_status: &'static str,
    rental_status: &'static str,
}

async fn register(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<RegisterRequest>,
) -> Result<Answer<Registered>, Problem> {
    let item_no = optional("itemNo", request.item_no)?;
    // A repeat of this command must lead to the same item.
    let item_no: Id = item_no.unwrap_or_else(|| meta.command_id.into());
    let command = Command::Register {
        item_name: required("itemName", request.item_name)?,
        item_price: required("itemPrice", request.item_price)?,
    };
    let done = market.commands.item(&item_no, command, &meta).await?;
    let location = format!("/market/items/{item_no}");
    Ok(Answer::created(&done, location, Registered::of(item_no, &done.state)))
}

impl Registered {
    /// As registering leaves an item, also when it is asked for again and the item has gone on.
    fn of(item_no: Id, item: &Item) -> Self {
        Self {
            item_no,
            item_name: item.name().map(ToString::to_string),
            item_price: item.price().map(i64::from),
            item_status: ItemStatus::Rentable.as_str(),
            rental_status: RentalStatus::NotRenting.as_str(),
        }
    }
}

async fn delete(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(item_no): Path<Id>,
) -> Result<Answer<()>, Problem> {
    let done = market.commands.item(&item_no, Command::Delete, &meta).await?;
    Ok(Answer::no_content(&done))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MarketHandItem")]
struct HandRequest {
    reservation_no: Need<Id>,
    _item_status: ServerOwned,
    _rental_status: ServerOwned,
}

/// How an item stands, seen from one reservation.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MarketHandedItem")]
pub(super) struct Stands {
    #[schemars(with = "String")]
    item_no: Id,
    #[schemars(with = "String")]
    reservation_no: Id,
    item_status: &'static str,
    rental_status: &'static str,
}

async fn lend(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(item_no): Path<Id>,
    Json(request): Json<HandRequest>,
) -> Result<Answer<Stands>, Problem> {
    let reservation_no = required("reservationNo", request.reservation_no)?;
    hand(&market, item_no, reservation_no, RentalStatus::Renting, &meta).await
}

async fn take_back(
    State(market): State<Market>,
    Extension(meta): Extension<Meta>,
    Path(item_no): Path<Id>,
    Json(request): Json<HandRequest>,
) -> Result<Answer<Stands>, Problem> {
    let reservation_no = required("reservationNo", request.reservation_no)?;
    hand(&market, item_no, reservation_no, RentalStatus::Returned, &meta).await
}

/// Brings an item as far as `reached`: out to the renter, or back.
pub(super) async fn hand(
    market: &Market,
    item_no: Id,
    reservation_no: Id,
    reached: RentalStatus,
    meta: &Meta,
) -> Result<Answer<Stands>, Problem> {
    let of = reservation_no.clone();
    let command = match reached {
        RentalStatus::Renting => Command::Lend { reservation_no: of },
        RentalStatus::Returned => Command::Return { reservation_no: of },
        RentalStatus::NotRenting => {
            return Err(Problem::invalid_value("rentalStatus", "Renting or Returned"));
        }
    };
    let done = market.commands.hand(&item_no, command, meta).await?;
    let item_status = done.state.status().as_str();
    let rental_status = done.state.rental_status(&reservation_no).as_str();
    Ok(Answer::ok(&done, Stands { item_no, reservation_no, item_status, rental_status }))
}
