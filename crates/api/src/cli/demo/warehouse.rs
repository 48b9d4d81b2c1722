//! The warehouse: delivered, shipped and disposed of.

use super::{
    notices,
    player::{ANOTHER, Player},
};
use crate::cli::Failure;
use reqwest::Method;
use serde_json::{Value, json};

pub(super) async fn play(player: &mut Player) -> Result<(), Failure> {
    // A product of its own, so that it does not matter what is in stock already.
    let product = format!("TV {}", player.new_id());
    let seen = notices::last(player).await?;
    player.say("warehouse 1: a customer has 10 TV delivered; they are in stock at once")?;
    let body = json!({"product": product, "qty": 10, "customerId": "YoungEunSong"});
    let delivered = [("/status", json!("Delivered")), ("/qty", json!(10))];
    let answer = player.ask(Method::POST, "/warehouse/deliveries", body, 201, &delivered).await?;
    let lot = answer["deliveryId"].as_str().map(str::to_owned);
    let lot = lot.ok_or_else(|| Failure::new("the answer has no deliveryId", ANOTHER))?;
    stock(player, &product, 10).await?;
    is_lot(player, &lot, 10, "InStock").await?;

    player.say("warehouse 2: 4 are shipped, 6 are left")?;
    let ship = format!("/warehouse/stock/{product}/ship");
    player.ask(Method::POST, &ship, json!({"qty": 4}), 200, &[("/onHand", json!(6))]).await?;
    stock(player, &product, 6).await?;
    ledger(player, &product, &[10, -4]).await?;
    let too_many = [("/code", json!("insufficient-stock")), ("/onHand", json!(6))];
    player.ask(Method::POST, &ship, json!({"qty": 7}), 409, &too_many).await?;

    player.say("warehouse 3: the other 6 are disposed of, and the lot is closed")?;
    let dispose = format!("/warehouse/stock/{product}/dispose");
    let body = json!({"qty": 6, "reason": "파손"});
    player.ask(Method::POST, &dispose, body, 200, &[("/onHand", json!(0))]).await?;
    stock(player, &product, 0).await?;
    is_lot(player, &lot, 0, "Closed").await?;
    ledger(player, &product, &[10, -4, -6]).await?;

    player.say("warehouse 4: the customer was told each time, and that the lot is closed")?;
    told(player, seen, &product, &lot).await
}

async fn stock(player: &mut Player, product: &str, on_hand: i64) -> Result<(), Failure> {
    let path = format!("/warehouse/stock/{product}");
    player.see(&path, &[("/onHand", json!(on_hand))]).await?;
    Ok(())
}

async fn is_lot(player: &mut Player, lot: &str, left: i64, status: &str) -> Result<(), Failure> {
    let path = format!("/warehouse/lots/{lot}");
    player.see(&path, &[("/qtyLeft", json!(left)), ("/status", json!(status))]).await?;
    Ok(())
}

async fn ledger(player: &mut Player, product: &str, deltas: &[i64]) -> Result<(), Failure> {
    let path = format!("/warehouse/movements?product={product}");
    let wanted = |body: &Value| {
        let rows = body.as_array().into_iter().flatten();
        rows.map(|row| row["delta"].as_i64()).eq(deltas.iter().copied().map(Some))
    };
    player.see_that(&path, &format!("deltas {deltas:?}"), wanted).await?;
    Ok(())
}

async fn told(player: &mut Player, seen: i64, product: &str, lot: &str) -> Result<(), Failure> {
    let texts = [
        format!("{product} 10개 보관 요청을"),
        format!("{product} 10개가 입고"),
        format!("{product} 4개가 출고"),
        format!("{product} 6개가 폐기"),
        format!("{lot}의 보관이 종료"),
    ];
    notices::told(player, seen, &texts).await
}
