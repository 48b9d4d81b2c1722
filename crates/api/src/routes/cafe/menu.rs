//! The menu: what one of each product costs.

use super::Cafe;
use crate::http::{
    access::STORE,
    answer::Answer,
    extract::{Json, Need, Path, required},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::Meta;
use domain::{
    Aggregate, Won,
    cafe::menu_item::{Command, MenuItem},
    shared::Name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Cafe> {
    Routes::default().put(
        "/cafe/menu/{product}",
        set_price,
        command("Set what a product costs", STORE, MenuItem::CATEGORY)
            .of::<Name>("아메리카노")
            .takes::<SetPriceRequest>(json!({ "price": 4500 }))
            .gives::<Listed>(),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CafeSetPrice")]
struct SetPriceRequest {
    price: Need<Won>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CafePrice")]
struct Listed {
    #[schemars(with = "String")]
    product: Name,
    price: Option<i64>,
}

async fn set_price(
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
