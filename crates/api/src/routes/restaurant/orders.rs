//! The customer's side: ordering and cancelling.

use super::{Restaurant, menus::menu_id};
use crate::http::{
    access::BUYERS,
    answer::Answer,
    auth::Caller,
    extract::{Empty, Json, Maybe, Need, Path, ServerOwned, optional, required, there},
    operation::{Operation, Routes, command},
    problem::Problem,
};
use axum::{Extension, extract::State};
use commands::{Meta, restaurant::PlaceOrder};
use domain::{
    Aggregate, Id, Quantity,
    restaurant::order::{Order, Status},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Routes<Restaurant> {
    Routes::default()
        .post(
            "/restaurant/orders",
            place,
            command("Order a dish", BUYERS, Order::CATEGORY)
                .takes::<PlaceRequest>(json!({
                    "orderId": "o-1", "restaurantId": "k", "restaurantMenuId": "bibimbap",
                    "customerId": "min", "qty": 1,
                }))
                .creates::<Stands>()
                .or_unknown("unknown-menu")
                .or_refused(&["order-exists"]),
        )
        .post(
            "/restaurant/orders/{orderId}/cancel",
            cancel,
            cancelling().of::<Id>("o-2").takes::<Empty>(json!({})),
        )
        .delete("/restaurant/orders/{orderId}", cancel, cancelling().of::<Id>("o-3"))
}

fn cancelling() -> Operation {
    command("Cancel an order, before it is cooked", BUYERS, Order::CATEGORY)
        .gives::<Stands>()
        .or_unknown("unknown-order")
        .or_refused(&["already-cooked", "already-shipped", "order-cancelled"])
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RestaurantPlaceOrder")]
struct PlaceRequest {
    order_id: Maybe<Id>,
    restaurant_id: Need<Id>,
    restaurant_menu_id: Need<Id>,
    /// A customer's own, whatever it says; others must say it.
    customer_id: Maybe<Id>,
    qty: Need<Quantity>,
    _status: ServerOwned,
    _order_status: ServerOwned,
    _cook_status: ServerOwned,
    _delivery_status: ServerOwned,
}

/// How an order stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RestaurantOrder")]
struct Stands {
    #[schemars(with = "String")]
    order_id: Id,
    #[schemars(with = "Option<String>")]
    restaurant_id: Option<Id>,
    #[schemars(with = "Option<String>")]
    restaurant_menu_id: Option<Id>,
    #[schemars(with = "Option<String>")]
    customer_id: Option<Id>,
    qty: Option<i64>,
    order_status: Option<&'static str>,
}

async fn place(
    State(restaurant): State<Restaurant>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Json(request): Json<PlaceRequest>,
) -> Result<Answer<Stands>, Problem> {
    let (id, done) = restaurant.commands.place(request.into_command(&caller)?, &meta).await?;
    let location = format!("/restaurant/orders/{id}");
    let placed =
        Stands { order_status: Some(Status::Ordered.as_str()), ..Stands::of(id, &done.state) };
    Ok(Answer::created(&done, location, placed))
}

impl PlaceRequest {
    fn into_command(self, caller: &Caller) -> Result<PlaceOrder, Problem> {
        let restaurant = required("restaurantId", self.restaurant_id)?;
        let menu = required("restaurantMenuId", self.restaurant_menu_id)?;
        let customer_id = caller.speaks_for(optional("customerId", self.customer_id)?);
        Ok(PlaceOrder {
            order_id: optional("orderId", self.order_id)?,
            menu: menu_id("restaurantMenuId", &restaurant, &menu)?,
            customer_id: there("customerId", customer_id)?,
            qty: required("qty", self.qty)?,
        })
    }
}

/// `DELETE` is the short form.
async fn cancel(
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
