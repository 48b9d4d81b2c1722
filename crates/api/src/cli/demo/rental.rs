//! The rental: rented and cancelled, out of stock, and a shortage that is found late.

use super::player::Player;
use crate::cli::Failure;
use reqwest::Method;
use serde_json::json;

const PRODUCTS: [(&str, &str); 3] = [("1", "IPAD"), ("2", "MACBOOK"), ("3", "EARPHONE")];
const STOCK: i64 = 100;
const PRODUCT: &str = "2";
const QTY: i64 = 10;
const AMOUNT: i64 = 10;

pub(super) async fn play(player: &mut Player) -> Result<(), Failure> {
    player.say("rental 1: three products, 100 of each")?;
    for (id, name) in PRODUCTS {
        let product = json!({"productId": id, "productName": name, "qty": STOCK});
        let named = [("/productId", id.into()), ("/productName", name.into())];
        player.ask(Method::POST, "/rental/inventories", product, 201, &named).await?;
    }
    // Orders of earlier runs may hold some of it.
    let free = free(player).await?;
    is_rented_and_cancelled(player, free).await?;
    is_short_of_stock(player, free).await?;
    is_found_missing(player).await
}

async fn is_rented_and_cancelled(player: &mut Player, free: i64) -> Result<(), Failure> {
    player.say("rental 2: a customer rents 10, pays, and the goods leave")?;
    let order = rent(player, PRODUCT).await?;
    stock(player, PRODUCT, free - QTY).await?;
    player
        .say("rental 3: the customer cancels; the fee goes back and the goods are called back")?;
    let cancel = format!("/rental/orders/{order}/cancel");
    player.ask(Method::POST, &cancel, json!({}), 200, &[("/status", json!("cancelled"))]).await?;
    called_back(player, &order, "customer").await?;
    player.say("rental 4: the goods are back, and can be rented again")?;
    retrieve(player, &order).await?;
    stock(player, PRODUCT, free).await
}

async fn is_short_of_stock(player: &mut Player, free: i64) -> Result<(), Failure> {
    player.say("rental 5: more than there is: cancelled by itself, and nothing is charged")?;
    let order = player.new_id();
    let path = request(&order, PRODUCT, free + QTY);
    let short = [("/code", json!("out-of-stock"))];
    player.ask(Method::POST, &path, json!({}), 409, &short).await?;
    let expected = [
        ("/status", json!("cancelled")),
        ("/cancelledBy", json!("shortage")),
        ("/feeReceived", json!(false)),
        ("/refundedAmount", json!(0)),
    ];
    player.see(&format!("/rental/total-view/{order}"), &expected).await?;
    stock(player, PRODUCT, free).await
}

async fn is_found_missing(player: &mut Player) -> Result<(), Failure> {
    player.say("rental 6: a shortage that is found late is made good all the way")?;
    let product = player.new_id();
    let body = json!({"productId": product, "productName": "IPAD", "qty": STOCK});
    player.ask(Method::POST, "/rental/inventories", body, 201, &[]).await?;
    let order = rent(player, &product).await?;
    let missing = 3;
    let path = format!("/rental/orders/{order}/report-shortage");
    let reported = [("/qty", json!(missing))];
    player.ask(Method::POST, &path, json!({"qty": missing}), 200, &reported).await?;
    called_back(player, &order, "shortage").await?;
    retrieve(player, &order).await?;
    stock(player, &product, STOCK - missing).await
}

/// The original system's request.
fn request(order: &str, product: &str, qty: i64) -> String {
    format!("/rental/rentalRequest?orderId={order}&productId={product}&qty={qty}&amount={AMOUNT}")
}

/// Rents, and sees the fee paid and the goods on their way. Gives the order's id.
async fn rent(player: &mut Player, product: &str) -> Result<String, Failure> {
    let order = player.new_id();
    let path = request(&order, product, QTY);
    let confirmed = [("/status", json!("confirmed")), ("/amount", json!(AMOUNT))];
    player.ask(Method::POST, &path, json!({}), 201, &confirmed).await?;
    let expected = [
        ("/rentalRequested", json!(true)),
        ("/feeReceived", json!(true)),
        ("/deliveryStarted", json!(true)),
        ("/lastEvent", json!("DeliveryStarted")),
    ];
    player.see(&format!("/rental/total-view/{order}"), &expected).await?;
    Ok(order)
}

/// The fee is back, and the goods are on their way back.
async fn called_back(player: &mut Player, order: &str, by: &str) -> Result<(), Failure> {
    let expected = [
        ("/status", json!("cancelled")),
        ("/cancelledBy", by.into()),
        ("/feeRefundCompleted", json!(true)),
        ("/refundedAmount", json!(AMOUNT)),
        ("/retrieveStarted", json!(true)),
    ];
    player.see(&format!("/rental/total-view/{order}"), &expected).await?;
    Ok(())
}

async fn retrieve(player: &mut Player, order: &str) -> Result<(), Failure> {
    let path = format!("/rental/shipments/{order}/complete-retrieval");
    let retrieved = [("/status", json!("retrieved"))];
    player.ask(Method::POST, &path, json!({}), 200, &retrieved).await?;
    let expected = [("/retrieveCompleted", json!(true)), ("/stockReturned", json!(true))];
    player.see(&format!("/rental/total-view/{order}"), &expected).await?;
    Ok(())
}

async fn free(player: &mut Player) -> Result<i64, Failure> {
    let shown = player.see(&format!("/rental/inventories/{PRODUCT}"), &[]).await?;
    let free = shown["qty"].as_i64().filter(|free| *free >= QTY);
    free.ok_or_else(|| {
        let what = format!("fewer than {QTY} of product {PRODUCT} are free");
        Failure::new(what, "Cancel rentals of it, or play against a server with new data.")
    })
}

async fn stock(player: &mut Player, product: &str, free: i64) -> Result<(), Failure> {
    player.see(&format!("/rental/inventories/{product}"), &[("/qty", json!(free))]).await?;
    let check = format!("/rental/inventoryCheck?productId={product}");
    player.see(&check, &[("", json!(free))]).await?;
    Ok(())
}
