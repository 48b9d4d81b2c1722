//! Short forms: the original system's requests, each of which is one of the commands.

use super::{
    Warehouse,
    leaving::{self, Left},
};
use crate::http::{
    answer::Answer,
    extract::{Json, Need, Path, number, required},
    operation::Routes,
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{Id, InvalidValue, warehouse::stock_item::Command};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

pub(super) fn routes() -> Routes<Warehouse> {
    Routes::default()
        .patch(
            "/warehouse/warehouses/{deliveryId}",
            keep,
            leaving::taking("Ship all but so many of a lot")
                .of::<Id>("d-1")
                .takes::<KeepRequest>(json!({ "qty": 30 })),
        )
        .delete(
            "/warehouse/warehouses/{deliveryId}",
            give_up,
            leaving::taking("Dispose of the rest of a lot").of::<Id>("d-2").gives_nothing(),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WarehouseKeep")]
struct KeepRequest {
    qty: Need<Remaining>,
}

/// What is to remain of a lot: nothing, or a quantity.
#[derive(Debug)]
struct Remaining(u32);

number!(Remaining: "What is to remain.", 0 to 1_000_000);

impl TryFrom<i64> for Remaining {
    type Error = InvalidValue;

    fn try_from(count: i64) -> Result<Self, InvalidValue> {
        let count = u32::try_from(count).ok().filter(|count| *count <= 1_000_000);
        count.map(Self).ok_or(InvalidValue { must_be: "0 to 1000000" })
    }
}

/// Ships the difference.
async fn keep(
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

async fn give_up(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
) -> Result<Answer<()>, Problem> {
    let product = warehouse.commands.product_of(&lot).await?;
    let command = Command::DisposeOfRest { lot };
    let done = warehouse.commands.stock_item(&product, command, &meta).await?;
    Ok(Answer::no_content(&done))
}
