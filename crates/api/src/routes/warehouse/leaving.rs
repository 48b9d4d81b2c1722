//! What leaves the warehouse, by product or by lot.

use super::Warehouse;
use crate::http::{
    access::STORE,
    answer::Answer,
    extract::{Json, Need, Path, required},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta};
use domain::{
    Aggregate, Id, Quantity,
    shared::Name,
    warehouse::stock_item::{Command, Event, StockItem, Taken},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Warehouse> {
    let ship_body = || json!({ "qty": 1 });
    let dispose_body = || json!({ "qty": 1, "reason": "상함" });
    Routes::default()
        .post(
            "/warehouse/stock/{product}/ship",
            ship,
            taking("Ship of a product, oldest lots first")
                .of::<Name>("사과")
                .or_unknown("unknown-product")
                .takes::<ShipRequest>(ship_body()),
        )
        .post(
            "/warehouse/stock/{product}/dispose",
            dispose,
            taking("Dispose of a product, oldest lots first")
                .of::<Name>("사과")
                .or_unknown("unknown-product")
                .takes::<DisposeRequest>(dispose_body()),
        )
        .post(
            "/warehouse/lots/{deliveryId}/ship",
            ship_lot,
            taking("Ship of a lot").of::<Id>("d-1").takes::<ShipRequest>(ship_body()),
        )
        .post(
            "/warehouse/lots/{deliveryId}/dispose",
            dispose_of_lot,
            taking("Dispose of a lot").of::<Id>("d-1").takes::<DisposeRequest>(dispose_body()),
        )
}

/// Takes something out of the stock.
pub(super) fn taking(summary: &'static str) -> Operation {
    command(summary, STORE, StockItem::CATEGORY)
        .gives::<Left>()
        .or_unknown("unknown-lot")
        .or_refused(&["insufficient-stock"])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WarehouseShip")]
struct ShipRequest {
    qty: Need<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "WarehouseDispose")]
struct DisposeRequest {
    qty: Need<Quantity>,
    reason: Need<Name>,
}

/// What left, and what is on hand now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WarehouseLeft")]
pub(super) struct Left {
    #[schemars(with = "String")]
    product: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    shipment_id: Option<Id>,
    /// 0 when it was so already.
    qty: i64,
    lots: Vec<FromLot>,
    on_hand: i64,
}

/// What left a lot.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WarehouseTaken")]
struct FromLot {
    #[schemars(with = "String")]
    delivery_id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    qty: i64,
    /// In the lot, afterwards.
    left: i64,
}

impl From<&Taken> for FromLot {
    fn from(taken: &Taken) -> Self {
        let Taken { delivery_id, customer_id, qty, left } = taken.clone();
        Self { delivery_id, customer_id, qty: qty.get(), left }
    }
}

async fn ship(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(product): Path<Name>,
    Json(request): Json<ShipRequest>,
) -> Result<Answer<Left>, Problem> {
    let command = shipping(required("qty", request.qty)?, None, &meta);
    ask(&warehouse, product, command, &meta).await
}

async fn ship_lot(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
    Json(request): Json<ShipRequest>,
) -> Result<Answer<Left>, Problem> {
    let qty = required("qty", request.qty)?;
    let product = warehouse.commands.product_of(&lot).await?;
    ask(&warehouse, product, shipping(qty, Some(lot), &meta), &meta).await
}

async fn dispose(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(product): Path<Name>,
    Json(request): Json<DisposeRequest>,
) -> Result<Answer<Left>, Problem> {
    ask(&warehouse, product, request.into_command(None)?, &meta).await
}

async fn dispose_of_lot(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
    Json(request): Json<DisposeRequest>,
) -> Result<Answer<Left>, Problem> {
    let command = request.into_command(Some(lot.clone()))?;
    let product = warehouse.commands.product_of(&lot).await?;
    ask(&warehouse, product, command, &meta).await
}

impl DisposeRequest {
    fn into_command(self, lot: Option<Id>) -> Result<Command, Problem> {
        let qty = required("qty", self.qty)?;
        Ok(Command::Dispose { qty, lot, reason: required("reason", self.reason)? })
    }
}

/// A shipment is known by the command that asked for it.
fn shipping(qty: Quantity, lot: Option<Id>, meta: &Meta) -> Command {
    Command::Ship { shipment_id: meta.command_id.into(), qty, lot }
}

pub(super) async fn ask(
    warehouse: &Warehouse,
    product: Name,
    command: Command,
    meta: &Meta,
) -> Result<Answer<Left>, Problem> {
    let done = warehouse.commands.stock_item(&product, command, meta).await?;
    Ok(Answer::ok(&done, Left::of(product, &done)))
}

impl Left {
    fn of(product: Name, done: &Done<StockItem>) -> Self {
        let on_hand = done.state.on_hand();
        let (shipment_id, qty, lots) = match done.facts.first().map(|fact| &fact.event) {
            Some(Event::Shipped { shipment_id, qty, lots, .. }) => {
                (Some(shipment_id.clone()), qty.get(), lots.as_slice())
            }
            Some(Event::Obsolete { qty, lots, .. }) => (None, qty.get(), lots.as_slice()),
            Some(Event::InStock { .. }) | None => (None, 0, [].as_slice()),
        };
        Self { product, shipment_id, qty, lots: lots.iter().map(FromLot::from).collect(), on_hand }
    }
}
