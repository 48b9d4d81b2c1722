//! The restaurant: cooked and delivered, cancelled, and ordered until there is nothing left.

use super::{
    notices,
    player::{ANOTHER, Player},
};
use crate::cli::Failure;
use reqwest::Method;
use serde_json::{Value, json};

const STOCK: i64 = 20;
const CUSTOMER: &str = "YoungEunSong";

/// What my page shows of an order, its cooking and its delivery.
type Statuses = [Option<&'static str>; 3];

const RECEIVED: Statuses = [Some("ORDER : ORDERED"), Some("COOK : ORDER RECEIPT"), None];
const COOKED: Statuses = [Some("ORDER : ORDERED"), Some("COOKED"), Some("DELIVERY : COOK FIN")];
const DELIVERED: Statuses =
    [Some("ORDER : ORDERED"), Some("COOKED"), Some("DELIVERY : DELIVERY FIN")];
const CANCELLED: Statuses = [
    Some("ORDER : ORDER CANCELED"),
    Some("COOK : ORDER CANCELED"),
    Some("DELIVERY : ORDER CANCELED"),
];
const QTY_OVER: Statuses =
    [Some("ORDER : QTY OVER CANCELED"), Some("COOK : QTY OVER"), Some("DELIVERY : QTY OVER")];

/// A dish of its own, so that it does not matter what was ordered before.
struct Dish {
    restaurant: &'static str,
    menu: String,
}

pub(super) async fn play(player: &mut Player) -> Result<(), Failure> {
    let dish = Dish { restaurant: "demo", menu: player.new_id() };
    player.say("restaurant 1: a dish with 20 portions")?;
    let added = json!({"restaurantId": dish.restaurant, "menuId": dish.menu,
        "name": "Bibimbap", "price": 9000, "stock": STOCK});
    let expected = [("/stock", json!(STOCK))];
    player.ask(Method::POST, "/restaurant/menus", added, 201, &expected).await?;
    is_delivered(player, &dish).await?;
    is_cancelled(player, &dish).await?;
    is_sold_out(player, &dish).await
}

async fn is_delivered(player: &mut Player, dish: &Dish) -> Result<(), Failure> {
    player.say("restaurant 2: an order is cooked and delivered")?;
    let order = order(player, dish, 1).await?;
    my_page(player, &order, RECEIVED).await?;
    let cooked = format!("/restaurant/cooks/{order}/complete");
    player.ask(Method::POST, &cooked, json!({}), 200, &[("/cookStatus", "COOKED".into())]).await?;
    my_page(player, &order, COOKED).await?;
    let cancel = format!("/restaurant/orders/{order}/cancel");
    let refused = [("/code", json!("already-cooked"))];
    player.ask(Method::POST, &cancel, json!({}), 409, &refused).await?;
    let delivered = format!("/restaurant/deliveries/{order}/complete");
    player.ask(Method::POST, &delivered, json!({}), 200, &[]).await?;
    my_page(player, &order, DELIVERED).await?;
    stock(player, dish, STOCK - 1).await
}

async fn is_cancelled(player: &mut Player, dish: &Dish) -> Result<(), Failure> {
    player.say("restaurant 3: an order is cancelled, and its portion comes back")?;
    let order = order(player, dish, 1).await?;
    my_page(player, &order, RECEIVED).await?;
    stock(player, dish, STOCK - 2).await?;
    let cancel = format!("/restaurant/orders/{order}/cancel");
    let cancelled = [("/orderStatus", json!("ORDER : ORDER CANCELED"))];
    player.ask(Method::POST, &cancel, json!({}), 200, &cancelled).await?;
    my_page(player, &order, CANCELLED).await?;
    stock(player, dish, STOCK - 1).await
}

async fn is_sold_out(player: &mut Player, dish: &Dish) -> Result<(), Failure> {
    player.say("restaurant 4: ordered until nothing is left; the next one is told")?;
    for left in (0..STOCK - 1).rev() {
        let order = order(player, dish, 1).await?;
        my_page(player, &order, RECEIVED).await?;
        stock(player, dish, left).await?;
    }
    let seen = notices::last(player).await?;
    let order = order(player, dish, 1).await?;
    my_page(player, &order, QTY_OVER).await?;
    stock(player, dish, 0).await?;
    notices::told(player, seen, &["재고가 부족하여"]).await
}

/// Gives the order's id.
async fn order(player: &mut Player, dish: &Dish, qty: i64) -> Result<String, Failure> {
    let body = json!({"restaurantId": dish.restaurant, "restaurantMenuId": dish.menu,
        "customerId": CUSTOMER, "qty": qty});
    let taken = [("/orderStatus", json!("ORDER : ORDERED"))];
    let placed = player.ask(Method::POST, "/restaurant/orders", body, 201, &taken).await?;
    let order = placed["orderId"].as_str().map(str::to_owned);
    order.ok_or_else(|| Failure::new("the answer has no orderId", ANOTHER))
}

async fn my_page(player: &mut Player, order: &str, statuses: Statuses) -> Result<(), Failure> {
    let [order_status, cook_status, delivery_status] =
        statuses.map(|status| status.map_or(Value::Null, Value::from));
    let expected = [
        ("/orderStatus", order_status),
        ("/cookStatus", cook_status),
        ("/deliveryStatus", delivery_status),
    ];
    player.see(&format!("/restaurant/my-page/{order}"), &expected).await?;
    Ok(())
}

async fn stock(player: &mut Player, dish: &Dish, left: i64) -> Result<(), Failure> {
    let path = format!("/restaurant/menus/{}.{}", dish.restaurant, dish.menu);
    player.see(&path, &[("/stock", json!(left))]).await?;
    Ok(())
}
