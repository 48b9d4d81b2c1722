//! Why a stored event cannot be read. What is said of it is logged and kept, so it names the event
//! and the place, and never quotes what stands there: that may be personal.

use serde_json::error::Category;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("no aggregate of this program is named {0:?}")]
    UnknownCategory(String),
    #[error("{0:?} is newer than this program: schema version {1}")]
    FromTheFuture(String, u16),
    #[error("{event_type:?} does not have the shape of an event of {category:?}: {mismatch}")]
    Shape {
        category: String,
        event_type: String,
        /// What is wrong, and where: never the value.
        mismatch: String,
    },
}

/// What is wrong with a payload and where, or with the event's name, which has no place in it.
pub(super) fn mismatch(error: &serde_json::Error) -> String {
    let what = kind(error);
    match error.line() {
        0 => what,
        line => format!("{what} at line {line} column {} of its payload", error.column()),
    }
}

/// What serde says, without the value it says it of. Of its forms, which its documentation fixes,
/// these name only what this program knows: fields, and what was expected.
fn kind(error: &serde_json::Error) -> String {
    if !matches!(error.classify(), Category::Data) {
        return "no JSON".to_owned();
    }
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
    if ["missing field `", "duplicate field `"].iter().any(|form| said.starts_with(form)) {
        return said.to_owned();
    }
    for form in ["invalid type", "invalid value", "invalid length"] {
        if let Some((_, expected)) =
            said.strip_prefix(form).and_then(|_| said.rsplit_once(", expected "))
        {
            return format!("{form}, expected {expected}");
        }
    }
    for form in ["unknown variant", "unknown field"] {
        if said.starts_with(form) {
            return form.to_owned();
        }
    }
    "a value outside its rule".to_owned()
}
