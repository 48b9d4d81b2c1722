//! The sample data, made by ordinary commands. Their ids are fixed, so that making it again changes
//! nothing, also when staff has changed it meanwhile.

use commands::{Error, Meta, cafe::Cafe};
use domain::{Won, cafe::menu_item::Command, shared::Name};
use uuid::Uuid;

/// Never to be changed: it makes the commands' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x51c4_e8a2_0d97_5f3b_a6e0_94d1_c85b_2f70);

/// Product, and the price of one in won.
const MENU: [(&str, i64); 2] = [("IceAmericano", 2000), ("iceAmericano", 1000)];

/// The menu of the café.
pub async fn load(cafe: &Cafe) -> Result<(), Error> {
    let listed = MENU
        .iter()
        .filter_map(|(product, price)| Some((Name::new(*product).ok()?, Won::new(*price).ok()?)));
    for (product, price) in listed {
        let meta = meta(&format!("cafe.menu_item {product}"));
        cafe.menu_item(&product, Command::SetPrice { price }, &meta).await?;
    }
    Ok(())
}

fn meta(what: &str) -> Meta {
    let command_id = Uuid::new_v5(&NAMESPACE, what.as_bytes());
    Meta {
        command_id,
        correlation_id: command_id,
        causation_id: None,
        actor: "sample-data".to_owned(),
    }
}
