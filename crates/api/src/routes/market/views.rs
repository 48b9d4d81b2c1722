//! Queries of the market.

use super::Market;
use crate::http::{
    extract::{Integer, Path, Query, RawId, Text, optional},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Asked, Found, Known, Listed},
};
use axum::{extract::State, http::Uri};
use domain::{
    Id,
    market::status::{ItemStatus, PaymentStatus, ReservationStatus},
};
use projections::{
    market::{
        item_info::{ItemInfo, ItemInfoRow},
        payments::{PaymentRow, Payments},
        reservations::{ReservationRow, Reservations},
        reviews::{ReviewRow, Reviews},
    },
    row::Literal,
};
use serde::Deserialize;

/// What a list is filtered by: the field, and what it must be.
type Filter = Option<(String, String)>;

fn id(field: &str, raw: Option<RawId>) -> Result<Filter, Problem> {
    let id: Option<Id> = optional(field, raw)?;
    Ok(id.map(|id| (field.to_owned(), id.into())))
}

fn word<L: Literal>(field: &str, raw: Option<Text>) -> Result<Filter, Problem> {
    let word: Option<Known<L>> = optional(field, raw)?;
    Ok(word.map(|Known(word)| (field.to_owned(), word.word().to_owned())))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ItemFilter {
    item_no: Option<RawId>,
    item_status: Option<Text>,
    customer_id: Option<RawId>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /market/items` and `GET /market/item-info`: items on the list, with who has them.
pub(super) async fn items(
    State(market): State<Market>,
    Query(query): Query<ItemFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<ItemInfoRow>, Problem> {
    let filters = [
        id("itemNo", query.item_no)?,
        word::<ItemStatus>("itemStatus", query.item_status)?,
        id("customerId", query.customer_id)?,
    ];
    let page = Page::of(query.limit, query.after)?;
    let filters = filters.into_iter().flatten().collect();
    market.views.list::<ItemInfo>(Asked { uri, min, page, filters }).await
}

/// `GET /market/items/{itemNo}`
pub(super) async fn item(
    State(market): State<Market>,
    Path(item_no): Path<Id>,
    min: MinPosition,
) -> Result<Found<ItemInfoRow>, Problem> {
    market.views.find::<ItemInfo>(item_no.as_str(), min, "unknown-item").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReservationFilter {
    item_no: Option<RawId>,
    customer_id: Option<RawId>,
    reservation_status: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /market/reservations`
pub(super) async fn reservations(
    State(market): State<Market>,
    Query(query): Query<ReservationFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<ReservationRow>, Problem> {
    let filters = [
        id("itemNo", query.item_no)?,
        id("customerId", query.customer_id)?,
        word::<ReservationStatus>("reservationStatus", query.reservation_status)?,
    ];
    let page = Page::of(query.limit, query.after)?;
    let filters = filters.into_iter().flatten().collect();
    market.views.list::<Reservations>(Asked { uri, min, page, filters }).await
}

/// `GET /market/reservations/{reservationNo}`
pub(super) async fn reservation(
    State(market): State<Market>,
    Path(reservation_no): Path<Id>,
    min: MinPosition,
) -> Result<Found<ReservationRow>, Problem> {
    market.views.find::<Reservations>(reservation_no.as_str(), min, "unknown-reservation").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PaymentFilter {
    reservation_no: Option<RawId>,
    item_no: Option<RawId>,
    payment_status: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /market/payments`
pub(super) async fn payments(
    State(market): State<Market>,
    Query(query): Query<PaymentFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<PaymentRow>, Problem> {
    let filters = [
        id("reservationNo", query.reservation_no)?,
        id("itemNo", query.item_no)?,
        word::<PaymentStatus>("paymentStatus", query.payment_status)?,
    ];
    let page = Page::of(query.limit, query.after)?;
    let filters = filters.into_iter().flatten().collect();
    market.views.list::<Payments>(Asked { uri, min, page, filters }).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReviewFilter {
    reservation_no: Option<RawId>,
    item_no: Option<RawId>,
    customer_id: Option<RawId>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /market/reviews`
pub(super) async fn reviews(
    State(market): State<Market>,
    Query(query): Query<ReviewFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<ReviewRow>, Problem> {
    let filters = [
        id("reservationNo", query.reservation_no)?,
        id("itemNo", query.item_no)?,
        id("customerId", query.customer_id)?,
    ];
    let page = Page::of(query.limit, query.after)?;
    let filters = filters.into_iter().flatten().collect();
    market.views.list::<Reviews>(Asked { uri, min, page, filters }).await
}
