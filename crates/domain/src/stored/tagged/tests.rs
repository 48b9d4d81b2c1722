use super::Tagged;
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
enum Event {
    Rung,
    Priced(u32),
    Moved(i8, String),
    #[serde(rename_all = "camelCase")]
    Sold {
        item_name: String,
        #[serde(default)]
        note: Option<String>,
    },
    #[serde(rename = "Closed")]
    Shut {},
}

fn apart(name: &str, payload: &str) -> Result<Event, String> {
    Event::deserialize(Tagged { name, payload }).map_err(|error| error.to_string())
}

/// What serde itself makes of the whole.
fn together(name: &str, payload: &str) -> Result<Event, String> {
    let whole = format!("{{\"{name}\":{payload}}}");
    serde_json::from_str(&whole).map_err(|error| error.to_string())
}

#[test]
fn every_form_of_a_variant_is_read() {
    let sold = |note| Event::Sold { item_name: "커피 ☕".to_owned(), note };
    for (name, payload, event) in [
        ("Rung", "null", Event::Rung),
        ("Rung", " \n null\t", Event::Rung),
        ("Priced", "4500", Event::Priced(4500)),
        ("Moved", "[-1, \"left\"]", Event::Moved(-1, "left".to_owned())),
        ("Sold", r#"{"itemName":"커피 ☕"}"#, sold(None)),
        ("Sold", r#"{"note":null,"itemName":"커피 ☕"}"#, sold(None)),
        ("Sold", r#"{"itemName":"\ucee4\ud53c \u2615","note":"\"\\"}"#, sold(Some("\"\\".into()))),
        ("Sold", r#"{"later":[1,{"a":2}],"itemName":"커피 ☕"}"#, sold(None)),
        ("Closed", "{}", Event::Shut {}),
    ] {
        assert_eq!(apart(name, payload), Ok(event), "{name} {payload}");
        assert_eq!(apart(name, payload), together(name, payload), "{name} {payload}");
    }
}

#[test]
fn what_has_another_shape_is_refused_for_the_reason_that_serde_gives() {
    for (name, payload, reason) in [
        ("Sold", "{}", "missing field `itemName`"),
        ("Sold", r#"{"note":"a"}"#, "missing field `itemName`"),
        ("Sold", r#"{"item_name":"a"}"#, "missing field `itemName`"),
        ("Sold", r#"{"itemName":1}"#, "invalid type: integer `1`, expected a string"),
        ("Sold", r#"{"itemName":"a","itemName":"b"}"#, "duplicate field `itemName`"),
        ("Sold", "null", "invalid type: null"),
        ("Sold", "\"a\"", "invalid type: string \"a\""),
        ("Rung", "{}", "invalid type: map, expected unit"),
        ("Rung", "false", "invalid type: boolean"),
        ("Priced", "-1", "invalid value: integer `-1`, expected u32"),
        ("Priced", "null", "invalid type: null, expected u32"),
        ("Moved", "[1]", "invalid length 1"),
        ("Moved", "[1,\"a\",2]", "trailing characters"),
    ] {
        let refused = apart(name, payload).unwrap_err();
        assert!(refused.contains(reason), "{name} {payload}: {refused}");
        assert!(together(name, payload).is_err(), "{name} {payload}");
    }
}

#[test]
fn a_name_that_is_not_that_of_a_variant_is_unknown() {
    for name in ["", "sold", "Sold ", "Shut", "Sold\"", "여기"] {
        let refused = apart(name, "null").unwrap_err();
        assert!(refused.starts_with("unknown variant"), "{name:?}: {refused}");
    }
}

#[test]
fn the_payload_is_one_json_value_and_nothing_behind_it() {
    for payload in ["", " ", "null null", "null,", "null}", "nul", "NaN", "'a'", "{\"itemName\":"] {
        assert!(apart("Rung", payload).is_err(), "{payload:?}");
        assert!(apart("Sold", payload).is_err(), "{payload:?}");
    }
    let sold = r#"{"itemName":"a"}"#;
    assert!(apart("Sold", sold).is_ok());
    for behind in ["{}", "x", ",", "\0"] {
        assert!(apart("Sold", &format!("{sold}{behind}")).is_err(), "{behind:?}");
    }
}
