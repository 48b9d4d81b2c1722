//! What the domain's values look like in a request, and how they are read.

use super::raw::{RawId, Text};
use crate::http::problem::Problem;
use domain::{
    Id, InvalidValue, Quantity, Won,
    market::review,
    restaurant::MenuId,
    shared::{Name, phone::Phone},
};
use projections::row::Literal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use std::borrow::Cow;

/// A value that a field of a request may have.
pub trait Value: Sized {
    /// The form in which it is sent.
    type Sent: for<'de> Deserialize<'de>;

    fn read(sent: Self::Sent) -> Result<Self, InvalidValue>;

    /// What may be sent.
    fn schema() -> Schema;
}

/// A field that must be there: 400 when it is missing, 422 when its value is outside its rule.
#[derive(Debug)]
pub struct Need<T: Value>(Option<T::Sent>);

/// A field that is there. See [`Maybe`].
#[derive(Debug)]
pub struct Sent<T: Value>(T::Sent);

/// A field that may be missing or null: 422 when its value is outside its rule.
pub type Maybe<T> = Option<Sent<T>>;

/// A field that the server decides about: taken, and ignored.
pub type ServerOwned = Option<Ignored>;

#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Ignored(IgnoredAny);

/// Reads a field that must be there.
pub fn required<T: Value>(field: &str, Need(sent): Need<T>) -> Result<T, Problem> {
    there(field, optional(field, sent.map(Sent))?)
}

/// Reads a field that may be missing or null.
pub fn optional<T: Value>(field: &str, sent: Maybe<T>) -> Result<Option<T>, Problem> {
    let value = sent.map(|Sent(sent)| T::read(sent)).transpose();
    value.map_err(|invalid| Problem::invalid_value(field, invalid.must_be))
}

/// 400 when there is nothing.
pub fn there<T>(field: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::malformed(format!("{field} is missing")).field(field))
}

impl<'de, T: Value> Deserialize<'de> for Need<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<'de, T: Value> Deserialize<'de> for Sent<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::Sent::deserialize(deserializer).map(Self)
    }
}

impl<T: Value> JsonSchema for Need<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Need".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

impl<T: Value> JsonSchema for Sent<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

impl JsonSchema for Ignored {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ignored".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The server decides this; what is sent is ignored." })
    }
}

impl Value for Id {
    type Sent = RawId;

    fn read(RawId(text): RawId) -> Result<Self, InvalidValue> {
        Self::new(text)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "An id. A whole number stands for its digits.",
            "type": ["string", "integer"],
            "pattern": "^[A-Za-z0-9_.-]{1,64}$",
            "minimum": i64::MIN,
            "maximum": u64::MAX,
        })
    }
}

impl Value for MenuId {
    type Sent = Text;

    fn read(Text(text): Text) -> Result<Self, InvalidValue> {
        Self::new(text)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "<restaurantId>.<menuId>, 64 characters at most.",
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
            "maxLength": 64,
        })
    }
}

/// Text of a kind that has only a length, besides being printable.
macro_rules! printable {
    ($type:ty: $max:literal) => {
        impl Value for $type {
            type Sent = Text;

            fn read(Text(text): Text) -> Result<Self, InvalidValue> {
                Self::new(text)
            }

            fn schema() -> Schema {
                json_schema!({
                    "description": "Printable text, not only blanks.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": $max,
                })
            }
        }
    };
}

printable!(Name: 100);
printable!(review::Text: 1000);

impl Value for Phone {
    type Sent = Text;

    fn read(Text(text): Text) -> Result<Self, InvalidValue> {
        Self::new(text)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "A phone number of at least 3 digits. No answer shows it.",
            "type": "string",
            "pattern": "^\\+?[0-9 ()-]+$",
            "maxLength": 20,
        })
    }
}

/// A whole number between bounds, or its digits as text.
pub fn whole(description: &str, least: i64, most: i64) -> Schema {
    json_schema!({
        "description": description,
        "type": ["integer", "string"],
        "minimum": least,
        "maximum": most,
        "pattern": "^[0-9]+$",
    })
}

macro_rules! number {
    ($type:ty: $description:literal, $least:literal to $most:literal) => {
        impl $crate::http::extract::Value for $type {
            type Sent = $crate::http::extract::Integer;

            fn read(sent: Self::Sent) -> Result<Self, domain::InvalidValue> {
                Self::try_from(sent.0)
            }

            fn schema() -> schemars::Schema {
                $crate::http::extract::whole($description, $least, $most)
            }
        }
    };
}
pub(crate) use number;

number!(Quantity: "How many.", 1 to 1_000_000);
number!(Won: "Won.", 1 to 1_000_000_000);
number!(review::Score: "The best is 5.", 1 to 5);

impl Value for bool {
    type Sent = bool;

    fn read(sent: bool) -> Result<Self, InvalidValue> {
        Ok(sent)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// One of the words of a closed set, such as a status.
#[derive(Clone, Copy, Debug)]
pub struct Known<L>(pub L);

impl<L: Literal> Value for Known<L> {
    type Sent = Text;

    fn read(Text(word): Text) -> Result<Self, InvalidValue> {
        let found = L::ALL.iter().find(|literal| literal.word() == word);
        found.map(|literal| Self(*literal)).ok_or(InvalidValue { must_be: ONE_OF_THE_WORDS })
    }

    fn schema() -> Schema {
        let words: Vec<_> = L::ALL.iter().map(|literal| literal.word()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

/// What a word must be that is filtered by.
pub const ONE_OF_THE_WORDS: &str = "one of the words that the view shows";
