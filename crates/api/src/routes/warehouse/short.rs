//! Short forms: the original system's requests, each of which is one of the commands.

use super::{
    Warehouse,
    leaving::{self, Left},
};
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{Id, InvalidValue, warehouse::stock_item::Command};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeepRequest {
    qty: Option<Integer>,
}

/// What is to remain of a lot: nothing, or a quantity.
struct Remaining(u32);

impl TryFrom<i64> for Remaining {
    type Error = InvalidValue;

    fn try_from(count: i64) -> Result<Self, InvalidValue> {
        let count = u32::try_from(count).ok().filter(|count| *count <= 1_000_000);
        count.map(Self).ok_or(InvalidValue { must_be: "0 to 1000000" })
    }
}

/// `PATCH /warehouse/warehouses/{deliveryId}` {qty: what remains}: ships the difference.
pub(super) async fn keep(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
    Json(request): Json<KeepRequest>,
) -> Result<Answer<Left>, Problem> {
    let Remaining(remaining) = required("qty", request.qty)?;
    let product = warehouse.commands.product_of(&lot).await?;
    let shipment_id = meta.command_id.into();
    let command = Command::ShipDownTo { shipment_id, lot, remaining };
    leaving::ask(&warehouse, product, command, &meta).await
}

/// `DELETE /warehouse/warehouses/{deliveryId}`: disposes of the rest of the lot.
pub(super) async fn give_up(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
) -> Result<Answer<()>, Problem> {
    let product = warehouse.commands.product_of(&lot).await?;
    let command = Command::DisposeOfRest { lot };
    let done = warehouse.commands.stock_item(&product, command, &meta).await?;
    Ok(Answer::no_content(&done))
}
