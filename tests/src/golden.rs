//! Every stored form there ever was can be read, for ever.

use domain::{
    Aggregate, Context,
    cafe::{member::Member, menu_item::MenuItem, order::Order, ticket::Ticket},
    market, rental, restaurant,
    stored::{DecodeError, Stored, decode, encode},
    warehouse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    category: String,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u16,
    payload: Value,
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

/// Checks something of every aggregate.
macro_rules! of_all {
    ($check:ident) => {
        $check::<warehouse::delivery::Delivery>();
        $check::<warehouse::stock_item::StockItem>();
        $check::<rental::inventory::Inventory>();
        $check::<rental::order::Order>();
        $check::<rental::bill::Bill>();
        $check::<rental::shipment::Shipment>();
        $check::<restaurant::menu::Menu>();
        $check::<restaurant::order::Order>();
        $check::<restaurant::cook::Cook>();
        $check::<restaurant::delivery::Delivery>();
        $check::<market::item::Item>();
        $check::<market::reservation::Reservation>();
        $check::<market::payment::Payment>();
        $check::<market::review::Review>();
        $check::<Order>();
        $check::<Ticket>();
        $check::<Member>();
        $check::<MenuItem>();
    };
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
    of_all!(covers);
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
            let today_payload: Value = serde_json::from_str(&today.payload).unwrap();
            assert_eq!(today_payload, golden.payload, "{}", golden.event_type);
            written.insert(today.event_type);
        }
    }
    assert_eq!(written, types_of::<A>(), "events of {} with a golden file", A::CATEGORY);
}

/// The tag and the payload are stored apart and read apart; that makes no difference.
#[test]
fn an_event_reads_as_if_tag_and_payload_were_one() {
    of_all!(reads_like_serde);
}

fn reads_like_serde<A: Aggregate>() {
    let context = Context::of_category(A::CATEGORY).unwrap();
    for golden in golden_files(context) {
        if golden.category != A::CATEGORY {
            continue;
        }
        let (_, name) = golden.event_type.split_once('.').unwrap();
        for payload in spoilt(&golden.payload) {
            let payload = payload.to_string();
            let together = serde_json::from_str::<A::Event>(&format!("{{\"{name}\":{payload}}}"));
            let apart = decode::<A>(&stored(&golden, &payload));
            assert_eq!(apart.ok(), together.ok(), "{} {payload}", golden.event_type);
        }
    }
}

/// The payload as it is, and with each field missing, null, of another type, and with one more.
fn spoilt(payload: &Value) -> Vec<Value> {
    let mut all = vec![payload.clone(), Value::Null, json!({}), json!([]), json!("text"), json!(7)];
    let Value::Object(fields) = payload else {
        return all;
    };
    for name in fields.keys() {
        let mut without = fields.clone();
        without.remove(name);
        all.push(without.into());
        for other in [Value::Null, json!({}), json!([1]), json!(-1), json!("")] {
            let mut changed = fields.clone();
            changed.insert(name.clone(), other);
            all.push(changed.into());
        }
    }
    let mut more = fields.clone();
    more.insert("addedLater".to_owned(), json!([1, { "a": null }]));
    all.push(more.into());
    all
}

#[test]
fn what_this_program_does_not_know_is_refused() {
    of_all!(refuses_the_unknown);
}

fn refuses_the_unknown<A: Aggregate>() {
    let context = Context::of_category(A::CATEGORY).unwrap();
    for golden in golden_files(context) {
        let payload = golden.payload.to_string();
        let known = Stored { category: A::CATEGORY, ..stored(&golden, &payload) };
        let later = Stored { schema_version: known.schema_version + 1, ..known };
        let refused = decode::<A>(&later);
        assert!(matches!(refused, Err(DecodeError::FromTheFuture(..))), "{later:?}");
        let is_another = !types_of::<A>().contains(&golden.event_type);
        let longer = format!("{}Again", golden.event_type);
        for event_type in is_another.then_some(&golden.event_type).into_iter().chain([&longer]) {
            let unknown = Stored { event_type, ..known };
            let refused = decode::<A>(&unknown);
            assert!(matches!(refused, Err(DecodeError::Shape { .. })), "{unknown:?}");
        }
    }
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
