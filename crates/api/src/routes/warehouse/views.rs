//! Queries of the warehouse.

use super::Warehouse;
use crate::http::{
    extract::{Integer, Path, Query, RawId, Text, optional},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Asked, Found, Listed},
};
use axum::{extract::State, http::Uri};
use domain::{Id, InvalidValue, shared::Name, warehouse::stock_item::LotStatus};
use projections::{
    row::Literal,
    warehouse::{
        lots::{LotRow, Lots},
        movements::{MovementRow, Movements},
        stock::{Stock, StockRow},
    },
};
use serde::Deserialize;

/// Nothing but which page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Unfiltered {
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /warehouse/stock`
pub(super) async fn stock(
    State(warehouse): State<Warehouse>,
    Query(query): Query<Unfiltered>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<StockRow>, Problem> {
    let page = Page::of(query.limit, query.after)?;
    warehouse.views.list::<Stock>(Asked { uri, min, page, filters: vec![] }).await
}

/// `GET /warehouse/stock/{product}`
pub(super) async fn stock_of(
    State(warehouse): State<Warehouse>,
    Path(product): Path<Name>,
    min: MinPosition,
) -> Result<Found<StockRow>, Problem> {
    warehouse.views.find::<Stock>(product.as_str(), min, "unknown-product").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LotFilter {
    product: Option<Text>,
    customer_id: Option<RawId>,
    status: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// A lot's status as it is sent.
struct Status(LotStatus);

impl TryFrom<String> for Status {
    type Error = InvalidValue;

    fn try_from(word: String) -> Result<Self, InvalidValue> {
        let found = LotStatus::ALL.iter().find(|status| status.word() == word);
        found.copied().map(Self).ok_or(InvalidValue { must_be: "InStock or Closed" })
    }
}

/// `GET /warehouse/lots`
pub(super) async fn lots(
    State(warehouse): State<Warehouse>,
    Query(filter): Query<LotFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<LotRow>, Problem> {
    let product: Option<Name> = optional("product", filter.product)?;
    let customer_id: Option<Id> = optional("customerId", filter.customer_id)?;
    let status: Option<Status> = optional("status", filter.status)?;
    let filters = [
        ("product", product.map(String::from)),
        ("customerId", customer_id.map(String::from)),
        ("status", status.map(|Status(status)| status.word().to_owned())),
    ];
    let filters = filters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let page = Page::of(filter.limit, filter.after)?;
    warehouse.views.list::<Lots>(Asked { uri, min, page, filters: filters.collect() }).await
}

/// `GET /warehouse/lots/{deliveryId}`
pub(super) async fn lot(
    State(warehouse): State<Warehouse>,
    Path(lot): Path<Id>,
    min: MinPosition,
) -> Result<Found<LotRow>, Problem> {
    warehouse.views.find::<Lots>(lot.as_str(), min, "unknown-lot").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MovementFilter {
    product: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /warehouse/movements`
pub(super) async fn movements(
    State(warehouse): State<Warehouse>,
    Query(filter): Query<MovementFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<MovementRow>, Problem> {
    let product: Option<Name> = optional("product", filter.product)?;
    let filters = product.map(|product| ("product".to_owned(), String::from(product)));
    let page = Page::of(filter.limit, filter.after)?;
    let filters = filters.into_iter().collect();
    warehouse.views.list::<Movements>(Asked { uri, min, page, filters }).await
}
