use super::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Default)]
struct Lamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    #[serde(rename_all = "camelCase")]
    LampLit {
        watts_used: u32,
    },
    LampBroken,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("no")]
struct Never;

impl crate::Refusal for Never {
    fn code(&self) -> &'static str {
        "never"
    }
}

impl Aggregate for Lamp {
    const CATEGORY: &'static str = "house.lamp";
    type Event = Event;
    type Command = ();
    type Refusal = Never;
    fn decide(&self, (): &()) -> Result<Vec<Event>, Never> {
        Ok(vec![])
    }
    fn evolve(&mut self, _: &Event) {}
}

fn stored<'a>(event_type: &'a str, schema_version: u16, payload: &'a str) -> Stored<'a> {
    Stored { category: Lamp::CATEGORY, event_type, schema_version, payload }
}

#[test]
fn an_event_with_fields_comes_back_as_it_was() {
    let event = Event::LampLit { watts_used: 40 };
    let encoded = encode::<Lamp>(&event);
    assert_eq!(encoded.event_type, "house.LampLit");
    assert_eq!(encoded.payload, r#"{"wattsUsed":40}"#);
    let back = decode::<Lamp>(&stored(&encoded.event_type, 1, &encoded.payload)).unwrap();
    assert_eq!(back, event);
}

#[test]
fn an_event_without_fields_has_the_payload_null() {
    let encoded = encode::<Lamp>(&Event::LampBroken);
    assert_eq!(encoded.payload, "null");
    let back = decode::<Lamp>(&stored("house.LampBroken", 1, "null")).unwrap();
    assert_eq!(back, Event::LampBroken);
}

#[test]
fn an_old_shape_is_raised_step_by_step() {
    let steps = [
        Upcaster {
            event_type: "house.LampLit",
            from: 1,
            step: |old| serde_json::json!({ "watts": old["w"] }),
        },
        Upcaster {
            event_type: "house.LampLit",
            from: 2,
            step: |old| serde_json::json!({ "wattsUsed": old["watts"] }),
        },
    ];
    for (version, payload) in [(1, r#"{"w":7}"#), (2, r#"{"watts":7}"#), (3, r#"{"wattsUsed":7}"#)]
    {
        let event =
            decode_with::<Lamp>(&stored("house.LampLit", version, payload), &steps).unwrap();
        assert_eq!(event, Event::LampLit { watts_used: 7 });
    }
}

#[test]
fn a_newer_version_is_refused_and_not_guessed() {
    let error = decode::<Lamp>(&stored("house.LampLit", 9, "{}")).unwrap_err();
    assert!(matches!(error, DecodeError::FromTheFuture(_, 9)));
}

#[test]
fn an_unknown_type_is_refused() {
    let error = decode::<Lamp>(&stored("house.LampSold", 1, "null")).unwrap_err();
    assert!(matches!(error, DecodeError::Shape { .. }));
}

#[test]
fn why_it_cannot_be_read_names_the_place_and_never_the_value() {
    let why = |payload: &str| {
        decode::<Lamp>(&stored("house.LampLit", 1, payload)).unwrap_err().to_string()
    };
    let shape = r#""house.LampLit" does not have the shape of an event of "house.lamp": "#;
    for (payload, mismatch) in [
        (
            r#"{"wattsUsed":"Kim, expected u8, 010"}"#,
            "invalid type, expected u32 at line 1 column 36",
        ),
        (r#"{"wattsUsed":-7070}"#, "invalid value, expected u32 at line 1 column 18"),
        (r#"{"Kim":"010"}"#, "missing field `wattsUsed` at line 1 column 13"),
        (r#"{"wattsUsed":1,"#, "no JSON at line 1 column 15"),
        (r#"["Kim"]"#, "invalid type, expected u32 at line 1 column 6"),
    ] {
        assert_eq!(why(payload), format!("{shape}{mismatch} of its payload"));
    }
    let unknown = decode::<Lamp>(&stored("house.LampSold", 1, "null")).unwrap_err().to_string();
    assert!(unknown.ends_with(": unknown variant"), "{unknown}");
}
