//! The stock: registering a product.

use super::Rental;
use crate::http::{
    access::MANAGERS,
    answer::Answer,
    extract::{Json, Maybe, Need, ServerOwned, optional, required},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Id, Quantity, Won,
    rental::inventory::{Command, Inventory},
    shared::Name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Rental> {
    Routes::default().post(
        "/rental/inventories",
        register,
        command("Register a product", MANAGERS, Inventory::CATEGORY)
            .takes::<RegisterRequest>(json!({
                "productId": "p-1", "productName": "노트북", "qty": 20, "unitFee": 30000,
            }))
            .creates::<Registered>()
            .or_refused(&["already-registered"]),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RentalRegisterProduct")]
struct RegisterRequest {
    product_id: Maybe<Id>,
    product_name: Need<Name>,
    qty: Need<Quantity>,
    /// Of one. Without it every order says its amount.
    unit_fee: Maybe<Won>,
    _reserved: ServerOwned,
    _missing: ServerOwned,
}

/// A product as it was registered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RentalProduct")]
struct Registered {
    #[schemars(with = "String")]
    product_id: Id,
    product_name: Option<String>,
    qty: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_fee: Option<i64>,
}

async fn register(
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
