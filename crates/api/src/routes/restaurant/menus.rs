//! The menu: dishes and their portions.

use super::Restaurant;
use crate::http::{
    answer::Answer,
    extract::{Integer, Json, Path, RawId, ServerOwned, Text, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta};
use domain::{
    Id,
    restaurant::{
        MenuId,
        menu::{Command, Menu},
    },
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddRequest {
    restaurant_id: Option<RawId>,
    #[serde(alias = "restaurantMenuId")]
    menu_id: Option<RawId>,
    name: Option<Text>,
    price: Option<Integer>,
    stock: Option<Integer>,
    _reserved: ServerOwned,
}

/// How a dish stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    id: MenuId,
    restaurant_id: Id,
    restaurant_menu_id: Id,
    name: Option<String>,
    price: Option<i64>,
    stock: i64,
}

/// `POST /restaurant/menus`
pub(super) async fn add(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<AddRequest>,
) -> Result<Answer<Stands>, Problem> {
    let of_restaurant: Id = required("restaurantId", request.restaurant_id)?;
    let menu: Option<Id> = optional("menuId", request.menu_id)?;
    // A repeat of this command must lead to the same dish.
    let menu = menu.unwrap_or_else(|| meta.command_id.into());
    let id = menu_id("menuId", &of_restaurant, &menu)?;
    let command = Command::Add {
        name: required("name", request.name)?,
        price: optional("price", request.price)?,
        stock: required("stock", request.stock)?,
    };
    let done = restaurant.commands.menu(&id, command, &meta).await?;
    let location = format!("/restaurant/menus/{id}");
    Ok(Answer::created(&done, location, Stands::of(id, &done)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RestockRequest {
    qty: Option<Integer>,
}

/// `POST /restaurant/menus/{restaurantId}.{menuId}/restock`
pub(super) async fn restock(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Path(id): Path<MenuId>,
    Json(request): Json<RestockRequest>,
) -> Result<Answer<Stands>, Problem> {
    let command = Command::Restock { qty: required("qty", request.qty)? };
    let done = restaurant.commands.menu(&id, command, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(id, &done)))
}

/// The dish of a restaurant; 422 naming `field` when the two ids do not make one.
pub(super) fn menu_id(field: &str, restaurant: &Id, menu: &Id) -> Result<MenuId, Problem> {
    MenuId::of(restaurant, menu).map_err(|invalid| Problem::invalid_value(field, invalid.must_be))
}

impl Stands {
    fn of(id: MenuId, done: &Done<Menu>) -> Self {
        Self {
            restaurant_id: id.restaurant().clone(),
            restaurant_menu_id: id.menu().clone(),
            id,
            name: done.state.name().map(ToString::to_string),
            price: done.state.price().map(i64::from),
            stock: done.state.stock(),
        }
    }
}
