//! The menu: what one of each product costs.

use super::Cafe;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{cafe::menu_item::Command, shared::Name};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SetPriceRequest {
    price: Option<Integer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    product: Name,
    price: Option<i64>,
}

/// `PUT /cafe/menu/{product}`
pub(super) async fn set_price(
    State(cafe): State<Cafe>,
    Extension(meta): Extension<Meta>,
    Path(product): Path<Name>,
    Json(request): Json<SetPriceRequest>,
) -> Result<Answer<Listed>, Problem> {
    let command = Command::SetPrice { price: required("price", request.price)? };
    let done = cafe.commands.menu_item(&product, command, &meta).await?;
    let price = done.state.price().map(i64::from);
    Ok(Answer::ok(&done, Listed { product, price }))
}
