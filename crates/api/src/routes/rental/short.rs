//! Short forms: the original system's requests, each of which is one of the commands or queries.

use super::{
    Rental,
    orders::{self, RentalRequest},
};
use crate::http::{
    answer::Answer,
    auth::Caller,
    correlation::Correlation,
    extract::{Query, RawId, required},
    min_position::MinPosition,
    problem::Problem,
    views::Found,
};
use axum::{
    Extension,
    extract::State,
    http::{Extensions, StatusCode},
};
use commands::Meta;
use domain::Id;
use projections::rental::inventory::Stock;
use serde::Deserialize;

/// `POST /rental/rentalRequest?orderId=&productId=&qty=&amount=`
pub(super) async fn rental_request(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    Query(request): Query<RentalRequest>,
) -> Result<Answer<orders::Requested>, Problem> {
    orders::ask_for(&rental, request, &meta).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cancel {
    order_id: Option<RawId>,
    /// The order knows it.
    #[serde(rename = "productId")]
    _product_id: Option<RawId>,
}

/// `GET /rental/rentalCancel?orderId=`: the only GET that changes something, as the original
/// system had it. Where a key is set it is refused, since a link must not be able to cancel.
pub(super) async fn rental_cancel(
    State(rental): State<Rental>,
    Query(cancel): Query<Cancel>,
    extensions: Extensions,
) -> Result<Answer<orders::Stands>, Problem> {
    let caller = Caller::of(&extensions);
    if !caller.is_local() {
        let detail = "cancel with POST /rental/orders/{orderId}/cancel";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not-by-get", detail));
    }
    let meta = Meta {
        command_id: rental.clock.new_id(),
        correlation_id: Correlation::of(&extensions),
        causation_id: None,
        actor: caller.actor(),
        may_be_repeat: false,
    };
    orders::cancel_order(&rental, required("orderId", cancel.order_id)?, &meta).await
}

/// Asking what a GET would answer must not cancel.
pub(super) async fn not_by_head() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Check {
    product_id: Option<RawId>,
}

/// `GET /rental/inventoryCheck?productId=`: the number free.
pub(super) async fn inventory_check(
    State(rental): State<Rental>,
    Query(check): Query<Check>,
    min: MinPosition,
) -> Result<Found<i64>, Problem> {
    let product_id: Id = required("productId", check.product_id)?;
    let found = rental.views.find::<Stock>(product_id.as_str(), min, "unknown-product").await?;
    Ok(found.map(|row| row.qty))
}
