//! The café: made and picked up, rejected, canceled, and with points.

use super::player::{ANOTHER, Player};
use crate::cli::Failure;
use reqwest::Method;
use serde_json::{Value, json};

const PRODUCT: &str = "IceAmericano";
const PRICE: i64 = 2000;

pub(super) async fn play(player: &mut Player) -> Result<(), Failure> {
    let path = format!("/cafe/menu/{PRODUCT}");
    player.say("cafe 1: the store sets its price")?;
    player
        .ask(Method::PUT, &path, json!({"price": PRICE}), 200, &[("/price", json!(PRICE))])
        .await?;
    is_made_and_picked_up(player).await?;
    is_rejected(player).await?;
    is_canceled(player).await?;
    earns_points(player).await
}

async fn is_made_and_picked_up(player: &mut Player) -> Result<(), Failure> {
    player.say("cafe 2: a customer orders and pays, and the store gets the order")?;
    let order = order(player, None, 1).await?;
    player.say("cafe 3: the store accepts, and the customer can no longer cancel")?;
    answer(player, &order, "accept", "receive").await?;
    status(player, &order, "order_received").await?;
    request_cancel(player, &order).await?;
    status(player, &order, "order_received").await?;
    let again = format!("/cafe/orders/{order}/request-cancel");
    player.ask(Method::POST, &again, json!({}), 409, &[("/code", json!("cancel-denied"))]).await?;
    player.say("cafe 4: the coffee is made and picked up")?;
    answer(player, &order, "make", "made").await?;
    status(player, &order, "made").await?;
    answer(player, &order, "hand-over", "picked_up").await?;
    status(player, &order, "picked_up").await
}

async fn is_rejected(player: &mut Player) -> Result<(), Failure> {
    player.say("cafe 5: the store rejects an order, and the money goes back")?;
    let order = order(player, None, 1).await?;
    answer(player, &order, "reject", "reject").await?;
    refunded(player, &order, "order_rejected").await
}

async fn is_canceled(player: &mut Player) -> Result<(), Failure> {
    player.say("cafe 6: a customer cancels in time, and the money goes back")?;
    let order = order(player, None, 1).await?;
    request_cancel(player, &order).await?;
    ticket(player, &order, "order_canceled").await?;
    refunded(player, &order, "order_cancel").await
}

async fn earns_points(player: &mut Player) -> Result<(), Failure> {
    player.say("cafe 7: a member earns a point for each cup")?;
    let member = format!("demo-{}", player.new_id());
    let registration = json!({"customerId": member, "name": "YoungEunSong", "validated": true});
    player.ask(Method::POST, "/cafe/members", registration, 201, &[("/point", json!(0))]).await?;
    let order = order(player, Some(&member), 2).await?;
    answer(player, &order, "accept", "receive").await?;
    status(player, &order, "order_received").await?;
    let points = format!("/cafe/points/{member}");
    player.see(&points, &[("/point", json!(2)), ("/valid", json!(true))]).await?;
    Ok(())
}

/// Orders, and sees the paid order in the customer's view and in the store's. Gives its id.
async fn order(player: &mut Player, customer: Option<&str>, qty: i64) -> Result<String, Failure> {
    let mut body = json!({"product": PRODUCT, "qty": qty, "price": PRICE});
    if let Some(customer) = customer {
        body["customerId"] = customer.into();
    }
    let expected = [("/status", json!("pay_success")), ("/amount", json!(PRICE * qty))];
    let placed = player.ask(Method::POST, "/cafe/orders", body, 201, &expected).await?;
    let order = placed["orderId"].as_str().map(str::to_owned);
    let order = order.ok_or_else(|| Failure::new("the answer has no orderId", ANOTHER))?;
    status(player, &order, "pay_success").await?;
    ticket(player, &order, "order_get").await?;
    Ok(order)
}

async fn request_cancel(player: &mut Player, order: &str) -> Result<(), Failure> {
    let path = format!("/cafe/orders/{order}/request-cancel");
    player.ask(Method::POST, &path, json!({}), 200, &[]).await?;
    Ok(())
}

/// The store does something about a ticket.
async fn answer(
    player: &mut Player,
    order: &str,
    command: &str,
    then: &str,
) -> Result<(), Failure> {
    let path = format!("/cafe/tickets/{order}/{command}");
    player.ask(Method::POST, &path, json!({}), 200, &[("/status", then.into())]).await?;
    Ok(())
}

async fn status(player: &mut Player, order: &str, status: &str) -> Result<(), Failure> {
    player.see(&format!("/cafe/order-status/{order}"), &[("/status", status.into())]).await?;
    Ok(())
}

async fn ticket(player: &mut Player, order: &str, status: &str) -> Result<Value, Failure> {
    player.see(&format!("/cafe/tickets/{order}"), &[("/status", status.into())]).await
}

async fn refunded(player: &mut Player, order: &str, status: &str) -> Result<(), Failure> {
    let expected = [("/status", status.into()), ("/refundedAmount", json!(PRICE))];
    player.see(&format!("/cafe/order-status/{order}"), &expected).await?;
    Ok(())
}
