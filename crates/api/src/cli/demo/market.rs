//! The market: a camera is reserved, paid for, lent, returned and reviewed.

use super::player::{ANOTHER, Player};
use crate::cli::Failure;
use reqwest::Method;
use serde_json::{Value, json};

pub(super) async fn play(player: &mut Player) -> Result<(), Failure> {
    player.say("market 1: a manager registers an item")?;
    let body = json!({
        "itemName": "Camera", "itemPrice": 100,
        "itemStatus": "Rentable", "rentalStatus": "NotRenting",
    });
    let rentable = [("/itemStatus", json!("Rentable")), ("/rentalStatus", json!("NotRenting"))];
    let answer = player.ask(Method::POST, "/market/items", body, 201, &rentable).await?;
    let item = text_in(&answer, "itemNo")?;
    player.see(&format!("/market/items/{item}"), &rentable).await?;

    player.say("market 2: a renter reserves it, and it is not rentable any more")?;
    let reservation = reserve(player, &item).await?;
    sees(player, &item, "/itemStatus", "NotRentable").await?;
    reserved(player, &reservation, "/reservationStatus", "Confirmed").await?;

    is_paid_and_lent(player, &item, &reservation).await?;
    comes_back(player, &item, &reservation).await?;
    is_reviewed(player, &item, &reservation).await
}

async fn reserve(player: &mut Player, item: &str) -> Result<String, Failure> {
    let body = json!({
        "customerName": "YoungEunSong", "customerId": 1,
        "itemNo": item, "itemName": "Camera", "itemPrice": 100,
        "paymentStatus": "NotPaid", "rentalStatus": "NotRenting",
    });
    let requested =
        [("/reservationStatus", json!("Requested")), ("/paymentStatus", json!("NotPaid"))];
    let answer = player.ask(Method::POST, "/market/reservations", body, 201, &requested).await?;
    text_in(&answer, "reservationNo")
}

async fn is_paid_and_lent(
    player: &mut Player,
    item: &str,
    reservation: &str,
) -> Result<(), Failure> {
    player.say("market 3: the renter pays")?;
    let path = format!("/market/reservations/{reservation}");
    let paid = [("/paymentStatus", json!("Paid"))];
    player.ask(Method::PATCH, &path, json!({"paymentStatus": "Paid"}), 200, &paid).await?;
    let payments = format!("/market/payments?reservationNo={reservation}");
    let one = [
        ("/0/paymentStatus", json!("Paid")),
        ("/0/amount", json!(100)),
        ("/0/refundedAmount", json!(0)),
    ];
    player.see(&payments, &one).await?;

    player.say("market 4: the manager lends the item, and the renter can no longer cancel")?;
    let lend = json!({"reservationNo": reservation, "itemStatus": "NotRentable", "rentalStatus": "Renting"});
    let renting = [("/rentalStatus", json!("Renting"))];
    player.ask(Method::PATCH, &format!("/market/items/{item}"), lend, 200, &renting).await?;
    reserved(player, reservation, "/rentalStatus", "Renting").await?;
    let lent = [("/code", json!("already-lent"))];
    player.ask(Method::DELETE, &path, json!({}), 409, &lent).await?;
    Ok(())
}

async fn comes_back(player: &mut Player, item: &str, reservation: &str) -> Result<(), Failure> {
    player.say("market 5: the item comes back, is rentable again, and a review is asked for")?;
    let back =
        json!({"reservationNo": reservation, "itemStatus": "Rentable", "rentalStatus": "Returned"});
    let rentable = [("/itemStatus", json!("Rentable")), ("/rentalStatus", json!("Returned"))];
    player.ask(Method::PATCH, &format!("/market/items/{item}"), back, 200, &rentable).await?;
    sees(player, item, "/itemStatus", "Rentable").await?;
    reserved(player, reservation, "/rentalStatus", "Returned").await?;
    let path = format!("/market/reservations/{reservation}");
    let asked = |body: &Value| body["reviewRequestedAt"].is_string();
    player.see_that(&path, "a review is asked for", asked).await?;
    let both = [
        ("/0/itemNo", item.into()),
        ("/0/itemName", json!("Camera")),
        ("/0/itemStatus", json!("Rentable")),
        ("/0/reservationNo", reservation.into()),
        ("/0/reservationStatus", json!("Confirmed")),
        ("/0/rentalStatus", json!("Returned")),
        ("/0/paymentStatus", json!("Paid")),
        ("/0/customerName", Value::Null),
    ];
    player.see(&format!("/market/item-info?itemNo={item}"), &both).await?;
    Ok(())
}

async fn is_reviewed(player: &mut Player, item: &str, reservation: &str) -> Result<(), Failure> {
    player.say("market 6: the renter reviews the item, which then leaves the list")?;
    let body = json!({
        "reservationNo": reservation, "customerId": 1, "customerName": "YoungEunSong",
        "itemNo": item, "itemName": "Camera", "score": 5, "text": "잘 썼습니다",
    });
    let registered = [("/score", json!(5)), ("/itemName", json!("Camera"))];
    player.ask(Method::POST, "/market/reviews", body, 201, &registered).await?;
    let gone = |body: &Value| *body == json!([]);
    player.see_that(&format!("/market/items?itemNo={item}"), "nothing", gone).await?;
    let review = [("/0/score", json!(5)), ("/0/customerName", json!("YoungEunSong"))];
    player.see(&format!("/market/reviews?reservationNo={reservation}"), &review).await?;
    Ok(())
}

async fn sees(player: &mut Player, item: &str, field: &str, word: &str) -> Result<(), Failure> {
    player.see(&format!("/market/items/{item}"), &[(field, word.into())]).await?;
    Ok(())
}

async fn reserved(
    player: &mut Player,
    reservation: &str,
    field: &str,
    word: &str,
) -> Result<(), Failure> {
    let path = format!("/market/reservations/{reservation}");
    player.see(&path, &[(field, word.into())]).await?;
    Ok(())
}

fn text_in(answer: &Value, field: &str) -> Result<String, Failure> {
    let text = answer[field].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(format!("the answer has no {field}"), ANOTHER))
}
