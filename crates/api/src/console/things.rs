//! The things that rows speak of, and that have pages of their own.

use domain::Context;

/// Something with a page of its own.
#[derive(Debug)]
pub struct Thing {
    pub context: Context,
    /// As the address of its page has it.
    pub name: &'static str,
    /// Where its row is asked for.
    pub row: &'static str,
    /// What its facts are found by.
    pub category: &'static str,
    /// The fields of its context's rows that hold its id.
    pub fields: &'static [&'static str],
}

pub fn thing(context: Context, name: &str) -> Option<&'static Thing> {
    THINGS.iter().find(|thing| thing.context == context && thing.name == name)
}

/// The thing that a field of a context's rows speaks of.
pub fn thing_of(context: Context, field: &str) -> Option<&'static Thing> {
    THINGS.iter().find(|thing| thing.context == context && thing.fields.contains(&field))
}

const fn thing_at(
    context: Context,
    name: &'static str,
    row: &'static str,
    category: &'static str,
    fields: &'static [&'static str],
) -> Thing {
    Thing { context, name, row, category, fields }
}

use Context::{Cafe, Market, Rental, Restaurant, Warehouse};

pub static THINGS: [Thing; 11] = [
    thing_at(
        Warehouse,
        "stock",
        "/warehouse/stock/{product}",
        "warehouse.stock_item",
        &["product"],
    ),
    thing_at(
        Warehouse,
        "lots",
        "/warehouse/lots/{deliveryId}",
        "warehouse.delivery",
        &["deliveryId"],
    ),
    thing_at(Market, "items", "/market/item-info/{itemNo}", "market.item", &["itemNo"]),
    thing_at(
        Market,
        "reservations",
        "/market/reservations/{reservationNo}",
        "market.reservation",
        &["reservationNo"],
    ),
    thing_at(Rental, "orders", "/rental/total-view/{orderId}", "rental.order", &["orderId"]),
    thing_at(
        Rental,
        "inventories",
        "/rental/inventories/{productId}",
        "rental.inventory",
        &["productId"],
    ),
    thing_at(
        Restaurant,
        "orders",
        "/restaurant/my-page/{orderId}",
        "restaurant.order",
        &["orderId"],
    ),
    thing_at(Restaurant, "menus", "/restaurant/menus/{id}", "restaurant.menu", &["id"]),
    thing_at(
        Cafe,
        "orders",
        "/cafe/order-status/{orderId}",
        "cafe.order",
        &["orderId", "lastOrder"],
    ),
    thing_at(Cafe, "members", "/cafe/points/{customerId}", "cafe.member", &["customerId"]),
    thing_at(Cafe, "menu", "/cafe/menu/{product}", "cafe.menu_item", &["product"]),
];
