//! Queries of the rental.

use super::Rental;
use crate::http::{
    extract::{Integer, Path, Query, RawId, Text, optional},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Asked, Found, Listed},
};
use axum::{extract::State, http::Uri};
use domain::{Id, InvalidValue, rental::order::Status, shared::Name};
use projections::{
    rental::{
        inventory::{InventoryRow, Stock},
        orders::{OrderRow, Orders},
        total_view::{TotalView, TotalViewRow},
    },
    row::Literal,
};
use serde::Deserialize;

/// By customer, product and status.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    customer_id: Option<RawId>,
    product_id: Option<RawId>,
    status: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// A status as it was sent.
struct Word(Status);

impl TryFrom<String> for Word {
    type Error = InvalidValue;

    fn try_from(word: String) -> Result<Self, InvalidValue> {
        let found = Status::ALL.iter().find(|status| status.word() == word);
        let must_be = "one of the statuses that the view shows";
        found.map(|status| Self(*status)).ok_or(InvalidValue { must_be })
    }
}

impl Filter {
    fn asked(self, uri: Uri, min: MinPosition) -> Result<Asked, Problem> {
        let customer_id: Option<Id> = optional("customerId", self.customer_id)?;
        let product_id: Option<Id> = optional("productId", self.product_id)?;
        let status: Option<Word> = optional("status", self.status)?;
        let filters = [
            customer_id.map(|id| ("customerId".to_owned(), id.into())),
            product_id.map(|id| ("productId".to_owned(), id.into())),
            status.map(|Word(status)| ("status".to_owned(), status.as_str().to_owned())),
        ];
        let page = Page::of(self.limit, self.after)?;
        Ok(Asked { uri, min, page, filters: filters.into_iter().flatten().collect() })
    }
}

/// `GET /rental/total-view`
pub(super) async fn total_views(
    State(rental): State<Rental>,
    Query(filter): Query<Filter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<TotalViewRow>, Problem> {
    rental.views.list::<TotalView>(filter.asked(uri, min)?).await
}

/// `GET /rental/total-view/{orderId}`
pub(super) async fn total_view(
    State(rental): State<Rental>,
    Path(order_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<TotalViewRow>, Problem> {
    rental.views.find::<TotalView>(order_id.as_str(), min, "unknown-order").await
}

/// `GET /rental/orders`
pub(super) async fn orders(
    State(rental): State<Rental>,
    Query(filter): Query<Filter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<OrderRow>, Problem> {
    rental.views.list::<Orders>(filter.asked(uri, min)?).await
}

/// `GET /rental/orders/{orderId}`
pub(super) async fn order(
    State(rental): State<Rental>,
    Path(order_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<OrderRow>, Problem> {
    rental.views.find::<Orders>(order_id.as_str(), min, "unknown-order").await
}

/// By the product's name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Products {
    product_name: Option<Text>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /rental/inventories`
pub(super) async fn inventories(
    State(rental): State<Rental>,
    Query(products): Query<Products>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<InventoryRow>, Problem> {
    let product_name: Option<Name> = optional("productName", products.product_name)?;
    let filters = product_name.map(|name| ("productName".to_owned(), name.into()));
    let page = Page::of(products.limit, products.after)?;
    let asked = Asked { uri, min, page, filters: filters.into_iter().collect() };
    rental.views.list::<Stock>(asked).await
}

/// `GET /rental/inventories/{productId}`
pub(super) async fn inventory(
    State(rental): State<Rental>,
    Path(product_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<InventoryRow>, Problem> {
    rental.views.find::<Stock>(product_id.as_str(), min, "unknown-product").await
}
