//! Queries of the café.

use super::Cafe;
use crate::http::{
    extract::{Integer, Path, Query, Raw, RawId, optional},
    min_position::MinPosition,
    page::Page,
    problem::Problem,
    views::{Asked, Found, Listed},
};
use axum::{extract::State, http::Uri};
use domain::{Id, InvalidValue};
use projections::{
    cafe::{
        menu::{Menu, MenuRow},
        order_status::{OrderStatus, OrderStatusRow},
        point_ledger::{PointLedger, PointLedgerRow},
        points::{Points, PointsRow},
        tickets::{TicketRow, Tickets},
    },
    row::Literal,
};
use serde::Deserialize;
use std::marker::PhantomData;

/// By customer and status: orders and tickets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    customer_id: Option<RawId>,
    status: Option<String>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

impl Filter {
    fn asked<S: Literal>(self, uri: Uri, min: MinPosition) -> Result<Asked, Problem> {
        let customer_id: Option<Id> = optional("customerId", self.customer_id)?;
        let status: Option<S> = optional("status", self.status.map(Word::of))?;
        let filters = [
            customer_id.map(|id| ("customerId".to_owned(), id.into())),
            status.map(|status| ("status".to_owned(), status.word().to_owned())),
        ];
        let page = Page::of(self.limit, self.after)?;
        Ok(Asked { uri, min, page, filters: filters.into_iter().flatten().collect() })
    }
}

/// A status as it was sent.
struct Word<S>(String, PhantomData<S>);

impl<S> Word<S> {
    fn of(word: String) -> Self {
        Self(word, PhantomData)
    }
}

impl<S: Literal> Raw<S> for Word<S> {
    fn read(self) -> Result<S, InvalidValue> {
        let found = S::ALL.iter().find(|status| status.word() == self.0);
        found.copied().ok_or(InvalidValue { must_be: "one of the statuses that the view shows" })
    }
}

/// `GET /cafe/order-status`
pub(super) async fn orders(
    State(cafe): State<Cafe>,
    Query(filter): Query<Filter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<OrderStatusRow>, Problem> {
    cafe.views.list::<OrderStatus>(filter.asked::<domain::cafe::order::Status>(uri, min)?).await
}

/// `GET /cafe/order-status/{orderId}`
pub(super) async fn order(
    State(cafe): State<Cafe>,
    Path(order_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<OrderStatusRow>, Problem> {
    cafe.views.find::<OrderStatus>(order_id.as_str(), min, "unknown-order").await
}

/// `GET /cafe/tickets`
pub(super) async fn tickets(
    State(cafe): State<Cafe>,
    Query(filter): Query<Filter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<TicketRow>, Problem> {
    cafe.views.list::<Tickets>(filter.asked::<domain::cafe::ticket::Status>(uri, min)?).await
}

/// `GET /cafe/tickets/{orderId}`
pub(super) async fn ticket(
    State(cafe): State<Cafe>,
    Path(order_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<TicketRow>, Problem> {
    cafe.views.find::<Tickets>(order_id.as_str(), min, "unknown-ticket").await
}

/// Nothing but which page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Unfiltered {
    limit: Option<Integer>,
    after: Option<RawId>,
}

impl Unfiltered {
    fn asked(self, uri: Uri, min: MinPosition) -> Result<Asked, Problem> {
        let page = Page::of(self.limit, self.after)?;
        Ok(Asked { uri, min, page, filters: Vec::new() })
    }
}

/// `GET /cafe/points`
pub(super) async fn points(
    State(cafe): State<Cafe>,
    Query(query): Query<Unfiltered>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<PointsRow>, Problem> {
    cafe.views.list::<Points>(query.asked(uri, min)?).await
}

/// `GET /cafe/points/{customerId}`
pub(super) async fn points_of(
    State(cafe): State<Cafe>,
    Path(customer_id): Path<Id>,
    min: MinPosition,
) -> Result<Found<PointsRow>, Problem> {
    cafe.views.find::<Points>(customer_id.as_str(), min, "unknown-member").await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LedgerFilter {
    customer_id: Option<RawId>,
    order_id: Option<RawId>,
    limit: Option<Integer>,
    after: Option<RawId>,
}

/// `GET /cafe/point-ledger`
pub(super) async fn point_ledger(
    State(cafe): State<Cafe>,
    Query(filter): Query<LedgerFilter>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<PointLedgerRow>, Problem> {
    let customer_id: Option<Id> = optional("customerId", filter.customer_id)?;
    let order_id: Option<Id> = optional("orderId", filter.order_id)?;
    let filters = [("customerId", customer_id), ("orderId", order_id)];
    let filters = filters.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.into())));
    let page = Page::of(filter.limit, filter.after)?;
    cafe.views.list::<PointLedger>(Asked { uri, min, page, filters: filters.collect() }).await
}

/// `GET /cafe/menu`
pub(super) async fn menu(
    State(cafe): State<Cafe>,
    Query(query): Query<Unfiltered>,
    uri: Uri,
    min: MinPosition,
) -> Result<Listed<MenuRow>, Problem> {
    cafe.views.list::<Menu>(query.asked(uri, min)?).await
}
