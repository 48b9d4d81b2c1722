//! The menu: dishes and their portions.

use super::Restaurant;
use crate::http::{
    access::STORE,
    answer::Answer,
    extract::{Json, Maybe, Need, Path, ServerOwned, optional, required},
    operation::{Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Done, Meta};
use domain::{
    Aggregate, Id, Quantity, Won,
    restaurant::{
        MenuId,
        menu::{Command, Menu},
    },
    shared::Name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Restaurant> {
    Routes::default()
        .post(
            "/restaurant/menus",
            add,
            command("Put a dish on the menu", STORE, Menu::CATEGORY)
                .takes::<AddRequest>(json!({
                    "restaurantId": "k", "menuId": "bibimbap", "name": "비빔밥", "price": 9000,
                    "stock": 10,
                }))
                .creates::<Stands>()
                .or_refused(&["menu-exists"]),
        )
        .post(
            "/restaurant/menus/{id}/restock",
            restock,
            command("Add portions of a dish", STORE, Menu::CATEGORY)
                .of::<MenuId>("k.bibimbap")
                .takes::<RestockRequest>(json!({ "qty": 5 }))
                .gives::<Stands>()
                .or_unknown("unknown-menu"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RestaurantAddDish")]
struct AddRequest {
    restaurant_id: Need<Id>,
    /// Also as `restaurantMenuId`.
    #[serde(alias = "restaurantMenuId")]
    menu_id: Maybe<Id>,
    name: Need<Name>,
    price: Maybe<Won>,
    /// Portions.
    stock: Need<Quantity>,
    _reserved: ServerOwned,
}

/// How a dish stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RestaurantDish")]
struct Stands {
    #[schemars(with = "String")]
    id: MenuId,
    #[schemars(with = "String")]
    restaurant_id: Id,
    #[schemars(with = "String")]
    restaurant_menu_id: Id,
    name: Option<String>,
    price: Option<i64>,
    stock: i64,
}

async fn add(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<AddRequest>,
) -> Result<Answer<Stands>, Problem> {
    let of_restaurant = required("restaurantId", request.restaurant_id)?;
    let menu = optional("menuId", request.menu_id)?;
    // A repeat of this command must lead to the same dish.
    let menu: Id = menu.unwrap_or_else(|| meta.command_id.into());
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RestaurantRestock")]
struct RestockRequest {
    qty: Need<Quantity>,
}

async fn restock(
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
