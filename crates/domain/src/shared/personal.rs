//! What is kept of people, and who they are: see `docs/personal-data.md`.
//!
//! Events, commands, states and views carry [`Personal`], which is sealed when it comes in and opened
//! when it goes out. Nothing in between knows what it says.

use crate::{Context, Id, InvalidValue};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt};
use uuid::Uuid;

/// A name or a telephone number as it is stored. `Debug` shows nothing of it.
///
/// The same text of the same person is equal for as long as the person has the same key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Personal {
    /// As it was stored before there were keys: a string. Also what was sealed, once it is opened.
    Plain(String),
    /// An object.
    Sealed(Sealed),
}

/// A text that can be read as long as its key is there.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed {
    /// The id of the key.
    pub key: Uuid,
    /// Base64, without padding.
    pub sealed: String,
}

impl Personal {
    pub fn sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Sealed(sealed) => Some(sealed),
            Self::Plain(_) => None,
        }
    }

    /// What it says, unless it is sealed.
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }

    /// As a column of text holds it: what is plain as it is, what is sealed as the JSON that events
    /// have.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            // Both parts are of letters, digits and `-+/`.
            Self::Sealed(Sealed { key, sealed }) => {
                Cow::Owned(format!(r#"{{"key":"{key}","sealed":"{sealed}"}}"#))
            }
        }
    }

    /// From what [`Personal::as_text`] gave.
    pub fn from_text(text: String) -> Self {
        if text.starts_with(r#"{"key":""#)
            && let Ok(sealed) = serde_json::from_str(&text)
        {
            return Self::Sealed(sealed);
        }
        Self::Plain(text)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key)
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Stored)
    }
}

/// Either stored form.
struct Stored;

impl<'de> Visitor<'de> for Stored {
    type Value = Personal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or what is sealed")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Personal, E> {
        Ok(Personal::Plain(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Personal, E> {
        Ok(Personal::Plain(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Personal, A::Error> {
        Sealed::deserialize(MapAccessDeserializer::new(map)).map(Personal::Sealed)
    }
}

/// Somebody of whom something is kept, by what they are called here: a customer by their id, and a
/// guest, who has none, by the thing that they left it with, as `cafe.order:o1`. No id has a colon,
/// so no customer is called like a guest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person(String);

impl Person {
    pub fn customer(id: &Id) -> Self {
        Self(id.to_string())
    }

    /// Who left something with a thing of this category.
    pub fn guest(category: &str, id: &Id) -> Self {
        Self(format!("{category}:{id}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Person {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        let id = match text.split_once(':') {
            None => Some(text.as_str()),
            Some((category, id)) => {
                let context = Context::of_category(category);
                context.filter(|context| context.parts().contains(&category)).map(|_| id)
            }
        };
        let must_be =
            "the id of a customer, or category and id of what a guest asked for, as cafe.order:o1";
        let is_one = id.is_some_and(|id| Id::new(id).is_ok());
        is_one.then_some(Self(text)).ok_or(InvalidValue { must_be })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Personal {
        Personal::Sealed(Sealed { key: Uuid::from_u128(7), sealed: "AbC+/w".to_owned() })
    }

    const SEALED: &str = r#"{"key":"00000000-0000-0000-0000-000000000007","sealed":"AbC+/w"}"#;

    #[test]
    fn both_stored_forms_are_read_and_written_again() {
        let plain = Personal::Plain("김민".to_owned());
        for (personal, json) in [(plain, r#""김민""#), (sealed(), SEALED)] {
            assert_eq!(serde_json::from_str::<Personal>(json).unwrap(), personal);
            assert_eq!(serde_json::to_string(&personal).unwrap(), json);
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for json in ["1", "null", "[]", "{}", r#"{"key":"1","sealed":""}"#] {
            assert!(serde_json::from_str::<Personal>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn both_fit_a_column_of_text() {
        assert_eq!(sealed().as_text(), SEALED);
        for text in ["김민", "010-1234-5678", "", r#"{"key":"x"}"#] {
            let plain = Personal::Plain(text.to_owned());
            assert_eq!(Personal::from_text(plain.as_text().into_owned()), plain);
        }
        assert_eq!(Personal::from_text(SEALED.to_owned()), sealed());
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", Personal::Plain("김민".to_owned()), sealed());
        assert_eq!(shown, "Personal(…) Personal(…)");
    }

    #[test]
    fn a_guest_is_nobody_else() {
        let id = Id::new("o1").unwrap();
        let guest = Person::guest("cafe.order", &id);
        assert_eq!(Person::try_from(guest.to_string()), Ok(guest.clone()));
        assert_ne!(Person::customer(&Id::new("cafe.order-o1").unwrap()), guest);
        for text in ["", "a b", ":o1", "cafe.order:", "cafe.spoon:o1", "spa.order:o1", "a:b:c"] {
            assert!(Person::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
