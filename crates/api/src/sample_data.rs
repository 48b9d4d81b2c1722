//! The sample data, made by ordinary commands. Their ids are fixed, so that making it again changes
//! nothing, also when staff has changed it meanwhile.

use crate::wiring::Contexts;
use commands::{Error, Guard, Meta, cafe::Cafe, rental::Rental, restaurant::Restaurant};
use domain::{
    Id, Quantity, Won,
    cafe::menu_item,
    rental::inventory,
    restaurant::{MenuId, menu},
    shared::Name,
};
use uuid::Uuid;

/// Never to be changed: it makes the commands' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x51c4_e8a2_0d97_5f3b_a6e0_94d1_c85b_2f70);

/// Product, and the price of one in won.
const MENU: [(&str, i64); 2] = [("IceAmericano", 2000), ("iceAmericano", 1000)];

/// Products for rent, by id. Of each there are as many, without a fee of its own.
const RENTALS: [(&str, &str); 3] = [("1", "IPAD"), ("2", "MACBOOK"), ("3", "EARPHONE")];
const OF_EACH: i64 = 100;

/// Dishes, by restaurant and menu, with their portions.
const DISHES: [(&str, &str, i64); 1] = [("1.1", "Bibimbap", 20)];

/// The stock of the rental, and the menus of the restaurant and the café.
pub async fn load(contexts: &Contexts) -> Result<(), Error> {
    load_rental(&contexts.rental).await?;
    load_restaurant(&contexts.restaurant).await?;
    load_cafe(&contexts.cafe).await
}

async fn load_rental(rental: &Rental) -> Result<(), Error> {
    let products = RENTALS.iter().filter_map(|(id, name)| {
        let (id, product_name) = (Id::new(*id).ok()?, Name::new(*name).ok()?);
        let qty = Quantity::new(OF_EACH).ok()?;
        Some((id, inventory::Command::Register { product_name, qty, unit_fee: None }))
    });
    for (id, register) in products {
        let meta = meta(&format!("rental.inventory {id}"));
        match rental.inventory(&id, register, &meta).await {
            // Staff has registered another product under this id.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn load_restaurant(restaurant: &Restaurant) -> Result<(), Error> {
    let dishes = DISHES.iter().filter_map(|(id, name, stock)| {
        let (id, name) = (MenuId::new(*id).ok()?, Name::new(*name).ok()?);
        let stock = Quantity::new(*stock).ok()?;
        Some((id, menu::Command::Add { name, price: None, stock }))
    });
    for (id, add) in dishes {
        match restaurant.menu(&id, add, &meta(&format!("restaurant.menu {id}"))).await {
            // Staff has added another dish under this id.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn load_cafe(cafe: &Cafe) -> Result<(), Error> {
    let listed = MENU
        .iter()
        .filter_map(|(product, price)| Some((Name::new(*product).ok()?, Won::new(*price).ok()?)));
    for (product, price) in listed {
        let meta = meta(&format!("cafe.menu_item {product}"));
        cafe.menu_item(&product, menu_item::Command::SetPrice { price }, &meta).await?;
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
        may_be_repeat: true,
        guard: Guard::default(),
    }
}
