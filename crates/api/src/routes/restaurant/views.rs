//! Queries of the restaurant.

use super::Restaurant;
use crate::http::{
    extract::{Integer, Path, Query, RawId, optional},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Asked, Found, Listed},
};
use axum::{extract::State, http::Uri};
use domain::{Id, restaurant::MenuId};
use projections::restaurant::{
    menus::{MenuRow, Menus},
    my_page::{MyPage, MyPageRow},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OrderFilter {
    customer_id: Option<RawId>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /restaurant/my-page`
pub(super) async fn orders(
    State(restaurant): State<Restaurant>,
    Query(filter): Query<OrderFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<MyPageRow>, Problem> {
    let filters = equal("customerId", filter.customer_id)?;
    let page = Page::of(filter.limit, filter.after)?;
    restaurant.views.list::<MyPage>(Asked { uri, min, page, filters }).await
}

/// `GET /restaurant/my-page/{orderId}`
pub(super) async fn order(
    State(restaurant): State<Restaurant>,
    Path(order_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<MyPageRow>, Problem> {
    restaurant.views.find::<MyPage>(order_id.as_str(), min, "unknown-order").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MenuFilter {
    restaurant_id: Option<RawId>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /restaurant/menus`
pub(super) async fn menus(
    State(restaurant): State<Restaurant>,
    Query(filter): Query<MenuFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<MenuRow>, Problem> {
    let filters = equal("restaurantId", filter.restaurant_id)?;
    let page = Page::of(filter.limit, filter.after)?;
    restaurant.views.list::<Menus>(Asked { uri, min, page, filters }).await
}

/// `GET /restaurant/menus/{restaurantId}.{menuId}`
pub(super) async fn menu(
    State(restaurant): State<Restaurant>,
    Path(id): Path<MenuId>,
    min: MinPosition,
) -> Result<Found<MenuRow>, Problem> {
    restaurant.views.find::<Menus>(&id.to_string(), min, "unknown-menu").await
}

/// The filter by an id, if one was sent.
fn equal(field: &str, raw: Option<RawId>) -> Result<Vec<(String, String)>, Problem> {
    let id: Option<Id> = optional(field, raw)?;
    Ok(id.map(|id| (field.to_owned(), id.into())).into_iter().collect())
}
