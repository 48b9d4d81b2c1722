//! The customer's side: ordering and cancelling.

use super::{Restaurant, menus::menu_id};
use crate::http::{
    answer::Answer,
    extract::{Empty, Integer, Json, Path, RawId, ServerOwned, optional, required},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, restaurant::PlaceOrder};
use domain::{
    Id,
    restaurant::order::{Order, Status},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlaceRequest {
    order_id: Option<RawId>,
    restaurant_id: Option<RawId>,
    restaurant_menu_id: Option<RawId>,
    customer_id: Option<RawId>,
    qty: Option<Integer>,
    _status: ServerOwned,
    _order_status: ServerOwned,
    _cook_status: ServerOwned,
    _delivery_status: ServerOwned,
}

/// How an order stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stands {
    order_id: Id,
    restaurant_id: Option<Id>,
    restaurant_menu_id: Option<Id>,
    customer_id: Option<Id>,
    qty: Option<i64>,
    order_status: Option<&'static str>,
}

/// `POST /restaurant/orders`
pub(super) async fn place(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Json(request): Json<PlaceRequest>,
) -> Result<Answer<Stands>, Problem> {
    let (id, done) = restaurant.commands.place(request.into_command()?, &meta).await?;
    let location = format!("/restaurant/orders/{id}");
    let placed =
        Stands { order_status: Some(Status::Ordered.as_str()), ..Stands::of(id, &done.state) };
    Ok(Answer::created(&done, location, placed))
}

impl PlaceRequest {
    fn into_command(self) -> Result<PlaceOrder, Problem> {
        let restaurant: Id = required("restaurantId", self.restaurant_id)?;
        let menu: Id = required("restaurantMenuId", self.restaurant_menu_id)?;
        Ok(PlaceOrder {
            order_id: optional("orderId", self.order_id)?,
            menu: menu_id("restaurantMenuId", &restaurant, &menu)?,
            customer_id: required("customerId", self.customer_id)?,
            qty: required("qty", self.qty)?,
        })
    }
}

/// `POST /restaurant/orders/{orderId}/cancel`; short: `DELETE /restaurant/orders/{orderId}`
pub(super) async fn cancel(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    Path(order_id): Path<Id>,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<Stands>, Problem> {
    let done = restaurant.commands.cancel(&order_id, &meta).await?;
    Ok(Answer::ok(&done, Stands::of(order_id, &done.state)))
}

impl Stands {
    fn of(order_id: Id, order: &Order) -> Self {
        Self {
            order_id,
            restaurant_id: order.menu().map(|menu| menu.restaurant().clone()),
            restaurant_menu_id: order.menu().map(|menu| menu.menu().clone()),
            customer_id: order.customer_id().cloned(),
            qty: order.qty().map(i64::from),
            order_status: order.status().map(Status::as_str),
        }
    }
}
