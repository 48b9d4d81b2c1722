//! The stock: registering a product.

use super::Rental;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Id,
    rental::inventory::{Command, Inventory},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RegisterRequest {
    product_id: Option<RawId>,
    product_name: Option<Text>,
    qty: Option<Integer>,
    unit_fee: Option<Integer>,
    _reserved: ServerOwned,
    _missing: ServerOwned,
}

/// A product as it was registered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    product_id: Id,
    product_name: Option<String>,
    qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_fee: Option<i64>,
}

/// `POST /rental/inventories`
pub(super) async fn register(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<RegisterRequest>,
) -> Result<Answer<Registered>, Problem> {
    let product_id = optional("productId", request.product_id)?;
    let product_id = product_id.unwrap_or_else(|| meta.command_id.into());
    let command = Command::Register {
        product_name: required("productName", request.product_name)?,
        qty: required("qty", request.qty)?,
        unit_fee: optional("unitFee", request.unit_fee)?,
    };
    let done = rental.commands.inventory(&product_id, command, &meta).await?;
    let location = format!("/rental/inventories/{product_id}");
    Ok(Answer::created(&done, location, Registered::of(product_id, &done.state)))
}

impl Registered {
    fn of(product_id: Id, product: &Inventory) -> Self {
        Self {
            product_id,
            product_name: product.name().map(ToString::to_string),
            qty: product.registered().map(i64::from),
            unit_fee: product.unit_fee().map(i64::from),
        }
    }
}
