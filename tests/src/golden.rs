//! Every stored form there ever was can be read, for ever.

use domain::{
    Aggregate, Context,
    cafe::{member::Member, menu_item::MenuItem, order::Order, ticket::Ticket},
    market, rental, restaurant,
    stored::{Stored, decode, encode},
    warehouse,
};
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u16,
    payload: serde_json::Value,
}

fn golden_files(context: Context) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    fs::read_dir(folder.join(context.name()))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .map(|text| serde_json::from_slice(&text).unwrap())
        .collect()
}

fn stored<'a>(golden: &'a Golden, payload: &'a str) -> Stored<'a> {
    Stored {
        category: &golden.category,
        event_type: &golden.event_type,
        schema_version: golden.schema_version,
        payload,
    }
}

#[test]
fn every_golden_event_is_read() {
    for context in Context::ALL {
        for golden in golden_files(context) {
            let payload = golden.payload.to_string();
            let read = domain::decode(&stored(&golden, &payload));
            assert!(read.is_ok(), "{}: {read:?}", golden.event_type);
        }
    }
}

#[test]
fn todays_events_are_written_as_the_golden_files_say() {
    covers::<warehouse::delivery::Delivery>();
    covers::<warehouse::stock_item::StockItem>();
    covers::<rental::inventory::Inventory>();
    covers::<rental::order::Order>();
    covers::<rental::bill::Bill>();
    covers::<rental::shipment::Shipment>();
    covers::<restaurant::menu::Menu>();
    covers::<restaurant::order::Order>();
    covers::<restaurant::cook::Cook>();
    covers::<restaurant::delivery::Delivery>();
    covers::<market::item::Item>();
    covers::<market::reservation::Reservation>();
    covers::<market::payment::Payment>();
    covers::<market::review::Review>();
    covers::<Order>();
    covers::<Ticket>();
    covers::<Member>();
    covers::<MenuItem>();
}

/// Each event of an aggregate has a golden file of today's version, and is written just so.
fn covers<A: Aggregate>() {
    let mut written = BTreeSet::new();
    let context = Context::of_category(A::CATEGORY).unwrap();
    for golden in golden_files(context) {
        let payload = golden.payload.to_string();
        if golden.category != A::CATEGORY {
            continue;
        }
        let event = decode::<A>(&stored(&golden, &payload)).unwrap();
        let today = encode::<A>(&event);
        if today.schema_version == golden.schema_version {
            let today_payload: serde_json::Value = serde_json::from_str(&today.payload).unwrap();
            assert_eq!(today_payload, golden.payload, "{}", golden.event_type);
            written.insert(today.event_type);
        }
    }
    assert_eq!(written, types_of::<A>(), "events of {} with a golden file", A::CATEGORY);
}

/// Asks serde for the variants: it lists them when it is given one that does not exist.
fn types_of<A: Aggregate>() -> BTreeSet<String> {
    let unknown = serde_json::from_str::<A::Event>("\"?\"").unwrap_err();
    let context = Context::of_category(A::CATEGORY).unwrap().name();
    let message = unknown.to_string();
    let expected = message.split_once("expected").unwrap().1;
    let names = expected.split('`').skip(1).step_by(2);
    names.map(|name| format!("{context}.{name}")).collect()
}
