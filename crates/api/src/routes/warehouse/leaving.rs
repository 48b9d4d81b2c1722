//! What leaves the warehouse, by product or by lot.

use super::Warehouse;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, Text, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta};
use domain::{
    Id, Quantity,
    shared::Name,
    warehouse::stock_item::{Command, Event, StockItem, Taken},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShipRequest {
    qty: Option<Integer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DisposeRequest {
    qty: Option<Integer>,
    reason: Option<Text>,
}

/// What left, and what is on hand now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Left {
    product: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment_id: Option<Id>,
    /// 0 when it was so already.
    qty: i64,
    lots: Vec<Taken>,
    on_hand: i64,
}

/// `POST /warehouse/stock/{product}/ship`
pub(super) async fn ship(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(product): Path<Name>,
    Json(request): Json<ShipRequest>,
) -> Result<Answer<Left>, Problem> {
    let command = shipping(required("qty", request.qty)?, None, &meta);
    ask(&warehouse, product, command, &meta).await
}

/// `POST /warehouse/lots/{deliveryId}/ship`
pub(super) async fn ship_lot(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(lot): Path<Id>,
    Json(request): Json<ShipRequest>,
) -> Result<Answer<Left>, Problem> {
    let qty = required("qty", request.qty)?;
    let product = warehouse.commands.product_of(&lot).await?;
    ask(&warehouse, product, shipping(qty, Some(lot), &meta), &meta).await
}

/// `POST /warehouse/stock/{product}/dispose`
pub(super) async fn dispose(
    State(warehouse): State<Warehouse>,
    Extension(meta): Extension<Meta>,
    Path(product): Path<Name>,
    Json(request): Json<DisposeRequest>,
) -> Result<Answer<Left>, Problem> {
    ask(&warehouse, product, request.into_command(None)?, &meta).await
}

/// `POST /warehouse/lots/{deliveryId}/dispose`
pub(super) async fn dispose_of_lot(
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
                (Some(shipment_id.clone()), qty.get(), lots.clone())
            }
            Some(Event::Obsolete { qty, lots, .. }) => (None, qty.get(), lots.clone()),
            Some(Event::InStock { .. }) | None => (None, 0, vec![]),
        };
        Self { product, shipment_id, qty, lots, on_hand }
    }
}
