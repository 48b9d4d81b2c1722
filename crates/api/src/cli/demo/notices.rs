//! What customers were told while a walkthrough was played.

use super::player::Player;
use crate::cli::Failure;
use serde_json::Value;

/// The number of the last notice there is, which the ones of this run come after.
pub(super) async fn last(player: &Player) -> Result<i64, Failure> {
    let mut last = 0;
    loop {
        let path = format!("/notices?channel=kakaotalk&limit=1000&after={last}");
        let page = player.see_quietly(&path).await?;
        match page.as_array().and_then(|rows| rows.last()) {
            Some(row) => last = row["number"].as_i64().unwrap_or(last),
            None => return Ok(last),
        }
    }
}

/// Waits until notices after `seen` hold all these texts.
pub(super) async fn told(
    player: &mut Player,
    seen: i64,
    texts: &[impl AsRef<str>],
) -> Result<(), Failure> {
    let texts: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
    let path = format!("/notices?channel=kakaotalk&limit=1000&after={seen}");
    let wanted = |body: &Value| {
        let told = body.as_array().into_iter().flatten();
        let told: Vec<_> = told.filter_map(|notice| notice["text"].as_str()).collect();
        texts.iter().all(|text| told.iter().any(|told| told.contains(text)))
    };
    player.see_that(&path, &texts.join(", "), wanted).await?;
    Ok(())
}
