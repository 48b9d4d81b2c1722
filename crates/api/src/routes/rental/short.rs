//! Short forms: the original system's requests, each of which is one of the commands or queries.

use super::{
    Rental,
    orders::{self, RentalRequest},
};
use crate::http::{
    access::RENTAL,
    answer::Answer,
    auth::Caller,
    correlation::Correlation,
    extract::{Need, Query, ServerOwned, required},
    min_position::MinPosition,
    operation::{Kind, Operation, Routes, Shape, question},
    problem::Problem,
    views::{Found, Views},
};
use axum::{
    Extension,
    extract::State,
    http::{Extensions, StatusCode},
    routing::head,
};
use commands::{Guard, Meta};
use domain::Id;
use projections::rental::inventory::Stock;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn routes() -> Routes<Rental> {
    let query = "orderId=o-5&productId=p-1&qty=1&customerId=min";
    let cancel = orders::cancelling()
        .asks::<Cancel>("orderId=o-6")
        .or(StatusCode::FORBIDDEN, &["not-by-get"]);
    Routes::default()
        .post(
            "/rental/rentalRequest",
            rental_request,
            orders::requesting().asks::<RentalRequest>(query),
        )
        .get("/rental/rentalCancel", rental_cancel, Operation { kind: Kind::Plain, ..cancel })
        .map(|router| router.route("/rental/rentalCancel", head(not_by_head)))
}

pub(super) fn views() -> Routes<Arc<Views>> {
    let kind = Kind::Query(Shape::Row);
    Routes::default().get(
        "/rental/inventoryCheck",
        inventory_check,
        Operation { kind, ..question("How many of a product are free", RENTAL) }
            .asks::<Check>("productId=p-1")
            .gives::<i64>()
            .tagged()
            .or_unknown("unknown-product"),
    )
}

async fn rental_request(
    State(rental): State<Rental>,
    Extension(meta): Extension<Meta>,
    caller: Caller,
    Query(request): Query<RentalRequest>,
) -> Result<Answer<orders::Requested>, Problem> {
    orders::ask_for(&rental, request, &caller, &meta).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cancel {
    order_id: Need<Id>,
    /// The order knows it.
    _product_id: ServerOwned,
}

/// The only GET that changes something, as the original system had it. Where it matters who asks it
/// is refused, since a link must not be able to cancel.
async fn rental_cancel(
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
        guard: Guard::default(),
    };
    orders::cancel_order(&rental, required("orderId", cancel.order_id)?, &meta).await
}

/// Asking what a GET would answer must not cancel.
async fn not_by_head() -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Check {
    product_id: Need<Id>,
}

async fn inventory_check(
    State(views): State<Arc<Views>>,
    Query(check): Query<Check>,
    min: MinPosition,
) -> Result<Found<i64>, Problem> {
    let product_id = required("productId", check.product_id)?;
    let found = views.find::<Stock>(product_id.as_str(), min, "unknown-product").await?;
    Ok(found.map(|row| row.qty))
}
