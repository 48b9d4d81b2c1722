//! What the console shows: every view as a table.

use domain::Context;

/// A view as a table.
#[derive(Debug)]
pub struct Table {
    pub context: Context,
    /// As the address of its page has it, and the name of the view.
    pub name: &'static str,
    /// Where its rows are asked for.
    pub list: &'static str,
    /// The first one is the key.
    pub columns: &'static [&'static str],
    /// Whether what came last is shown first. Ids that the server makes are in the order of time.
    pub newest_first: bool,
}

impl Table {
    /// `cafe.order_status`
    pub fn view(&self) -> String {
        format!("{}.{}", self.context.name(), self.name)
    }

    pub fn page(&self) -> String {
        format!("/console/{}?view={}", self.context.name(), self.name)
    }

    pub fn sort(&self) -> Option<String> {
        self.newest_first.then(|| format!("-{}", self.columns[0]))
    }
}

/// The tables of a context, the one that matters most first.
pub fn of_context(context: Context) -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(move |table| table.context == context)
}

const fn table(
    context: Context,
    name: &'static str,
    list: &'static str,
    columns: &'static [&'static str],
) -> Table {
    Table { context, name, list, columns, newest_first: false }
}

const fn newest(table: Table) -> Table {
    Table { newest_first: true, ..table }
}

use Context::{Cafe, Market, Rental, Restaurant, Warehouse};

pub static TABLES: [Table; 17] = [
    table(
        Warehouse,
        "stock",
        "/warehouse/stock",
        &[
            "product",
            "onHand",
            "totalIn",
            "totalShipped",
            "totalObsolete",
            "lastEvent",
            "changedAt",
        ],
    ),
    newest(table(
        Warehouse,
        "lots",
        "/warehouse/lots",
        &["deliveryId", "product", "customerId", "qtyIn", "qtyLeft", "status", "stockedAt"],
    )),
    newest(table(
        Warehouse,
        "movements",
        "/warehouse/movements",
        &["movementId", "product", "event", "delta", "balance", "reason", "at"],
    )),
    newest(table(
        Market,
        "item_info",
        "/market/item-info",
        &[
            "itemNo",
            "itemName",
            "itemPrice",
            "itemStatus",
            "rentalStatus",
            "reservationNo",
            "customerName",
            "paymentStatus",
            "changedAt",
        ],
    )),
    newest(table(
        Market,
        "reservations",
        "/market/reservations",
        &[
            "reservationNo",
            "itemNo",
            "itemName",
            "customerName",
            "reservationStatus",
            "paymentStatus",
            "rentalStatus",
            "changedAt",
        ],
    )),
    newest(table(
        Market,
        "payments",
        "/market/payments",
        &[
            "reservationNo",
            "itemNo",
            "amount",
            "paymentStatus",
            "refundedAmount",
            "failure",
            "changedAt",
        ],
    )),
    newest(table(
        Market,
        "reviews",
        "/market/reviews",
        &["reservationNo", "itemNo", "itemName", "customerName", "score", "text", "at"],
    )),
    newest(table(
        Rental,
        "total_view",
        "/rental/total-view",
        &[
            "orderId",
            "productName",
            "qty",
            "amount",
            "customerId",
            "status",
            "lastEvent",
            "refundedAmount",
            "changedAt",
        ],
    )),
    newest(table(
        Rental,
        "orders",
        "/rental/orders",
        &[
            "orderId",
            "productName",
            "qty",
            "amount",
            "customerId",
            "status",
            "cancelReason",
            "changedAt",
        ],
    )),
    table(
        Rental,
        "inventory",
        "/rental/inventories",
        &["productId", "productName", "qty", "reserved", "missing", "unitFee", "changedAt"],
    ),
    newest(table(
        Restaurant,
        "my_page",
        "/restaurant/my-page",
        &[
            "orderId",
            "customerId",
            "restaurantId",
            "restaurantMenuId",
            "qty",
            "orderStatus",
            "cookStatus",
            "deliveryStatus",
            "changedAt",
        ],
    )),
    table(
        Restaurant,
        "menus",
        "/restaurant/menus",
        &["id", "name", "price", "stock", "reserved", "changedAt"],
    ),
    newest(table(
        Cafe,
        "order_status",
        "/cafe/order-status",
        &[
            "orderId",
            "product",
            "qty",
            "amount",
            "customerId",
            "status",
            "paymentStatus",
            "refundedAmount",
            "changedAt",
        ],
    )),
    newest(table(
        Cafe,
        "tickets",
        "/cafe/tickets",
        &["orderId", "product", "qty", "customerId", "status", "reason", "openedAt", "changedAt"],
    )),
    table(
        Cafe,
        "points",
        "/cafe/points",
        &["customerId", "name", "valid", "point", "lastOrder", "changedAt"],
    ),
    table(
        Cafe,
        "point_ledger",
        "/cafe/point-ledger",
        &["entryId", "customerId", "orderId", "delta", "balance", "at"],
    ),
    table(Cafe, "menu", "/cafe/menu", &["product", "price", "changedAt"]),
];

#[cfg(test)]
mod tests;
